// The clock of the machine. Its timers do not keep the process alive: an open port does that, a
// wait in memory does not. `holdProcess` is for a deadline that must come.

import type { Clock } from './clock.ts';
import { nextTurn, startTimer } from '#platform';

export const realClock: Clock = Object.freeze({
  now: () => performance.now(),
  setTimeout: startTimer,
  clearTimeout: (handle: unknown) => clearTimeout(handle as NodeJS.Timeout | undefined),
  setImmediate: nextTurn,
  wallTimeMs,
});

/**
 * Makes a timer keep the process alive, if its clock supports that. For a deadline that must come:
 * the one of `host.close`.
 */
export function holdProcess(handle: unknown): void {
  if (isHolding(handle)) handle.ref();
}

function isHolding(handle: unknown): handle is { ref(): void } {
  return typeof handle === 'object' && handle !== null && 'ref' in handle && typeof handle.ref === 'function';
}

/**
 * Gives the time of day in milliseconds since 1970, for dates that other systems read. Waits use
 * a `Clock`.
 */
export function wallTimeMs(): number {
  return Date.now();
}

/** Gives the time of day of a clock; that of the machine for a clock without one. */
export function wallTimeOf(clock: Clock): number {
  return clock.wallTimeMs?.() ?? wallTimeMs();
}
