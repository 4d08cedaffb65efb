// What a room has to tell: nothing, all of it once, then changes; and of which nodes it is unsure.

import { describe, expect, it } from 'vitest';
import { bytesOf } from './body-fixtures.ts';
import { NodePresence } from '../../src/hub/node-presence.ts';
import { readPresence } from '../../src/hub/presence-body.ts';
import { PresenceRoom } from '../../src/hub/presence-room.ts';

const ONE = { sockets: 1, meta: [] };

/** A room, its keys, and a way to see what it tells: kind, versions and keys. */
function telling(): {
  readonly room: PresenceRoom;
  readonly keys: Map<string, typeof ONE>;
  take(nowMs?: number): readonly unknown[];
} {
  const room = new PresenceRoom('r');
  let version = 10;
  return {
    room,
    keys: new Map(),
    take: (nowMs = Infinity) =>
      room
        .takeBodies(() => (version += 1), nowMs)
        .map((body) => {
          const told = readPresence(bytesOf(body));
          return told?.kind === 'ask' || told === undefined
            ? told
            : [
                told.kind,
                told.from,
                told.to,
                told.entries.map(([key, there]) => `${key} ${there?.sockets ?? 0}`),
              ];
        }),
  };
}

describe('a room', () => {
  it('tells all at first, and then what has changed', () => {
    const { room, keys, take } = telling();
    expect([take(), room.isTold]).toEqual([[], false]);
    for (const key of ['a', 'b']) room.change(keys.set(key, ONE), key);
    expect([take(), room.isTold]).toEqual([[['all', 11, 11, ['a 1', 'b 1']]], true]);
    keys.delete('a');
    room.change(keys, 'a');
    room.change(keys.set('c', ONE), 'c');
    expect([take(), take()]).toEqual([[['changes', 11, 12, ['a 0', 'c 1']]], []]);
  });

  it('tells changes alone while it may not tell all, and all of it later', () => {
    const { room, keys, take } = telling();
    room.change(keys.set('a', ONE), 'a');
    expect(take(0)).toEqual([['all', 11, 11, ['a 1']]]);
    room.change(keys.set('b', ONE), 'b');
    room.tellsAll = true;
    expect([take(0), take(0), take()]).toEqual([
      [['changes', 11, 12, ['b 1']]],
      [],
      [['all', 12, 12, ['a 1', 'b 1']]],
    ]);
  });

  it('tells all again where it is asked, under a new version only where it has changed', () => {
    const { room, keys, take } = telling();
    room.change(keys.set('a', ONE), 'a');
    take();
    room.tellsAll = true;
    expect([take(), take()]).toEqual([[['all', 11, 11, ['a 1']]], []]);
    keys.delete('a');
    room.change(keys, 'a');
    room.tellsAll = true;
    expect([take(), room.isTold]).toEqual([[['all', 12, 12, []]], true]);
  });

  it('has nothing to tell of what came and went', () => {
    const { room, keys, take } = telling();
    room.change(keys, 'a');
    room.tellsAll = true;
    expect([take(), room.isTold]).toEqual([[], false]);
  });

  it('is unsure of nodes until they have answered, or long enough after it has asked', () => {
    const { room } = telling();
    const run = { id: 'known', epoch: 1, rooms: new Set() };
    const other = NodePresence.of(run, { bytes: 0, onCut: () => {} }) as NodePresence;
    room.others = new Map([['known', other]]);
    const unsure = (nowMs: number): readonly boolean[] =>
      ['known', 'unknown'].map((node) => room.isUnsure(node, nowMs));
    other.isWhole = true;
    room.questions = 1;
    expect(unsure(0)).toEqual([true, true]);
    Object.assign(room, { isEntered: true, asks: true });
    expect(unsure(0)).toEqual([true, true]);
    Object.assign(room, { asks: false, askedMs: 0 });
    expect([unsure(499), unsure(500)]).toEqual([
      [true, true],
      [false, false],
    ]);
    other.answered = 1;
    expect(unsure(499)).toEqual([false, true]);
    other.isWhole = false;
    expect(unsure(500)).toEqual([true, false]);
    Object.assign(other, { isWhole: true });
    room.isCut = true;
    expect(unsure(500)).toEqual([false, true]);
  });
});
