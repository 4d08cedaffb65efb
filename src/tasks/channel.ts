// The words of a channel. Types only: bounded-channel.ts is what is held, and how
// it is made.

import type { Clock } from '../time/clock.ts';
import type { ReadResult, WriteStatus } from '../core/status.ts';
import type { WaitOptions } from '../core/wait-options.ts';

/**
 * A bounded queue between tasks.
 *
 * What was put is taken once, in the order of the calls; who takes and who puts is
 * served first come, first served. A call that is not awaited never becomes an
 * unhandled rejection.
 */
export interface Channel<T> extends AsyncIterable<T>, Disposable {
  /** Values that were put and not taken; those of a `put` that still waits do not count. */
  readonly size: number;

  /**
   * Puts one value behind the others.
   *
   * @param options - `timeoutMs`: longest wait for room, ≥ 0, by default as long as
   *   it takes; `signal`: aborting rejects with its reason, and nothing was put.
   * @returns `ok` once it is there; `timeout`: nothing was put; `closed`: nothing
   *   was put, and nothing can be; `dropped`: it was the newest, the channel is
   *   full, and `whenFull` is `drop-newest`.
   * @throws UsageError `COROSOCK_ARGUMENT`. The signal's reason, when it aborts.
   */
  put(value: T, options?: WaitOptions): Promise<WriteStatus | 'dropped'>;

  /**
   * Takes the oldest value.
   *
   * @param options - `timeoutMs`: longest wait, ≥ 0, by default as long as it takes;
   *   0 takes what is there. `signal`: aborting rejects with its reason.
   * @returns `[value, 'ok']`, `[undefined, 'timeout']` or `[undefined, 'closed']`.
   *   What is not `ok` has taken nothing. `closed` comes after everything that was put.
   * @throws UsageError `COROSOCK_ARGUMENT`. The signal's reason, when it aborts.
   */
  take(options?: WaitOptions): Promise<ReadResult<T>>;

  /**
   * Closes it for further values.
   *
   * What was put stays to be taken; then `closed`. A `put` that waits is `closed`,
   * and puts nothing. Further calls do nothing.
   */
  close(): void;

  /** Iterates over the values until the close. `break` leaves the channel open, and nothing is lost. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T>;
}

/** What a channel does with a value for which it has no room. */
export type WhenFull = 'wait' | 'drop-oldest' | 'drop-newest';

export interface ChannelOptions {
  /** Values that it holds at most: integer ≥ 1. Default 64. */
  readonly capacity?: number;
  /** `put` waits (default), the oldest value is dropped, or the new one is. */
  readonly whenFull?: WhenFull;
  /** Default: the real one. */
  readonly clock?: Clock | undefined;
}
