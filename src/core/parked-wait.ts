// A call that waits, as `host.waits` sees it. Reads, writes, selects and awaited tasks keep this in
// the record that they have anyway. server/host-waits.ts lists them, and finds the line of each.

import type { StackTrace } from './stack-trace.ts';

/**
 * The function that resolves the promise of a wait, as `new Promise` gave it. `host.waits` never
 * calls it: the engine finds the awaiting function by it (server/await-stacks.ts).
 */
export type Resolver = (value: never) => unknown;

/** A call that waits. */
export interface ParkedWait {
  readonly resolver: Resolver;
  /**
   * When it began to wait, on its clock. {@link UNTIL_LATER_TURN} where it only waits for a later
   * turn; NaN where nothing counts it: for `other`.
   */
  readonly sinceMs: number;
  /** Its time-out. Infinity, or missing, where it waits as long as it takes. */
  readonly timeoutMs?: number;
  /** The stack of the call, where one was taken. */
  readonly trace?: StackTrace | undefined;
}

/**
 * The `sinceMs` of a call that only waits for a later turn. A small integer, as are the times of
 * reads: V8 keeps it in the record of the call. Another number costs an object (row: idle sockets).
 */
export const UNTIL_LATER_TURN = -1;

/** The default `timeoutMs` of reads, as in `%CSP.WebSocket`: one day. */
export const DEFAULT_READ_TIMEOUT_MS: number = 86_400_000;

/** Whether one of some waits has a time-out below {@link DEFAULT_READ_TIMEOUT_MS}. */
export function hasTimeOut(waits: Iterable<readonly [waits: string, wait: ParkedWait]>): boolean {
  for (const [, { timeoutMs = Infinity }] of waits) if (timeoutMs < DEFAULT_READ_TIMEOUT_MS) return true;
  return false;
}
