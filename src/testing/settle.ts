// Waits in tests without sleeping: gives the event loop turns until everything that can run has
// run. The virtual clock moves time, and calls this.

import { realTurn } from './real-turn.ts';

/** Enough for a chain of yields. A turn without work costs some microseconds. */
const TURNS = 128;

/**
 * Runs everything that is ready now; no time passes.
 *
 * Waits for 128 turns of the event loop, in which chains of promises, messages in memory and
 * yields finish. What waits for a clock or for the network is still waiting afterwards.
 * Fake timers of a test runner do not change it.
 */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) await realTurn();
}
