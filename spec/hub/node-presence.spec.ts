// What another node counts in a room: all of it, then changes, each of which continues what is
// known, or shows that something is missing.

import { describe, expect, it } from 'vitest';
import { KEY_BYTES, MAX_PRESENT_BYTES, NODE_BYTES, NodePresence } from '../../src/hub/node-presence.ts';
import type { Held } from '../../src/hub/node-presence.ts';
import type { ToldKey } from '../../src/hub/presence-body.ts';

const ONE: ToldKey = { sockets: 1, meta: [], bytes: 1 };

function presenceOf(held: Held = { bytes: 0, onCut: () => {} }): NodePresence {
  return NodePresence.of({ id: 'n', epoch: 1, rooms: new Set() }, held) as NodePresence;
}

type Told = Parameters<NodePresence['apply']>[0];

function all(to: number, keys: readonly string[], part: Partial<Told> = {}): Told {
  const entries = keys.map((key) => [key, ONE] as const);
  return { kind: 'all', isFirst: true, hasMore: false, from: to, to, entries, ...part };
}

function changes(from: number, to: number, entries: Told['entries']): Told {
  return { kind: 'changes', isFirst: false, hasMore: false, from, to, entries };
}

function known(): NodePresence {
  const presence = presenceOf();
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
    const fresh = presenceOf();
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

describe('what all nodes count', () => {
  const HALF: ToldKey = { ...ONE, bytes: MAX_PRESENT_BYTES / 2 - NODE_BYTES - KEY_BYTES };
  const halfOf = (to: number, key: string, more: Partial<Told> = {}): Told =>
    all(to, [], { entries: [[key, HALF]], ...more });

  it('is bounded in bytes: a node of which some does not fit is not whole', () => {
    let cuts = 0;
    const held = { bytes: 0, onCut: () => void (cuts += 1) };
    const [one, two] = [presenceOf(held), presenceOf(held)];
    one.apply(halfOf(1, 'a'));
    two.apply(halfOf(1, 'b'));
    expect([held.bytes, two.isWhole]).toEqual([MAX_PRESENT_BYTES, true]);
    one.apply(changes(1, 2, [['c', ONE]]));
    expect([[...one.keys.keys()], one.isWhole, two.isWhole, cuts]).toEqual([['a'], false, true, 1]);
    two.release();
    one.apply(all(3, ['a', 'c']));
    expect([[...one.keys.keys()], one.isWhole]).toEqual([['a', 'c'], true]);
  });

  it('is bounded in nodes, too, also where they have told no key', () => {
    let cuts = 0;
    const held = { bytes: MAX_PRESENT_BYTES - NODE_BYTES, onCut: () => void (cuts += 1) };
    const run = { id: 'n', epoch: 1, rooms: new Set() };
    const first = NodePresence.of(run, held);
    expect([NodePresence.of(run, held), cuts]).toEqual([undefined, 1]);
    first?.release();
    expect(NodePresence.of(run, held)).toBeInstanceOf(NodePresence);
  });

  it('counts each key once, whatever is told of it, and nothing of what has gone', () => {
    const held = { bytes: 0, onCut: () => {} };
    const presence = presenceOf(held);
    presence.apply(all(1, ['a', 'b']));
    presence.apply(changes(1, 2, [['a', { ...ONE, bytes: 5 }]]));
    expect(held.bytes).toBe(NODE_BYTES + 2 * KEY_BYTES + 6);
    presence.apply(all(3, ['x'], { hasMore: true }));
    presence.apply(all(3, ['y'], { hasMore: true }));
    presence.apply(all(3, ['b'], { hasMore: false, isFirst: true }));
    expect([held.bytes, [...presence.keys.keys()]]).toEqual([NODE_BYTES + KEY_BYTES + 1, ['b']]);
    presence.apply(changes(3, 4, [['b', undefined]]));
    presence.release();
    expect(held.bytes).toBe(0);
  });
});
