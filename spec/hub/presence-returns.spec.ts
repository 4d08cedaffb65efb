// Presence of nodes whose heartbeats are lost for more than a minute, while what they tell in rooms
// arrives: they are forgotten, and come back as they were. And how often a room is asked.

import { describe, expect, it, vi } from 'vitest';
import { losingNodes } from './presence-nodes.ts';
import type { PresenceNode } from './presence-nodes.ts';
import { MAX_STRANGER_ROOMS } from '../../src/hub/node-runs.ts';

/** Rooms in which `b` listens. */
const ROOMS = Array.from({ length: 500 }, (_, index) => `room ${index}`);

/** Two nodes, of which `a` counts a socket in the first rooms of `b`. */
async function scene(count: number): Promise<{
  readonly a: PresenceNode;
  readonly b: PresenceNode;
  /** Loses heartbeats until the nodes have forgotten each other. */
  forget(): Promise<void>;
  /** Lets them through. @returns To how many rooms `b` sends something then. */
  comeBack(): Promise<number>;
}> {
  const { deployed, drops, nodes } = await losingNodes('a', 'b');
  const [a, b] = nodes;
  // So that others are asked about each room that is entered.
  a.track('ada');
  await deployed.clock.advance(1000);
  for (const room of ROOMS) b.presence(room).changes();
  await deployed.clock.advance(6000);
  for (const room of ROOMS.slice(0, count)) a.track('ada', undefined, room);
  await deployed.clock.advance(3000);
  return {
    a,
    b,
    async forget() {
      drops.add('nodes');
      await deployed.clock.advance(70_000);
    },
    async comeBack() {
      const publish = vi.spyOn(b.link, 'publish');
      drops.clear();
      await deployed.clock.advance(8000);
      return new Set(publish.mock.calls.map(([address]) => address).filter((to) => to.startsWith('room:')))
        .size;
    },
  };
}

const heardIn = (node: PresenceNode, count: number): readonly string[] =>
  ROOMS.slice(0, count).filter((room) => node.counts(room)['ada'] === 1);

describe('a node that comes back as it was', () => {
  it('is asked in the rooms in which it has told something, before or meanwhile', async () => {
    const { a, b, forget, comeBack } = await scene(3);
    expect(heardIn(b, ROOMS.length).length).toBe(3);
    await forget();
    a.track('ada', undefined, ROOMS[3]);
    expect(heardIn(b, ROOMS.length)).toEqual([]);
    // The room r is the fifth.
    expect([await comeBack(), heardIn(b, ROOMS.length).length]).toEqual([5, 4]);
  });

  it('is asked in all rooms where it was in many', async () => {
    const { b, forget, comeBack } = await scene(MAX_STRANGER_ROOMS + 1);
    await forget();
    expect([await comeBack(), heardIn(b, MAX_STRANGER_ROOMS + 1).length]).toEqual([
      ROOMS.length + 1,
      MAX_STRANGER_ROOMS + 1,
    ]);
  });

  it('is not asked in a room that was left meanwhile', async () => {
    const { a, b, forget, comeBack } = await scene(0);
    const changes = b.presence('other').changes();
    a.track('ada', undefined, 'other');
    await forget();
    changes.close();
    await forget();
    expect(await comeBack()).toBe(1);
  });
});

describe('a room in which something was lost twice', () => {
  it('is asked a second time, a second later', async () => {
    const { deployed, nodes } = await losingNodes('a', 'b');
    const [a, b] = nodes;
    a.track('ada');
    await deployed.clock.advance(3000);
    const publish = vi.spyOn(b.link, 'publish');
    const asks = (): number => publish.mock.calls.filter(([address]) => address === 'room:r').length;
    for (let gap = 0; gap < 2; gap += 1) {
      b.link.cut();
      b.link.mend();
      await deployed.clock.advance(300);
    }
    expect(asks()).toBe(1);
    await deployed.clock.advance(1000);
    expect([asks(), b.counts()]).toEqual([2, { ada: 1 }]);
  });
});
