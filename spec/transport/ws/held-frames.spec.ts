// Frames that wait for a stream: in order, whole, and in little more memory than their bytes.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeldFrames } from '../../../src/transport/ws/held-frames.ts';
import { makeFrame, wholeByte } from '../../../src/transport/ws/server-frame.ts';
import type { Data } from '../../../src/core/data.ts';
import { parseFrame } from '../../peers/frames.ts';

const TEXT = wholeByte('', false);

/** The payloads of all frames; no byte may be left over. */
function payloadsIn(chunks: readonly Uint8Array[]): readonly Buffer[] {
  const payloads: Buffer[] = [];
  let rest = Buffer.concat(chunks);
  for (let parsed = parseFrame(rest); parsed !== undefined; parsed = parseFrame(rest)) {
    payloads.push(parsed.frame.payload);
    rest = rest.subarray(parsed.size);
  }
  expect(rest.length).toBe(0);
  return payloads;
}

/** The memory behind chunks, each buffer once. */
function memoryOf(chunks: readonly Uint8Array[]): number {
  const buffers = new Set(chunks.map(({ buffer }) => buffer));
  return [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0);
}

const data = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', '\u20ac', '\ud83d'), maxLength: 50 }),
  fc
    .tuple(fc.constantFrom('a', '\u20ac'), fc.integer({ min: 500, max: 6000 }))
    .map(([unit, n]) => unit.repeat(n)),
  fc.integer({ min: 0, max: 6000 }).map((length) => new Uint8Array(length).fill(length)),
);

describe('HeldFrames', () => {
  it.each([0, 126, 4000, 4096, 5000])('gives a whole frame of %d bytes among others', (bytes) => {
    const held = new HeldFrames();
    const text = 'x'.repeat(bytes);
    held.add('before', TEXT);
    held.addFrame(makeFrame(text, TEXT));
    held.add('behind', TEXT);
    expect(payloadsIn(held.take()).map(String)).toEqual(['before', text, 'behind']);
  });

  it('does not copy a long frame', () => {
    const held = new HeldFrames();
    const frame = makeFrame('x'.repeat(5000), TEXT);
    held.addFrame(frame);
    expect(held.take()[0]).toBe(frame);
  });

  it('gives any frames whole and in order, and tells their sizes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(data, fc.nat(9)), { maxLength: 40 }), (steps) => {
        const held = new HeldFrames();
        const chunks: Uint8Array[] = [];
        let bytes = 0;
        for (const [each, die] of steps) {
          bytes += held.add(each, wholeByte(each, false));
          if (die === 0) chunks.push(...held.take());
        }
        chunks.push(...held.take());
        const sent = steps.map(([each]) => Buffer.from(each as Uint8Array).toString('latin1'));
        expect(payloadsIn(chunks).map((payload) => payload.toString('latin1'))).toEqual(sent);
        expect(chunks.reduce((sum, { byteLength }) => sum + byteLength, 0)).toBe(bytes);
      }),
      { numRuns: 50 },
    );
  });

  it.each([0, 1, 4, 100, 1300, 2100, 4000, 4090])(
    'keeps 64 KiB of messages of %d bytes in 5 KiB more, and in few chunks',
    (length) => {
      const held = new HeldFrames();
      let bytes = 0;
      while (bytes < 65_536) bytes += held.add('x'.repeat(length), TEXT);
      const chunks = held.take();
      expect(memoryOf(chunks) - bytes).toBeLessThan(5120);
      expect(chunks.length).toBeLessThanOrEqual(18);
    },
  );

  it('does not copy long bytes', () => {
    const held = new HeldFrames();
    const bytes: Data = new Uint8Array(5000);
    held.add('before', TEXT);
    held.add(bytes, TEXT);
    held.add('behind', TEXT);
    const chunks = held.take();
    expect(chunks.map((chunk) => chunk.buffer === bytes.buffer)).toEqual([false, true, false]);
  });

  it('gives nothing twice', () => {
    const held = new HeldFrames();
    held.add('once', TEXT);
    expect([held.take().length, held.take().length]).toEqual([1, 0]);
  });
});
