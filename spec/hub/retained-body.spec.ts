import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf, data, key, text } from './body-fixtures.ts';
import type { Body } from '../../src/hub/envelope.ts';
import {
  digestBody,
  digestOf,
  readDigest,
  readRetained,
  readVersions,
  retainedBodies,
  versionsBodies,
} from '../../src/hub/retained-body.ts';
import type { RetainedEntry } from '../../src/rooms/relay.ts';

const version = fc.record({ time: fc.maxSafeNat(), node: fc.constantFrom('a', '!~'.repeat(32)) });
const entries = fc.uniqueArray(fc.tuple(key, fc.record({ data, version })), { selector: ([key]) => key });

const entryOf = (data: string, time = 1, node = 'a'): RetainedEntry => ({ data, version: { time, node } });

describe('the version of a message', () => {
  it.each(['é', 'two words', 'x'.repeat(65)])('is none where no node has the id %j', (node) => {
    const kept = new Map([['key', entryOf('x')]]);
    const bytes = bytesOf(retainedBodies('r', kept, false)[0] as Body);
    const at = bytes.length - 3;
    const id = Buffer.from(node);
    const length = Buffer.from([0, id.length]);
    const forged = Buffer.concat([bytes.subarray(0, at - 1), length, id, bytes.subarray(at + 2)]);
    expect(readRetained(forged)).toBeUndefined();
  });
});

describe('the answer what is retained', () => {
  it('carries it', () => {
    fc.assert(
      fc.property(text, entries, fc.boolean(), (room, entries, mayBeOld) => {
        const bodies = retainedBodies(room, new Map(entries), mayBeOld);
        expect(bodies.map((body) => readRetained(bytesOf(body)))).toEqual([
          { room, kept: new Map(entries), hasMore: false, mayBeOld },
        ]);
      }),
    );
  });

  it('is cut into parts where it is long', () => {
    const kept = new Map(Array.from({ length: 10 }, (_, index) => [`${index}`, entryOf('x'.repeat(60_000))]));
    kept.set('long', entryOf('y'.repeat(300_000)));
    const parts = retainedBodies('room', kept, false).map((body) => readRetained(bytesOf(body)));
    expect(parts.map((part) => [part?.kept.size, part?.hasMore])).toEqual([
      [3, true],
      [3, true],
      [3, true],
      [1, true],
      [1, false],
    ]);
    expect(new Map(parts.flatMap((part) => [...(part?.kept ?? [])]))).toEqual(kept);
  });

  it('is refused where its fields are broken, and entries without a key are skipped', () => {
    const time = [0, 0, 0, 0, 0, 0, 0, 1];
    expect(readRetained(new Uint8Array([0, 0, 9]))).toBeUndefined();
    expect(readRetained(new Uint8Array([0, 0, 0, 2, 0, 0, 0, 9]))).toBeUndefined();
    expect(readRetained(new Uint8Array([0, 0, 0, 2, 0, 0, 0, 0, ...time, 0, 0]))).toBeUndefined();
    const noKey = new Uint8Array([0, 0, 0, 1, 0, 0, 0, 0, ...time, 0, 1, 97]);
    expect(readRetained(noKey)?.kept).toEqual(new Map());
  });
});

describe('a digest of what is retained', () => {
  it('is the same in any order, and leaves out what was removed', () => {
    const [a, b] = [entryOf('x', 5), entryOf('y', 6)];
    const digest = digestOf(new Map([['a', a], ['b', b]])); // prettier-ignore
    expect(digestOf(new Map([['b', b], ['gone', entryOf('')], ['a', a]]))).toBe(digest); // prettier-ignore
    expect(readDigest(bytesOf(digestBody(digest)))).toBe(digest);
    expect(readDigest(new Uint8Array(7))).toBeUndefined();
  });

  it('differs by key, time and node', () => {
    const others = [
      new Map<true | string, RetainedEntry>(),
      new Map([['a', entryOf('x')]]),
      new Map([['b', entryOf('x')]]),
      new Map([[true as const, entryOf('x')]]),
      new Map([['a', entryOf('x', 2)]]),
      new Map([['a', entryOf('x', 1, 'b')]]),
    ];
    expect(new Set(others.map((kept) => digestOf(kept))).size).toBe(others.length);
  });
});

describe('the versions of what is retained', () => {
  it('are listed with what was removed', () => {
    fc.assert(
      fc.property(entries, (entries) => {
        const versions = entries.map(
          ([key, { data, version }]) => [key, { version, isRemoved: data.length === 0 }] as const,
        );
        expect(versionsBodies(new Map(entries)).map((body) => readVersions(bytesOf(body)))).toEqual([
          { isFirst: true, hasMore: false, versions: new Map(versions) },
        ]);
      }),
    );
  });

  it('are cut into parts where they are many', () => {
    const kept = new Map(
      Array.from({ length: 300 }, (_, index) => [`${index} ${'k'.repeat(1000)}`, entryOf('x')]),
    );
    const parts = versionsBodies(kept).map((body) => readVersions(bytesOf(body)));
    expect(parts.map((part) => [part?.isFirst, part?.hasMore])).toEqual([
      [true, true],
      [false, false],
    ]);
    expect(parts.reduce((size, part) => size + (part?.versions.size ?? 0), 0)).toBe(300);
  });

  it('are refused where fields are broken, and those without a key are skipped', () => {
    const time = [0, 0, 0, 0, 0, 0, 0, 1];
    expect(readVersions(new Uint8Array([]))).toBeUndefined();
    expect(readVersions(new Uint8Array([4, 2, ...time, 0, 65]))).toBeUndefined();
    expect(readVersions(new Uint8Array([4, 1, ...time, 0, 1, 97]))?.versions).toEqual(new Map());
  });
});
