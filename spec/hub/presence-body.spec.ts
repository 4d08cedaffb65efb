// Presence as bytes: what is written is read, in as many envelopes as it takes, and bytes of any
// kind are read without an error.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf, text } from './body-fixtures.ts';
import { MAX_ENVELOPE_BYTES } from '../../src/hub/envelope.ts';
import type { Body } from '../../src/hub/envelope.ts';
import { allBodies, ASK_BODY, changesBodies, readPresence } from '../../src/hub/presence-body.ts';
import type { PresenceEntry } from '../../src/hub/presence-body.ts';

const spaces = (length: number): readonly number[] => Array.from({ length }, () => 32);
/** So many values of `meta`, each of which is 1. */
const ones = (count: number): readonly number[] => Array.from({ length: count }, () => [0, 1, 49]).flat();
const zeros = (length: number): readonly number[] => Array.from({ length }, () => 0);

const present = fc.record({
  sockets: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
  // Minus zero is zero in JSON.
  meta: fc.array(
    fc.jsonValue({ stringUnit: 'grapheme' }).map((value) => JSON.parse(JSON.stringify(value)) as unknown),
  ),
});
const entries = fc.array(fc.tuple(text, fc.option(present, { nil: undefined })));

describe('presence as bytes', () => {
  it('is read as it was written', () => {
    expect(readPresence(bytesOf(ASK_BODY))).toEqual({ kind: 'ask' });
    fc.assert(
      fc.property(entries, fc.maxSafeNat(), (written, version) => {
        const [all] = allBodies(written, version).map((body) => readPresence(bytesOf(body)));
        const told = { isFirst: true, hasMore: false, from: version, to: version, entries: written };
        expect(all).toMatchObject({ kind: 'all', ...told });
        const [changes] = changesBodies(written, 0, () => version).map((body) => readPresence(bytesOf(body)));
        expect(changes).toMatchObject({ kind: 'changes', ...told, isFirst: false, from: 0 });
      }),
      { numRuns: 200 },
    );
  });

  it('says how much a key and its meta take: as texts, and 64 bytes for each entry', () => {
    const [body] = allBodies([['ada', { sockets: 1, meta: ['x', 12, [{}, {}]] }]], 1);
    const told = readPresence(bytesOf(body as Body));
    expect(told?.kind === 'all' && told.entries[0]?.[1]?.bytes).toBe(3 + 3 + 2 + 7 + 4 * 64);
  });

  it('is cut into envelopes, each of which has its place', () => {
    const meta = Array.from({ length: 64 }, () => 'x'.repeat(4094));
    const much = Array.from({ length: 5 }, (_, index): PresenceEntry => [`k${index}`, { sockets: 64, meta }]);
    const all = allBodies(much, 9).map((body) => readPresence(bytesOf(body)));
    let version = 4;
    const changes = changesBodies(much, 3, () => (version += 1)).map((body) => readPresence(bytesOf(body)));
    expect(all.map((part) => part?.kind === 'all' && [part.isFirst, part.hasMore, part.to])).toEqual([
      [true, true, 9],
      [false, true, 9],
      [false, true, 9],
      [false, true, 9],
      [false, false, 9],
    ]);
    expect(changes.map((part) => part?.kind === 'changes' && [part.from, part.to])).toEqual([
      [3, 5],
      [5, 6],
      [6, 7],
      [7, 8],
      [8, 9],
    ]);
    for (const { byteLength } of allBodies(much, 9))
      expect(byteLength).toBeLessThan(MAX_ENVELOPE_BYTES - 200);
  });

  it('of any bytes is read or is none, and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.integer({ min: 0, max: 4 }), (bytes, type) => {
        const read = readPresence(new Uint8Array([type, ...bytes]));
        expect(read === undefined || read.kind === 'ask' || read.from <= read.to).toBe(true);
      }),
    );
  });

  it.each([
    ['nothing', []],
    ['another type', [4, ...zeros(17)]],
    ['a version that goes back', [3, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1]],
    ['a meta that is no JSON', [2, 1, ...zeros(16), 0, 1, 97, 0, 0, 0, 1, 0, 1, 0, 1, 123]],
    ['a key that is cut', [2, 1, ...zeros(16), 0, 9, 97]],
    ['a key without a letter', [2, 1, ...zeros(16), 0, 0, 0, 0, 0, 1, 0, 0]],
    ['a key that is too long', [2, 1, ...zeros(16), 4, 1, ...zeros(1025), 0, 0, 0, 1, 0, 0]],
    ['a meta that is too long', [2, 1, ...zeros(16), 0, 1, 97, 0, 0, 0, 1, 0, 1, 16, 1, ...spaces(4096), 49]],
    ['too much meta', [2, 1, ...zeros(16), 0, 1, 97, 0, 0, 0, 1, 0, 65, ...ones(65)]],
    ['meta without end', [2, 1, ...zeros(16), 0, 1, 97, 0, 0, 0, 1, 255, 255, 0, 1, 49]],
  ])('is none of %s', (_, bytes) => {
    expect(readPresence(new Uint8Array(bytes))).toBeUndefined();
  });
});
