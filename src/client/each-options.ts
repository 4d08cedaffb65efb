// The options of `connect.each` that `connect` has not, and what of an attempt's end
// is for good.

import { connectNames } from './connect-options.ts';
import type { ClientPlatform, ConnectOptions } from './connect-options.ts';
import { badArgument, checkNames, checkTimer, pickDefined } from '../core/arguments.ts';
import type { ConnectError, ConnectionLostError } from '../core/errors.ts';
import { DEFAULT_MAX_DELAY_MS, DEFAULT_MIN_DELAY_MS, DEFAULT_STEADY_AFTER_MS } from '../core/limits.ts';

export interface ConnectEachOptions extends ConnectOptions {
  /** Stops the iteration, which rejects with the signal's reason; the socket at hand is closed with 1000. */
  readonly signal?: AbortSignal;
  /** Shortest wait before another attempt, 1 to `maxDelayMs`. Default 100. */
  readonly minDelayMs?: number;
  /** Longest wait, up to 2³¹−1. Default 30 000. */
  readonly maxDelayMs?: number;
  /** A connection that lived for so long lets the waits begin anew, 0 to 2³¹−1. Default 5 000. */
  readonly steadyAfterMs?: number;
  /** Called before each wait: why there is another attempt, and when. What it throws ends the iteration. */
  readonly onRetry?: (cause: ConnectError | ConnectionLostError, delayMs: number) => void;
}

type EachOnly = Omit<ConnectEachOptions, keyof ConnectOptions>;

/** Options checked and complete. */
export type EachSettings = Required<EachOnly>;

const EACH_OPTIONS: readonly (keyof EachOnly)[] = Object.freeze([
  'minDelayMs',
  'maxDelayMs',
  'steadyAfterMs',
  'onRetry',
]);

const DEFAULTS: EachSettings = Object.freeze({
  minDelayMs: DEFAULT_MIN_DELAY_MS,
  maxDelayMs: DEFAULT_MAX_DELAY_MS,
  steadyAfterMs: DEFAULT_STEADY_AFTER_MS,
  onRetry: () => {},
});

/**
 * Checks what `connect.each` alone has, and sets it apart.
 *
 * @param call - Named in errors.
 * @returns `each`, and `rest`: what is `connect`'s to check.
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function eachSettings(
  call: string,
  options: ConnectEachOptions,
  surroundings: ClientPlatform,
): { readonly each: EachSettings; readonly rest: ConnectOptions } {
  checkNames(call, options, new Set([...connectNames(surroundings), ...EACH_OPTIONS]));
  const each = { ...DEFAULTS, ...pickDefined<ConnectEachOptions, keyof EachOnly>(options, EACH_OPTIONS) };
  checkTimer(call, 'maxDelayMs', each.maxDelayMs);
  if (typeof each.minDelayMs !== 'number' || !(each.minDelayMs >= 1 && each.minDelayMs <= each.maxDelayMs)) {
    throw badArgument(
      call,
      'minDelayMs to be a number of milliseconds from 1 to maxDelayMs',
      each.minDelayMs,
    );
  }
  checkTimer(call, 'steadyAfterMs', each.steadyAfterMs);
  if (typeof each.onRetry !== 'function') {
    throw badArgument(call, 'onRetry to be a function', each.onRetry);
  }
  const { minDelayMs: _min, maxDelayMs: _max, steadyAfterMs: _steady, onRetry: _retry, ...rest } = options;
  return { each, rest };
}

/** Answers that will be the same next time: who we are, or what we ask, is wrong. */
const FINAL_STATUSES: ReadonlySet<number | undefined> = new Set([400, 401, 403, 404]);
/** The same of closes: a rule, a kind of data or a limit that one side does not share with the other. */
const FINAL_CODES: ReadonlySet<number> = new Set([1002, 1003, 1007, 1008, 1009, 1010]);

/** Tells whether another attempt would end like this one. */
export function isFinal(cause: ConnectError | ConnectionLostError): boolean {
  return cause.code === 'COROSOCK_CONNECT'
    ? FINAL_STATUSES.has(cause.status)
    : FINAL_CODES.has(cause.closeInfo.code);
}
