// The order of what is sent and subscribed to within one millisecond, which the clock does not
// tell: a message right behind a subscription has to come, one right before it does not. Nodes of
// one process, as in tests, share it with their clock.

import type { Clock } from '../time/clock.ts';

/** In milliseconds: a thousand of them are in one. */
const STEP_MS = 2 ** -10;

const last = new WeakMap<Clock, number>();

/**
 * Gives the time of a call: greater each time, and within the last millisecond of the clock. So
 * what has passed since it is never negative.
 */
export function orderedMs(clock: Clock): number {
  const atMs = Math.max(clock.now() - 1, (last.get(clock) ?? -Infinity) + STEP_MS);
  last.set(clock, atMs);
  return atMs;
}
