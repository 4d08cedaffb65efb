// Iteration over the values of a channel, written by hand: an async generator's
// `return()` would wait for a pending `next()`, and `break` would hang.

import type { ValueQueue } from './value-queue.ts';

const DONE: IteratorResult<never, undefined> = Object.freeze({ done: true, value: undefined });

/** Iterates over what is put, until the close. */
export class ChannelIterator<T> implements AsyncIterableIterator<T, undefined> {
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
