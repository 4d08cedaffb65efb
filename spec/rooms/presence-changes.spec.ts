// What waits for a taker of presence: one change, to which later ones are added up.

import { describe, expect, it } from 'vitest';
import { PresenceChanges } from '../../src/rooms/presence-changes.ts';
import { growth, LINEAR } from '../faults/growth.ts';
import { HandClock } from '../time/hand-clock.ts';

function changes(): PresenceChanges {
  return new PresenceChanges(new HandClock(), () => {});
}

describe('PresenceChanges', () => {
  it('adds up what was not taken', () => {
    const queue = changes();
    queue.add(['a', 'b'], []);
    queue.add(['c'], ['a', 'd']);
    expect([queue.size, queue.take(), queue.size]).toEqual([
      1,
      [{ joined: ['b', 'c'], left: ['d'] }, 'ok'],
      0,
    ]);
  });

  it('has nothing to tell of keys that came and went, or went and came', () => {
    const queue = changes();
    queue.add(['a'], ['b']);
    queue.add(['b'], ['a']);
    expect([queue.size, queue.ready()]).toEqual([0, false]);
    queue.add(['a'], []);
    expect(queue.take()).toEqual([{ joined: ['a'], left: [] }, 'ok']);
  });

  it('does not change what was taken, nor lists that it was given', () => {
    const queue = changes();
    const joined = ['a'];
    queue.add(joined, []);
    const [taken] = queue.take();
    queue.add(['b'], []);
    queue.add(['c'], []);
    expect([joined, taken, queue.take()[0]]).toEqual([
      ['a'],
      { joined: ['a'], left: [] },
      { joined: ['b', 'c'], left: [] },
    ]);
  });

  it('adds nothing to a value that its user has put', async () => {
    const queue = changes();
    await queue.put({ joined: ['mine'], left: [] }, 0, undefined);
    queue.add(['a'], []);
    expect([queue.take()[0]?.joined, queue.take()[0]?.joined]).toEqual([['mine'], ['a']]);
  });

  it('gives what a take has waited for, and the next change apart from it', async () => {
    const queue = changes();
    const taking = queue.takeOrWait({ timeoutMs: Infinity, signal: undefined, owner: undefined });
    queue.add(['a'], []);
    queue.add([], ['a']);
    const next = queue.takeOrWait({ timeoutMs: 0, signal: undefined, owner: undefined });
    expect([await taking, await next]).toEqual([
      [{ joined: ['a'], left: [] }, 'ok'],
      [{ joined: [], left: ['a'] }, 'ok'],
    ]);
  });

  it.each([1, 2, Infinity])('adds up a change of many keys in linear time, %s at a time', async (atOnce) => {
    const ratio = await growth(500, (size) => {
      const keys = Array.from({ length: size }, (_, index) => `user ${index}`);
      const queue = changes();
      queue.add(keys, []);
      const last = keys.toReversed();
      const step = Math.min(atOnce, size);
      return () => {
        for (let next = 0; next < size; next += step) queue.add([], last.slice(next, next + step));
      };
    });
    expect(ratio).toBeLessThan(LINEAR);
  });
});
