// The public words of a channel, with their arguments checked. All is done by the
// queue below.

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
 * Makes a bounded queue between tasks. `using` closes it.
 *
 * @param options - `capacity`: values that it holds at most, integer ≥ 1, default 64;
 *   `whenFull`: `put` waits (default), or the oldest or the newest value is dropped;
 *   `clock`: by default the real one.
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function channel<T>(options: ChannelOptions = {}): Channel<T> {
  checkNames('channel()', options, namesOf(CHANNEL_OPTIONS));
  const { capacity, whenFull, clock } = complete('channel()', options, CHANNEL_OPTIONS);
  return new BoundedChannel<T>(new ValueQueue<T>(capacity, whenFull, clock));
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
      return this.#queue.next({ timeoutMs, signal, owner: undefined });
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
 * Iterates over what is put, until the close. Written by hand: an async generator's `return()`
 * would wait for a pending `next()`, and `break` would hang.
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
    const [value, status] = await this.#queue.next({ timeoutMs: Infinity, signal: undefined, owner: this });
    if (status === 'ok') return { done: false, value };
    // `timeout` stands for given up: the iterator was returned meanwhile.
    this.#done = true;
    return DONE;
  }

  /** `break` leaves the channel open and takes nothing; a `next` that waits is given up. */
  async return(): Promise<IteratorResult<T, undefined>> {
    this.#done = true;
    this.#queue.giveUp(this);
    return DONE;
  }
}
