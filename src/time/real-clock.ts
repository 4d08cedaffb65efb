// The clock of the machine. Its timers do not hold the process: an open port
// does that, a wait in memory does not. Who must be waited for says so with
// `holdProcess`.

import type { Clock } from './clock.ts';
import { nextTurn, startTimer } from '#platform';

export const realClock: Clock = Object.freeze({
  now: () => performance.now(),
  setTimeout: startTimer,
  clearTimeout: (handle: unknown) => clearTimeout(handle as NodeJS.Timeout | undefined),
  setImmediate: nextTurn,
});

/** Lets a timer keep the process alive, where its clock knows how. For deadlines that must come: `host.close`. */
export function holdProcess(handle: unknown): void {
  if (isHolding(handle)) handle.ref();
}

function isHolding(handle: unknown): handle is { ref(): void } {
  return typeof handle === 'object' && handle !== null && 'ref' in handle && typeof handle.ref === 'function';
}

/** The time of day in milliseconds since 1970, for dates that others read. Every wait is a clock's. */
export function wallTimeMs(): number {
  return Date.now();
}
