// What users hold of a channel, and its options. Types only. bounded-channel.ts makes a channel
// and implements these types; value-queue.ts keeps its values and its waits.

import type { Clock } from '../time/clock.ts';
import type { ReadResult, WriteStatus } from '../core/status.ts';
import type { WaitOptions } from '../core/wait-options.ts';

/**
 * A bounded queue of values between tasks.
 *
 * Each value is taken once, in the order in which the values were put. Calls of `take` are served
 * in the order of the calls, and so are calls of `put`. A call that is not awaited never becomes
 * an unhandled rejection. `using` closes the channel at the end of the scope.
 */
export interface Channel<T> extends AsyncIterable<T>, Disposable {
  /** The number of values that can be taken. The value of a `put` that waits does not count. */
  readonly size: number;

  /**
   * Adds a value behind the others.
   *
   * A full channel acts by its option `whenFull`. By default `put` waits until there is room.
   *
   * @param value - Any value, undefined and promises included.
   * @param options - `timeoutMs`: longest wait for room in milliseconds, ≥ 0; 0 does not wait.
   *   Default `Infinity`: no time-out. `signal`: aborting rejects with the signal's reason, and the
   *   value is not put.
   * @returns `ok`: the value is in the channel. `timeout`: the value was not put. `closed`: the
   *   channel is closed, and the value was not put. `dropped`: the channel is full, its `whenFull`
   *   is `drop-newest`, and the value was dropped.
   * @throws UsageError `COROSOCK_ARGUMENT`. The signal's reason when it aborts.
   */
  put(value: T, options?: WaitOptions): Promise<WriteStatus | 'dropped'>;

  /**
   * Takes the oldest value; waits while the channel is empty.
   *
   * @param options - `timeoutMs`: longest wait in milliseconds, ≥ 0; 0 takes only what is there.
   *   Default `Infinity`: no time-out. `signal`: aborting rejects with the signal's reason.
   * @returns `[value, 'ok']`, `[undefined, 'timeout']` or `[undefined, 'closed']`. Only `ok` takes
   *   a value. `closed` comes after all values that were put, and then every time.
   * @throws UsageError `COROSOCK_ARGUMENT`. The signal's reason when it aborts.
   */
  take(options?: WaitOptions): Promise<ReadResult<T>>;

  /**
   * Closes the channel for further values.
   *
   * Values that were put can still be taken; after them `take` gives `closed`. A `put` that waits
   * for room ends with `closed`, and its value is not put. Further calls do nothing.
   */
  close(): void;

  /**
   * Iterates over the values until the channel is closed and empty.
   *
   * `break` leaves the channel open and loses no value. Several loops share the values.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<T>;
}

/** What `put` does when the channel is full: waits, or drops the oldest or the newest value. */
export type WhenFull = 'wait' | 'drop-oldest' | 'drop-newest';

export interface ChannelOptions {
  /** Most values in the channel: an integer from 1 to 2³¹−1. Default 64. */
  readonly capacity?: number;
  /**
   * What `put` does when the channel is full. `wait`: waits for room. `drop-oldest`: drops the
   * oldest value. `drop-newest`: drops the value of the call. Default `wait`.
   */
  readonly whenFull?: WhenFull;
  /** Measures time-outs. Default: the real clock. */
  readonly clock?: Clock | undefined;
}
