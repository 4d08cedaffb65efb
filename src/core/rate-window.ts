// How many of something may come within a time: the shape that options share, its check, and the
// token bucket that keeps it. server/key-limits.ts counts handshakes with it,
// conversation/rate-meter.ts messages and bytes. A bucket is one number: the time at which it is
// full again. Nothing runs while no token is taken.

import { badArgument, checkCount, checkNames, checkPeriod } from './arguments.ts';

/** So many within a time. Unused ones add up to `burst`, and no further. */
export interface RateWindow {
  /** Tokens that come back within `perMs`, 1 to 2³¹−1. */
  readonly count: number;
  /** 1 to 2³¹−1 ms. */
  readonly perMs: number;
  /** Tokens at most, 1 to 2³¹−1; so many may be taken at once. Default `count`. */
  readonly burst?: number;
}

const NAMES: ReadonlySet<string> = new Set(['count', 'perMs', 'burst']);

/** Refuses what is no {@link RateWindow}. */
export function checkRateWindow(call: string, name: string, window: unknown): asserts window is RateWindow {
  if (typeof window !== 'object' || window === null) {
    throw badArgument(call, `${name} to be { count, perMs, burst }`, window);
  }
  checkNames(`${call}, ${name}`, window, NAMES);
  const { count, perMs, burst = 1 } = window as Partial<RateWindow>;
  checkCount(call, `${name}.count`, count);
  checkPeriod(call, `${name}.perMs`, perMs);
  checkCount(call, `${name}.burst`, burst);
}

/** A bucket that is full at any time. */
export const FULL_BUCKET: number = -Infinity;

/** What is lost by sums of fractions: a wait that is shorter than this is none. */
const ROUNDING_MS = 1e-3;

/** Gives the time until a bucket has so many tokens; 0 where it has them. */
export function waitForTokens(
  { count, perMs, burst = count }: RateWindow,
  fullMs: number,
  nowMs: number,
  tokens: number,
): number {
  const missing = tokens - burst;
  const waitMs = Math.max(fullMs - nowMs, 0) + (missing * perMs) / count;
  return waitMs > ROUNDING_MS ? waitMs : 0;
}

/** Takes tokens, also those that a bucket does not have. @returns When it is full again. */
export function takeTokens(
  { count, perMs }: RateWindow,
  fullMs: number,
  nowMs: number,
  tokens: number,
): number {
  return Math.max(fullMs, nowMs) + (tokens * perMs) / count;
}
