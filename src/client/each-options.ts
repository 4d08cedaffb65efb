// The options that `connect.each` has besides those of `connect`: their table and checks. Also
// which end of an attempt is final. The iteration itself is reconnection.ts.

import { connectNames } from './connect-options.ts';
import type { ClientPlatform, ConnectOptions } from './connect-options.ts';
import { badArgument, checkFunction, checkNames, checkTimer } from '../core/arguments.ts';
import type { ConnectError, ConnectionLostError } from '../core/errors.ts';
import { MAX_TIMER_MS } from '../core/limits.ts';
import { noop } from '../core/noop.ts';
import { complete, namesOf } from '../core/options.ts';
import type { Check, Complete, OptionTable } from '../core/options.ts';

export interface ConnectEachOptions extends ConnectOptions {
  /**
   * Ends the iteration when it aborts, with the signal's reason. The open socket is closed with
   * 1000. Default none.
   */
  readonly signal?: AbortSignal;
  /** Shortest wait before another attempt, 1 to `maxDelayMs` ms. Default 100. */
  readonly minDelayMs?: number;
  /** Longest wait before another attempt, 0 to 2³¹−1 ms. Default 30 000. */
  readonly maxDelayMs?: number;
  /**
   * Life of a connection after which the waits begin again at `minDelayMs`, 0 to 2³¹−1 ms.
   * Default 5 000.
   */
  readonly steadyAfterMs?: number;
  /**
   * Called before each wait with the reason of another attempt and its delay. What it throws ends
   * the iteration. Default: nothing is called.
   */
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

/** HTTP answers that the next attempt would get again: credentials or request are wrong. */
const FINAL_STATUSES: ReadonlySet<number | undefined> = new Set([400, 401, 403, 404]);
/** Close codes that it would get again: the sides differ in a rule, a kind of data or a limit. */
const FINAL_CODES: ReadonlySet<number> = new Set([1002, 1003, 1007, 1008, 1009, 1010]);

/** Tells whether another attempt would end like this one. */
export function isFinal(cause: ConnectError | ConnectionLostError): boolean {
  return cause.code === 'COROSOCK_CONNECT'
    ? FINAL_STATUSES.has(cause.status)
    : FINAL_CODES.has(cause.closeInfo.code);
}
