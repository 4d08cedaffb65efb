// The options of `connect.each` that `connect` has not, and what of an attempt's end
// is for good.

import { connectNames } from './connect-options.ts';
import type { ClientPlatform, ConnectOptions } from './connect-options.ts';
import { badArgument, checkFunction, checkNames, checkTimer } from '../core/arguments.ts';
import type { ConnectError, ConnectionLostError } from '../core/errors.ts';
import { MAX_TIMER_MS } from '../core/limits.ts';
import { noop } from '../core/noop.ts';
import { complete, namesOf } from '../core/options.ts';
import type { Check, Complete, OptionTable } from '../core/options.ts';

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

/** Options checked and filled in. */
export type EachSettings = Complete<EachOnly>;

/** What `connect.each` has besides the options of `connect`. */
export const EACH_OPTIONS: OptionTable<EachOnly> = {
  minDelayMs: [100, minDelayUpTo(MAX_TIMER_MS)],
  maxDelayMs: [30_000, checkTimer],
  steadyAfterMs: [5000, checkTimer],
  onRetry: [noop, checkFunction],
};

/**
 * Checks what `connect.each` alone has, and sets it apart.
 *
 * @param call - Named in errors.
 * @returns `each`, and `rest`: what `connect` has, too, and checks.
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function eachSettings(
  call: string,
  options: ConnectEachOptions,
  platform: ClientPlatform,
): { readonly each: EachSettings; readonly rest: ConnectOptions } {
  const own = namesOf(EACH_OPTIONS);
  checkNames(call, options, new Set([...connectNames(platform), ...own]));
  const each = complete<EachOnly>(call, options, EACH_OPTIONS);
  minDelayUpTo(each.maxDelayMs)(call, 'minDelayMs', each.minDelayMs);
  const rest = Object.fromEntries(Object.entries(options).filter(([name]) => !own.has(name)));
  return { each, rest };
}

function minDelayUpTo(maxDelayMs: number): Check {
  return (call, name, ms) => {
    if (typeof ms !== 'number' || !(ms >= 1 && ms <= maxDelayMs)) {
      throw badArgument(call, `${name} to be a number of milliseconds from 1 to maxDelayMs`, ms);
    }
  };
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
