// Many keys of one room that come and leave at a time: they are looked at in slices, one a turn.

import { describe, expect, it } from 'vitest';
import { ScriptedRooms } from './scripted-rooms.ts';
import { KEYS_A_TURN } from '../../src/rooms/presence-state.ts';
import type { PresentKey } from '../../src/rooms/relay.ts';
import { turn } from '../time/hand-clock.ts';

const GRACE_MS = 5000;
const MANY = 2 * KEYS_A_TURN + 1;
const KEYS: ReadonlyMap<string, PresentKey> = new Map(
  Array.from({ length: MANY }, (_, index) => [`user ${index}`, { sockets: 1, meta: [] }]),
);

/** As many as there are slices. */
async function threeTurns(): Promise<void> {
  for (let turns = 0; turns < 3; turns += 1) await turn();
}

/** A room, and how many keys its changes have told since the last look. */
function scene(): {
  readonly rooms: ScriptedRooms;
  tell(keys?: ReadonlyMap<string, PresentKey>): void;
  taken(): Promise<readonly [joined: number, left: number]>;
} {
  const rooms = new ScriptedRooms();
  const changes = rooms.room('r').presence.changes();
  return {
    rooms,
    tell: (keys) => rooms.registry.presentElsewhere('r', 'n', keys, KEYS.keys()),
    async taken() {
      const [change] = changes.size === 0 ? [] : await changes.take();
      return [change?.joined.length ?? 0, change?.left.length ?? 0];
    },
  };
}

describe('many keys of another node', () => {
  it(`join ${KEYS_A_TURN} in a turn`, async () => {
    const { tell, taken } = scene();
    tell(KEYS);
    const joined: number[] = [];
    for (let turns = 0; turns < 4; turns += 1, await turn()) joined.push((await taken())[0]);
    expect(joined).toEqual([KEYS_A_TURN, KEYS_A_TURN, 1, 0]);
  });

  it(`leave ${KEYS_A_TURN} at one time, and are listed without sockets until then`, async () => {
    const { rooms, tell, taken } = scene();
    tell(KEYS);
    await threeTurns();
    await taken();
    tell();
    const { members } = rooms.room('r').presence.list();
    expect([members.size, [...members.values()].filter(({ sockets }) => sockets > 0)]).toEqual([MANY, []]);
    await threeTurns();
    rooms.clock.tick(GRACE_MS - 1);
    const left = [(await taken())[1]];
    for (let ms = 0; ms < 3; ms += 1) {
      rooms.clock.tick(1);
      left.push((await taken())[1]);
    }
    expect([left, rooms.clock.timers]).toEqual([[0, KEYS_A_TURN, KEYS_A_TURN, 1], 0]);
  });

  it('that are back before their turn do not leave', async () => {
    const { rooms, tell, taken } = scene();
    tell(KEYS);
    await threeTurns();
    await taken();
    tell();
    tell(KEYS);
    await threeTurns();
    rooms.clock.tick(2 * GRACE_MS);
    expect([await taken(), rooms.clock.timers]).toEqual([[0, 0], 0]);
  });
});
