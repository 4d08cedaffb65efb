import { describe, expect, it } from 'vitest';
import { MAX_REMOVED_KEYS, REMEMBERED_MS, RemovedKeys } from '../../src/rooms/removed-keys.ts';
import type { Removed, RemovingRoom } from '../../src/rooms/removed-keys.ts';
import { wallTimeOf } from '../../src/time/real-clock.ts';
import { HandClock } from '../time/hand-clock.ts';

/** Removals on a clock whose time of day is its own time. */
function removals(): {
  readonly clock: HandClock;
  readonly keys: RemovedKeys;
  readonly room: RemovingRoom;
  readonly forgotten: number[];
  remove(key: true | string, agoMs?: number): void;
} {
  const clock = Object.assign(new HandClock(), { wallTimeMs: () => clock.nowMs });
  const keys = new RemovedKeys(clock);
  const forgotten: number[] = [];
  const room: RemovingRoom = { removed: undefined, keptOnForget: () => forgotten.push(clock.nowMs) };
  return {
    clock,
    keys,
    room,
    forgotten,
    remove: (key, agoMs = 0) => keys.add(room, key, { time: (wallTimeOf(clock) - agoMs) * 1000, node: 'a' }),
  };
}

describe('what was removed', () => {
  it('is remembered for ten minutes since the removal', () => {
    const { clock, room, forgotten, remove } = removals();
    clock.tick(REMEMBERED_MS);
    remove('old', REMEMBERED_MS);
    expect(room.removed).toBeUndefined();
    remove('a', 1000);
    remove(true);
    clock.tick(REMEMBERED_MS - 1000);
    expect([...(room.removed ?? new Map<never, never>()).keys()]).toEqual([true]);
    clock.tick(1000);
    expect([room.removed, forgotten]).toEqual([undefined, [2 * REMEMBERED_MS - 1000, 2 * REMEMBERED_MS]]);
    expect(clock.timers).toBe(0);
  });

  it('is not remembered without a broker, nor where something newer has come', () => {
    const { clock, keys, room, remove } = removals();
    keys.add(room, 'a', { time: 1, node: '' });
    remove('b');
    remove('c');
    for (const key of ['b', 'c']) keys.forget(room.removed?.get(key) as Removed);
    clock.tick(REMEMBERED_MS);
    expect([room.removed, clock.timers]).toEqual([undefined, 0]);
  });

  it(`is at most ${MAX_REMOVED_KEYS} keys: the oldest is forgotten`, () => {
    const { keys, clock, room, forgotten, remove } = removals();
    for (let key = 0; key <= MAX_REMOVED_KEYS; key += 1) remove(`${key}`);
    expect([room.removed?.size, room.removed?.has('0'), forgotten.length]).toEqual([
      MAX_REMOVED_KEYS,
      false,
      1,
    ]);
    keys.close();
    expect(clock.timers).toBe(0);
  });
});
