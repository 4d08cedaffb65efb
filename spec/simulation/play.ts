// Plays one scenario under one seed. Time passes by itself: when nothing is ready, it jumps to the
// next delivery or timer.

import type { Scenario, World } from './scene.ts';
import { SeededWorld } from '../../src/testing/simulation/world.ts';

/** A scenario that is not over by then has failed. */
const UNTIL_MS = 3_600_000;
const POLL_MS = 1;

/** What a play has done. */
export interface Played {
  readonly steps: number;
  readonly virtualMs: number;
}

/** @throws Error that names the scenario and its seed; its cause is what went wrong. */
export async function playSeed({ name, play }: Scenario, seed: number): Promise<Played> {
  const w = new SeededWorld({ seed, faults: 'none' });
  const checks: Array<() => void> = [];
  try {
    await toTheEnd(w, play(Object.assign(w, { ...checksOf(w, checks) }) as World), checks);
    await w[Symbol.asyncDispose]();
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw new Error(`Seed ${seed} of '${name}' fails at t=${w.clock.now()}: ${what}`, { cause: error });
  }
  return { steps: w.agenda.steps, virtualMs: w.clock.now() };
}

/** Lets time pass until the play is over. */
async function toTheEnd(
  w: SeededWorld,
  playing: Promise<void>,
  checks: ReadonlyArray<() => void>,
): Promise<void> {
  let isOver = false;
  const over = playing.finally(() => (isOver = true));
  over.catch(() => {});
  for (;;) {
    await w.settle();
    await new Promise((resolve) => setImmediate(resolve));
    await w.settle();
    for (const check of checks) check();
    if (isOver) return over;
    const { nextMs } = w.agenda;
    if (nextMs === Infinity) throw new Error('nothing is to come, and it is not over');
    if (nextMs > UNTIL_MS) throw new Error('it has not ended');
    w.agenda.jumpTo(nextMs);
  }
}

function checksOf(w: SeededWorld, checks: Array<() => void>): Pick<World, 'always' | 'eventually'> {
  return {
    always: (_, check) => void checks.push(check),
    eventually: async (name, check, withinMs) => {
      for (const untilMs = w.clock.now() + withinMs; !check();) {
        if (w.clock.now() >= untilMs) throw new Error(`not so within ${withinMs} ms: ${name}`);
        await new Promise<void>((resolve) => void w.clock.setTimeout(resolve, POLL_MS));
      }
    },
  };
}
