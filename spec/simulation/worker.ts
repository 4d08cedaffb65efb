// A worker of run.js: plays every scenario under a share of all seeds, and says in shared memory
// where it is, so that run.js sees a play that hangs.

import { parentPort, workerData } from 'node:worker_threads';
import { playSeed } from './play.ts';
import { SCENARIOS } from './scenarios.ts';

/** What run.js gives. */
interface Share {
  readonly words: readonly string[];
  /** It plays `first`, `first + stride`, … below `end`. */
  readonly first: number;
  readonly stride: number;
  readonly end: number;
  readonly untilMs: number;
  /** Whether each seed plays one scenario, and all take turns, fifteen seeds each. */
  readonly turns: boolean;
  /** Seed and scenario that are played now, and plays so far. */
  readonly place: Int32Array;
}

/** So many seeds in a row meet each kind of faults, over messages and over bytes. */
const TURN = 15;

const share = workerData as Share;
const scenarios = SCENARIOS.filter(
  ({ name }) => share.words.length === 0 || share.words.some((word) => name.includes(word)),
);
const totals = { plays: 0, steps: 0, virtualMs: 0, seeds: 0 };

/** Plays whose promises have failed unseen: the play before may be the one to blame. */
process.on('unhandledRejection', (reason) => tell('an unhandled rejection', share.place[0] ?? 0, reason));

for (let seed = share.first; seed < share.end && Date.now() < share.untilMs; seed += share.stride) {
  for (const [at, scenario] of scenarios.entries()) {
    if (share.turns && Math.floor(seed / TURN) % scenarios.length !== at) continue;
    share.place.set([seed, at, totals.plays]);
    try {
      const { steps, virtualMs } = await playSeed(scenario, seed);
      totals.steps += steps;
      totals.virtualMs += virtualMs;
    } catch (error) {
      tell(scenario.name, seed, error);
    }
    totals.plays += 1;
  }
  totals.seeds += 1;
}
report({ totals });

function tell(name: string, seed: number, error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const cause = error instanceof Error && error.cause instanceof Error ? `\n${error.cause.stack}` : '';
  report({ failure: { name, seed, text: `${text}${cause}` } });
}

function report(message: object): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port has no origin
  parentPort?.postMessage(message);
}
