// `channel()` and the object that it returns: checks the arguments of each call and passes them on
// to the queue below, value-queue.ts. What users hold is declared in channel.ts.

import type { Channel, ChannelOptions } from './channel.ts';
import { ValueQueue } from './value-queue.ts';
import { rejected } from '../waiting/abortable.ts';
import { realClock } from '../time/real-clock.ts';
import { checkClock, checkCount, checkNames, oneOf } from '../core/arguments.ts';
import { complete, namesOf } from '../core/options.ts';
import type { OptionTable } from '../core/options.ts';
import { source } from '../core/source.ts';
import type { Source, SourcePort } from '../core/source.ts';
import type { ReadResult, WriteStatus } from '../core/status.ts';
import { checkWait } from '../core/wait-options.ts';
import type { WaitOptions } from '../core/wait-options.ts';

export const CHANNEL_OPTIONS: OptionTable<ChannelOptions> = {
  capacity: [64, checkCount],
  whenFull: ['wait', oneOf('wait', 'drop-oldest', 'drop-newest')],
  clock: [realClock, checkClock],
};

/**
 * Makes a channel: a bounded queue of values between tasks.
 *
 * `using jobs = channel<Job>()` closes it at the end of the scope.
 *
 * @param options - `capacity`: most values in the channel, an integer from 1 to 2³¹−1; default 64.
 *   `whenFull`: what `put` does when the channel is full. `wait`, the default, waits for room;
 *   `drop-oldest` drops the oldest value, `drop-newest` the value of the call. `clock`: measures
 *   time-outs; default: the real clock.
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function channel<T>(options: ChannelOptions = {}): Channel<T> {
  checkNames('channel()', options, namesOf(CHANNEL_OPTIONS));
  const { capacity, whenFull, clock } = complete('channel()', options, CHANNEL_OPTIONS);
  return channelOver(new ValueQueue<T>(capacity, whenFull, clock));
}

/** Makes a channel over a queue that bounds itself: that of `room.subscribe`. */
export function channelOver<T>(queue: ValueQueue<T>): Channel<T> {
  return new BoundedChannel<T>(queue);
}

class BoundedChannel<T> implements Channel<T>, Source<ReadResult<T>> {
  readonly #queue: ValueQueue<T>;

  constructor(queue: ValueQueue<T>) {
    this.#queue = queue;
  }

  get size(): number {
    return this.#queue.size;
  }

  get [source](): SourcePort<ReadResult<T>> {
    return this.#queue;
  }

  put(value: T, options: WaitOptions = NO_OPTIONS): Promise<WriteStatus | 'dropped'> {
    try {
      if (options !== NO_OPTIONS) checkWait('channel.put()', options);
      const { timeoutMs = Infinity, signal } = options;
      return this.#queue.put(value, timeoutMs, signal);
    } catch (error) {
      return rejected(error);
    }
  }

  take(options: WaitOptions = NO_OPTIONS): Promise<ReadResult<T>> {
    try {
      if (options !== NO_OPTIONS) checkWait('channel.take()', options);
      const { timeoutMs = Infinity, signal } = options;
      return this.#queue.takeOrWait({ timeoutMs, signal, owner: undefined });
    } catch (error) {
      return rejected(error);
    }
  }

  close(): void {
    this.#queue.close();
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<T> {
    return new ChannelIterator(this.#queue);
  }

  [Symbol.dispose](): void {
    this.#queue.close();
  }
}

const NO_OPTIONS: WaitOptions = Object.freeze({});

const DONE: IteratorResult<never, undefined> = Object.freeze({ done: true, value: undefined });

/**
 * Iterates over the values until the channel is closed and empty. Not an async generator: its
 * `return()` would wait for a pending `next()`, and `break` would hang.
 */
class ChannelIterator<T> implements AsyncIterableIterator<T, undefined> {
  readonly #queue: ValueQueue<T>;
  #done = false;

  constructor(queue: ValueQueue<T>) {
    this.#queue = queue;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    if (this.#done) return DONE;
    const request = { timeoutMs: Infinity, signal: undefined, owner: this };
    const [value, status] = await this.#queue.takeOrWait(request);
    if (status === 'ok') return { done: false, value };
    // `timeout` means cancelled: `return()` was called during the wait.
    this.#done = true;
    return DONE;
  }

  /** Called by `break`: leaves the channel open, and cancels a `next()` that waits. */
  async return(): Promise<IteratorResult<T, undefined>> {
    this.#done = true;
    this.#queue.cancel(this);
    return DONE;
  }
}
