// The pure functions over text and binary: sizes, bytes, copies and cuts.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf, cutLength, detached, halfPairAtEnd, isData, joined, toBytes } from '../../src/core/data.ts';

const text = fc.string({ unit: 'binary' });

describe('isData', () => {
  it.each(['', 'text', new Uint8Array(), Buffer.from('x')])('takes %o for data', (value) => {
    expect(isData(value)).toBe(true);
  });

  it.each([
    undefined,
    null,
    7,
    new ArrayBuffer(4),
    new DataView(new ArrayBuffer(4)),
    new Uint16Array(4),
    ['a'],
    { length: 1 },
  ])('does not take %o for data', (value) => {
    expect(isData(value)).toBe(false);
  });
});

describe('joined', () => {
  it.each([
    [['one', '', 'two'], 'onetwo'],
    [[''], ''],
    [[new Uint8Array([1]), new Uint8Array(), new Uint8Array([2, 3])], new Uint8Array([1, 2, 3])],
    [[new Uint8Array()], new Uint8Array()],
  ])('puts the parts of a message together: %o', (parts, whole) => {
    expect(joined(parts)).toEqual(whole);
  });
});

describe('bytesOf', () => {
  it.each([
    ['', 0],
    ['abc', 3],
    ['ü', 2],
    ['€', 3],
    ['😀', 4],
    [new Uint8Array(5), 5],
    [new Uint8Array(16).subarray(4, 6), 2],
  ])('counts the bytes on the wire of %o', (data, bytes) => {
    expect(bytesOf(data)).toBe(bytes);
  });
});

describe('toBytes', () => {
  it('gives text in UTF-8', () => {
    expect([...toBytes('aü€😀')]).toEqual([...new TextEncoder().encode('aü€😀')]);
  });

  it('puts U+FFFD for a lone surrogate', () => {
    expect(new TextDecoder().decode(toBytes('a\ud800b'))).toBe('a\ufffdb');
  });

  it('gives binary as it is', () => {
    const bytes = new Uint8Array([1, 2]);
    expect(toBytes(bytes)).toBe(bytes);
  });
});

describe('detached', () => {
  const chunk = new Uint8Array(65_536).fill(7);

  it('copies a small view, so that it does not pin its chunk', () => {
    const copy = detached(chunk.subarray(100, 32_868)) as Uint8Array;
    expect([copy.byteLength, copy.buffer.byteLength]).toEqual([32_768, 32_768]);
    expect(copy.every((byte) => byte === 7)).toBe(true);
  });

  it('copies an empty view', () => {
    const copy = detached(chunk.subarray(5, 5)) as Uint8Array;
    expect([copy.byteLength, copy.buffer.byteLength]).toEqual([0, 0]);
  });

  it.each([
    ['text', 'text'],
    ['a view above 32 KiB', chunk.subarray(0, 32_769)],
    ['bytes that are all of their buffer', new Uint8Array(8)],
  ])('gives %s back as it is', (_, data) => {
    expect(detached(data)).toBe(data);
  });
});

describe('cutLength', () => {
  it.each([
    ['all of a text that fits', 'abc', 3, 3],
    ['all of a text that is shorter', 'abc', 9, 3],
    ['all without a limit', 'abc', Infinity, 3],
    ['nothing of an empty text', '', 1, 0],
    ['the first units of a longer text', 'abcd', 2, 2],
    ['one less where a pair would be cut', 'a😀b', 2, 1],
    ['the whole pair where it fits', 'a😀b', 3, 3],
    ['a pair that stands first, whole', '😀b', 1, 2],
    ['between two pairs', '😀😀', 2, 2],
    ['between a high surrogate and a letter', 'a\ud83db', 2, 2],
    ['between a letter and a low surrogate', 'ab\ude00', 2, 2],
    ['between two high surrogates', '\ud83d\ud83d\ud83d', 2, 2],
  ])('answers %s', (_, data, len, cut) => {
    expect(cutLength(data, len)).toBe(cut);
  });

  it('counts bytes of binary', () => {
    expect(cutLength(Buffer.from('😀'), 2)).toBe(2);
  });

  it('never cuts a pair and always makes progress', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 5 }), (whole, len) => {
        let rest = whole;
        while (rest !== '') {
          const cut = cutLength(rest, len);
          expect(cut).toBeGreaterThan(0);
          expect(cut).toBeLessThanOrEqual(Math.max(len, 2));
          expect([rest.slice(0, cut).isWellFormed(), rest.slice(cut).isWellFormed()]).toEqual([true, true]);
          rest = rest.slice(cut);
        }
      }),
    );
  });
});

describe('halfPairAtEnd', () => {
  it.each([
    ['nothing of an empty text', '', ''],
    ['nothing of a text that ends with a letter', 'ab', ''],
    ['nothing of a text that ends with a whole pair', 'a😀', ''],
    ['nothing of a low surrogate', 'a\ude00', ''],
    ['the high surrogate', 'a\ud83d', '\ud83d'],
  ])('gives %s', (_, whole, half) => {
    expect(halfPairAtEnd(whole)).toBe(half);
  });
});
