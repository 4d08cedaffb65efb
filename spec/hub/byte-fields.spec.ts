import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FieldReader, FieldWriter } from '../../src/hub/byte-fields.ts';

describe('FieldReader', () => {
  it('reads what FieldWriter has written', () => {
    const integer = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
    const written = fc.record({
      integer,
      durationMs: fc.double({ min: 0, noNaN: true }),
      text: fc.string({ unit: 'grapheme' }),
      rest: fc.uint8Array(),
    });
    fc.assert(
      fc.property(written, ({ integer, durationMs, text, rest }) => {
        const bytes = Buffer.byteLength(text);
        const writer = new FieldWriter(20 + bytes + rest.length);
        writer.u16(bytes).text(text).u8(7).u8(255).u64(integer).duration(durationMs).put(rest);
        const fields = new FieldReader(writer.bytes);
        expect(fields.text(fields.u16())).toBe(text);
        expect([fields.u8(), fields.u8()]).toEqual([7, 255]);
        expect([fields.u64(), fields.duration()]).toEqual([integer, durationMs]);
        expect(fields.hasMore).toBe(rest.length > 0);
        expect([...fields.rest()]).toEqual([...rest]);
        expect([fields.isBroken, fields.hasMore]).toEqual([false, false]);
      }),
    );
  });

  it('gives 0 and empty texts for fields beyond the end, and remembers it', () => {
    const fields = new FieldReader(new Uint8Array([1]));
    expect([fields.u16(), fields.u8(), fields.u32(), fields.u64(), fields.duration()]).toEqual([
      0, 0, 0, 0, 0,
    ]);
    expect([fields.text(3), fields.rest().length, fields.isBroken, fields.hasMore]).toEqual([
      '',
      0,
      true,
      false,
    ]);
  });

  it.each([
    ['an integer beyond 2⁵³−1', (fields: FieldReader) => fields.u64(), new Uint8Array(8).fill(0x20)],
    [
      'a negative duration',
      (fields: FieldReader) => fields.duration(),
      new FieldWriter(8).duration(-1).bytes,
    ],
    ['no number', (fields: FieldReader) => fields.duration(), new FieldWriter(8).duration(NaN).bytes],
    ['text that is no UTF-8', (fields: FieldReader) => fields.text(1), new Uint8Array([0xff])],
  ])('takes %s for a fault', (_, read, bytes) => {
    const fields = new FieldReader(bytes);
    expect(read(fields)).toBeFalsy();
    expect(fields.isBroken).toBe(true);
  });
});
