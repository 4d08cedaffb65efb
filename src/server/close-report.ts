// What `host.close` takes and what it gives: its options with their table, and its report.
// shut-down.ts does what the options say; the host calls both.

import type { Wait } from './host-waits.ts';
import { checkNames, checkTimer } from '../core/arguments.ts';
import { complete, namesOf } from '../core/options.ts';
import type { Complete, OptionTable } from '../core/options.ts';

/** Default `graceMs` of `host.close`, and the time that a socket has at its `maxLifetimeMs`. */
export const DEFAULT_GRACE_MS = 10_000;

export interface CloseHostOptions {
  /**
   * Time from the call until the drain begins, 0 to 2³¹−1 ms. `host.ready` is false from the call
   * on; nothing else changes before the drain. Default 0.
   */
  readonly delayMs?: number;
  /**
   * Time that handlers have from the abort of `ws.draining` until their sockets are closed, 0 to
   * 2³¹−1 ms. Default 10 000.
   */
  readonly graceMs?: number;
  /** Time over which the turns of the sockets are spread, 0 to 2³¹−1 ms. Default 0. */
  readonly spreadMs?: number;
}

export const CLOSE_OPTIONS: OptionTable<CloseHostOptions> = {
  delayMs: [0, checkTimer],
  graceMs: [DEFAULT_GRACE_MS, checkTimer],
  spreadMs: [0, checkTimer],
};

/** Checks the options of `host.close`. @throws UsageError `COROSOCK_ARGUMENT`. */
export function checkCloseOptions(options: CloseHostOptions): Complete<CloseHostOptions> {
  checkNames('host.close()', options, namesOf(CLOSE_OPTIONS));
  return complete('host.close()', options, CLOSE_OPTIONS);
}

export interface CloseReport {
  /** Handlers that ended by themselves after `draining`. */
  readonly finished: number;
  /** Handlers that ended once their socket was closed. */
  readonly closed: number;
  /** The sockets whose handler still ran at its deadline, each with where the handler waits. */
  readonly abandoned: readonly Wait[];
  /** From the call of `host.close` until the report, in milliseconds. */
  readonly tookMs: number;
}
