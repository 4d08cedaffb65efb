// Unmasking in place, by bytes and by words, wherever in memory the payload begins, and in pieces.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PieceMask, unmask, wordsOf } from '../../../src/transport/ws/unmask.ts';

const MASK_BYTES = 4;

describe('unmask', () => {
  const cases = {
    payload: fc.oneof(
      fc.uint8Array({ maxLength: 300, size: 'max' }),
      fc.string({ maxLength: 300, size: 'max' }).map((text) => new TextEncoder().encode(text)),
    ),
    mask: fc.uint8Array({ minLength: 4, maxLength: 4 }),
    // Of the chunk in its memory, and of the mask in the chunk.
    offset: fc.nat({ max: 7 }),
    before: fc.nat({ max: 7 }),
    inWords: fc.boolean(),
  };

  it('takes the mask off, tells whether all is ASCII, touches nothing else, and puts it on again', () => {
    fc.assert(
      fc.property(fc.record(cases), ({ payload, mask, offset, before, inWords }) => {
        const masked = payload.map((byte, index) => byte ^ (mask[index & 3] as number));
        const behind = [1, 2, 3];
        const chunk = new Uint8Array(new ArrayBuffer(offset + before + 4 + payload.length + 3), offset);
        chunk.set([...new Uint8Array(before).fill(9), ...mask, ...masked, ...behind]);
        const original = new Uint8Array(chunk);
        const to = before + MASK_BYTES + payload.length;

        const words = inWords ? wordsOf(chunk) : undefined;
        const bits = unmask(chunk, before, to, words);
        expect((bits & 0x80) !== 0).toBe(payload.some((byte) => byte > 0x7f));
        expect(chunk.subarray(before + MASK_BYTES, to)).toEqual(payload);
        expect([...chunk.subarray(to)]).toEqual(behind);
        unmask(chunk, before, to, words);
        expect(chunk).toEqual(original);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a mask of pieces', () => {
  it('takes itself out of the header, and unmasks a payload wherever it is cut', () => {
    const cases = {
      payload: fc.uint8Array({ maxLength: 300, size: 'max' }),
      mask: fc.uint8Array({ minLength: 4, maxLength: 4 }),
      offset: fc.nat({ max: 7 }),
      cuts: fc.array(fc.nat({ max: 300 }), { maxLength: 6 }),
    };
    fc.assert(
      fc.property(fc.record(cases), ({ payload, mask, offset, cuts }) => {
        // As it comes from a stream: a Buffer, whose `slice` is a view.
        const header = Buffer.of(1, 2, ...mask, 3);
        const pieces = new PieceMask(header, 2);
        expect([...header]).toEqual([1, 2, 0, 0, 0, 0, 3]);
        const bytes = new Uint8Array(new ArrayBuffer(offset + payload.length), offset);
        bytes.set(payload.map((byte, index) => byte ^ (mask[index & 3] as number)));
        const ends = [...cuts.filter((cut) => cut < payload.length), payload.length].toSorted(
          (a, b) => a - b,
        );
        for (const [index, to] of ends.entries()) pieces.unmask(bytes, ends[index - 1] ?? 0, to);
        expect(bytes).toEqual(payload);
      }),
      { numRuns: 2000 },
    );
  });
});
