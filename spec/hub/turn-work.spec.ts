// Work on many rooms: so many steps in a turn, the first of them at once.

import { virtualClock } from 'corosock/testing';
import type { VirtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { LateLook, STEPS_A_TURN, TurnWork } from '../../src/hub/turn-work.ts';

function scene(): {
  readonly clock: VirtualClock;
  readonly work: TurnWork;
  /** What was done, in order. */
  readonly done: string[];
  steps(name: string, count: number): IterableIterator<void>;
  /** Resolves after so many turns. */
  turn(): Promise<void>;
} {
  const clock = virtualClock();
  const done: string[] = [];
  return {
    clock,
    work: new TurnWork(clock),
    done,
    *steps(name, count) {
      for (let step = 0; step < count; step += 1) yield void done.push(name);
    },
    turn: () => new Promise((resolve) => void clock.setImmediate(resolve)),
  };
}

describe('work on many rooms', () => {
  it(`K15: does ${STEPS_A_TURN} steps at once, and as many in each further turn, in order`, async () => {
    const { work, done, steps, turn } = scene();
    work.push(steps('a', 2 * STEPS_A_TURN));
    work.push(steps('b', 1));
    expect(done.length).toBe(STEPS_A_TURN);
    await turn();
    expect([done.length, done.includes('b')]).toEqual([2 * STEPS_A_TURN, false]);
    await turn();
    expect([done.length, done.at(-1)]).toEqual([2 * STEPS_A_TURN + 1, 'b']);
  });

  it('begins at once again when a turn has passed', async () => {
    const { work, done, steps, turn } = scene();
    work.push(steps('a', 1));
    work.push(steps('b', 1));
    expect(done).toEqual(['a']);
    await turn();
    await turn();
    work.push(steps('c', 1));
    expect(done).toEqual(['a', 'b', 'c']);
  });

  it('does nothing more once it is closed', async () => {
    const { work, done, steps, turn } = scene();
    work.push(steps('a', STEPS_A_TURN + 1));
    work.close();
    await turn();
    expect(done.length).toBe(STEPS_A_TURN);
  });
});

describe('looks at all rooms', () => {
  it('are one where they wait: for what was missed after the earliest time', async () => {
    const { work, done, steps, turn } = scene();
    const looks = new LateLook(work, (sinceMs) => steps(`since ${sinceMs}`, STEPS_A_TURN));
    for (const sinceMs of [5, 9, 7, 8]) looks.begin(sinceMs);
    expect(new Set(done)).toEqual(new Set(['since 5']));
    for (let count = 0; count < 5; count += 1) await turn();
    expect([done.length, new Set(done)]).toEqual([2 * STEPS_A_TURN, new Set(['since 5', 'since 7'])]);
    looks.begin(3);
    expect(done.at(-1)).toBe('since 3');
  });
});
