// What another node counts in a room: all of it, then changes, each of which continues what is
// known, or shows that something is missing.

import { describe, expect, it } from 'vitest';
import { NodePresence } from '../../src/hub/node-presence.ts';
import type { PresenceEntry } from '../../src/hub/presence-body.ts';

const ONE = { sockets: 1, meta: [] };

type Told = Parameters<NodePresence['apply']>[0];

function all(to: number, keys: readonly string[], part: Partial<Told> = {}): Told {
  const entries = keys.map((key): PresenceEntry => [key, ONE]);
  return { kind: 'all', isFirst: true, hasMore: false, from: to, to, entries, ...part };
}

function changes(from: number, to: number, entries: readonly PresenceEntry[]): Told {
  return { kind: 'changes', isFirst: false, hasMore: false, from, to, entries };
}

function known(): NodePresence {
  const presence = new NodePresence(1);
  presence.apply(all(5, ['a', 'b']));
  return presence;
}

describe('the presence of a node', () => {
  it('is all that it has told, and replaces what was known', () => {
    const presence = known();
    expect([presence.apply(all(8, ['b', 'c'])), [...presence.keys.keys()]]).toEqual([
      ['a', 'b', 'c'],
      ['b', 'c'],
    ]);
  });

  it('goes on with changes that continue it', () => {
    const presence = known();
    expect(
      presence.apply(
        changes(5, 7, [
          ['a', undefined],
          ['c', ONE],
        ]),
      ),
    ).toEqual(['a', 'c']);
    expect(presence.apply(changes(6, 8, [['d', ONE]]))).toEqual(['d']);
    expect([[...presence.keys.keys()], presence.isWhole]).toEqual([['b', 'c', 'd'], true]);
  });

  it('leaves out what is old, or known', () => {
    const presence = known();
    for (const old of [
      all(4, ['x']),
      all(5, ['x']),
      changes(3, 4, [['x', ONE]]),
      changes(4, 5, [['x', ONE]]),
    ]) {
      expect(presence.apply(old)).toEqual([]);
    }
    expect([...presence.keys.keys()]).toEqual(['a', 'b']);
  });

  it('asks where something is missing, until all is told', () => {
    const presence = known();
    expect([presence.apply(changes(6, 7, [['c', ONE]])), presence.isWhole]).toEqual(['ask', false]);
    expect([...presence.keys.keys()]).toEqual(['a', 'b']);
    expect([presence.apply(all(7, ['b', 'c'])), presence.isWhole]).toEqual([['a', 'b', 'c'], true]);
    const fresh = new NodePresence(1);
    expect([fresh.apply(changes(0, 1, [['c', ONE]])), fresh.isWhole]).toEqual(['ask', false]);
  });

  it('waits for all parts, and asks where the first was lost', () => {
    const presence = known();
    expect(presence.apply(all(8, ['c'], { hasMore: true }))).toEqual([]);
    expect([...presence.keys.keys()]).toEqual(['a', 'b']);
    expect(presence.apply(all(8, ['d'], { isFirst: false }))).toEqual(['a', 'b', 'c', 'd']);
    expect([...presence.keys.keys()]).toEqual(['c', 'd']);
    expect(presence.apply(all(9, ['e'], { isFirst: false }))).toBe('ask');
  });
});
