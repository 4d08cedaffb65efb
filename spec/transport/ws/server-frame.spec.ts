// The frames that we encode: the same as those of `ws`, and as an independent parser reads them.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as ws from 'ws';
import {
  fragmentByte,
  frameHeader,
  makeFrame,
  maxFrameBytes,
  wholeByte,
  writeFrame,
} from '../../../src/transport/ws/server-frame.ts';
import type { Data } from '../../../src/core/data.ts';
import { OPCODE, parseFrame } from '../../peers/frames.ts';

interface Written {
  readonly frame: Buffer;
  /** The bytes behind the frame. */
  readonly behind: Buffer;
}

/** Writes one frame into a buffer that is full of other bytes. */
function write(data: Data, isBinary: boolean, at: number): Written {
  const target = Buffer.alloc(at + maxFrameBytes(data) + 1, 0xee);
  const end = writeFrame(target, at, data, wholeByte(data, isBinary));
  return { frame: target.subarray(at, end), behind: target.subarray(end) };
}

/** Not declared in @types/ws: what `ws` itself makes its frames with. */
const { frame: frameOfWs } = (
  ws as unknown as { readonly Sender: { frame(data: Uint8Array, options: object): Uint8Array[] } }
).Sender;

function expectedFrame(data: Data, isBinary: boolean): Buffer {
  const opcode = isBinary || typeof data !== 'string' ? OPCODE.binary : OPCODE.text;
  return Buffer.concat(frameOfWs(Buffer.from(data), { fin: true, opcode, mask: false, readOnly: true }));
}

const SIZES = [0, 1, 41, 42, 124, 125, 126, 127, 1000, 65_534, 65_535, 65_536, 70_000];

describe('writeFrame', () => {
  it.each(
    SIZES.flatMap((size) => ['x', '\u00e9', '\u20ac', '\u{1f600}', '\ud800'].map((unit) => [size, unit])),
  )('writes a text of %d times %j as ws does', (size, unit) => {
    const text = (unit as string).repeat(size as number);
    expect(write(text, false, 3).frame.equals(expectedFrame(text, false))).toBe(true);
  });

  it.each(SIZES)('writes %d bytes as ws does', (size) => {
    const bytes = Buffer.alloc(size, 7);
    expect(write(bytes, true, 0).frame.equals(expectedFrame(bytes, true))).toBe(true);
  });

  it('writes any message as ws does, and as an independent parser reads it', () => {
    const message = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      // Long ones are short ones many times: to make 65,000 values at random takes longer than all the rest.
      fc
        .tuple(
          fc.string({
            unit: fc.constantFrom('a', '\u00e9', '\ud83d', '\ude00'),
            minLength: 1,
            maxLength: 40,
          }),
          fc.integer({ min: 10, max: 750 }),
        )
        .map(([text, times]) => text.repeat(times)),
      fc.uint8Array({ maxLength: 300 }),
      fc
        .tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 65_500, max: 65_600 }))
        .map(([bytes, length]) => Buffer.alloc(length, bytes)),
    );
    fc.assert(
      fc.property(message, fc.boolean(), fc.nat(20), (data, isBinary, at) => {
        const { frame } = write(data, isBinary, at);
        expect(frame.equals(expectedFrame(data, isBinary))).toBe(true);
        const parsed = parseFrame(frame);
        const opcode = isBinary || typeof data !== 'string' ? OPCODE.binary : OPCODE.text;
        const { fin, rsv } = parsed?.frame ?? {};
        expect([parsed?.size, parsed?.frame.opcode, fin, rsv]).toEqual([frame.length, opcode, true, 0]);
        expect(parsed?.frame.payload.equals(Buffer.from(data))).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('needs no more room than maxFrameBytes says', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect(write(text, false, 0).behind.at(-1)).toBe(0xee);
      }),
    );
  });
});

describe('fragmentByte', () => {
  it.each([
    ['the first of text', 'x', { isFirst: true, isLast: false }, 0x01],
    ['the first of binary', new Uint8Array(1), { isFirst: true, isLast: false }, 0x02],
    ['a further one', 'x', { isFirst: false, isLast: false }, 0x00],
    ['the last', 'x', { isFirst: false, isLast: true }, 0x80],
    ['the only one', 'x', { isFirst: true, isLast: true }, 0x81],
  ])('is that of RFC 6455 \u00a75.2 for %s', (_, data, place, byte) => {
    expect(fragmentByte(data, false, place)).toBe(byte);
  });

  it('is binary for text that goes out so', () => {
    expect(fragmentByte('x', true, { isFirst: true, isLast: false })).toBe(0x02);
  });
});

describe('frameHeader', () => {
  it.each(SIZES)('is the one that ws makes for %d bytes', (size) => {
    const bytes = Buffer.alloc(size);
    const [header] = frameOfWs(bytes, { fin: true, opcode: OPCODE.binary, mask: false, readOnly: true });
    expect(frameHeader(0x82, size)).toEqual(header);
  });
});

describe('makeFrame', () => {
  it.each(SIZES)('makes the frame of %d characters of two bytes as ws does, and no more', (size) => {
    const text = '\u00e9'.repeat(size);
    expect(makeFrame(text, wholeByte(text, false)).equals(expectedFrame(text, false))).toBe(true);
  });
});
