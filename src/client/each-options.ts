// The options that `connect.each` has besides those of `connect`: their table and checks. The
// iteration itself is reconnection.ts.

import type { ClientSocket } from '../socket/client-socket.ts';
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
  /**
   * Says of each failed attempt, and of each end that this loop has not begun, whether to give up:
   * true ends the iteration with the error, false makes another attempt, undefined leaves it to the
   * built-in rules. What it throws ends the iteration. It is not asked about a UsageError. Default:
   * the built-in rules.
   */
  readonly isFinal?: (error: unknown) => boolean | undefined;
  /**
   * Called when the page wakes, that is at `online` and when it becomes visible, and a socket is
   * open: sends a message that the server answers. If no message comes in 5 s, or it throws, the
   * link is dead: 1006, by 'heartbeat'. Browsers only: Node has `heartbeat`. Default: an open link
   * is not probed.
   */
  readonly probe?: (ws: ClientSocket) => unknown;
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
  isFinal: [() => undefined, checkFunction],
  probe: [noop, checkFunction],
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
  const known = [...connectNames(platform), ...own].filter((name) => !platform.unknown.includes(name));
  checkNames(call, options, new Set(known));
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
