// What the runs of other nodes have told, and what their end and their return concern.

import { virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { MAX_PRESENT_BYTES, NODE_BYTES } from '../../src/hub/node-presence.ts';
import { MAX_STRANGER_ROOMS, NodeRuns } from '../../src/hub/node-runs.ts';
import { PresenceRoom } from '../../src/hub/presence-room.ts';
import { STEPS_A_TURN, TurnWork } from '../../src/hub/turn-work.ts';

const A = { id: 'a', epoch: 1 };
const A2 = { id: 'a', epoch: 2 };

function scene(): {
  readonly runs: NodeRuns;
  /** In which rooms which node was forgotten. */
  readonly forgotten: string[];
  readonly cuts: { count: number };
  rooms(count: number): readonly PresenceRoom[];
  turn(): Promise<void>;
} {
  const clock = virtualClock();
  const forgotten: string[] = [];
  const cuts = { count: 0 };
  const runs = new NodeRuns({
    sink: { presentElsewhere: (room, node, keys) => void (keys ?? forgotten.push(`${node} in ${room}`)) },
    work: new TurnWork(clock),
    onCut: () => void (cuts.count += 1),
  });
  return {
    runs,
    forgotten,
    cuts,
    rooms: (count) => Array.from({ length: count }, (_, index) => new PresenceRoom(`r${index}`)),
    turn: () => new Promise((resolve) => void clock.setImmediate(resolve)),
  };
}

describe('the end of a node', () => {
  it('concerns the rooms in which it has told something, and is forgotten there', () => {
    const { runs, forgotten, rooms } = scene();
    const [one, two, three] = rooms(3) as [PresenceRoom, PresenceRoom, PresenceRoom];
    const told = runs.presenceIn(one, A);
    expect(runs.presenceIn(one, A)).toBe(told);
    runs.presenceIn(two, A);
    runs.presenceIn(two, { id: 'b', epoch: 1 });
    runs.presenceIn(three, A);
    runs.leave(three);
    runs.end(A);
    runs.end({ id: 'unheard', epoch: 1 });
    expect([forgotten, [...(two.others?.keys() ?? [])]]).toEqual([['a in r0', 'a in r1'], ['b']]);
  });

  it(`K15: is told ${STEPS_A_TURN} rooms in a turn, and its next run is heard meanwhile`, async () => {
    const { runs, forgotten, rooms, turn } = scene();
    const all = rooms(STEPS_A_TURN + 2);
    for (const room of all) runs.presenceIn(room, A);
    runs.end(A);
    expect(forgotten.length).toBe(STEPS_A_TURN);
    const last = all.at(-1) as PresenceRoom;
    const anew = runs.presenceIn(last, A2);
    expect([forgotten.at(-1), anew?.run.epoch]).toEqual([`a in ${last.name}`, 2]);
    await turn();
    expect([forgotten.length, last.others?.get('a')]).toEqual([all.length, anew]);
  });
});

describe('a node that is known again', () => {
  it('may have told more where it had told something, or has as a stranger', () => {
    const { runs, rooms } = scene();
    const [one, two] = rooms(2) as [PresenceRoom, PresenceRoom];
    runs.presenceIn(one, A);
    runs.end(A);
    runs.toldAsStranger(A, two);
    expect([runs.begin(A), runs.begin(A)]).toEqual([new Set([one, two]), new Set()]);
    runs.toldAsStranger(A, two);
    expect(runs.begin(A2)).toEqual(new Set());
  });

  it('may have told more anywhere where it was in many rooms', () => {
    const { runs, rooms } = scene();
    const many = rooms(MAX_STRANGER_ROOMS + 1);
    for (const room of many) runs.presenceIn(room, A);
    runs.end(A);
    for (const room of [...many, ...many]) runs.toldAsStranger({ id: 'b', epoch: 1 }, room);
    expect([runs.begin(A), runs.begin({ id: 'b', epoch: 1 })]).toEqual(['all', 'all']);
  });

  it('is one of 1,000 that are remembered', () => {
    const { runs, rooms } = scene();
    const [room] = rooms(1) as [PresenceRoom];
    for (let node = 0; node <= 1000; node += 1) runs.toldAsStranger({ id: `${node}`, epoch: 1 }, room);
    expect([runs.begin({ id: '0', epoch: 1 }), runs.begin({ id: '1', epoch: 1 })]).toEqual([
      new Set(),
      new Set([room]),
    ]);
  });
});

describe('what all nodes have told', () => {
  it('is bounded, also where they tell of nobody: the list of the room is then not whole', () => {
    const { runs, rooms, cuts } = scene();
    const [room] = rooms(1) as [PresenceRoom];
    const most = Math.floor(MAX_PRESENT_BYTES / NODE_BYTES);
    let count = 0;
    while (runs.presenceIn(room, { id: `${count}`, epoch: 1 }) !== undefined) count += 1;
    expect([count, cuts.count, room.isCut, room.isUnsure('one more', Infinity)]).toEqual([
      most,
      1,
      true,
      true,
    ]);
  });
});
