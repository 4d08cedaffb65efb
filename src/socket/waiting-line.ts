// The parked reads of one socket, in the order in which they came. A dedicated
// socket has one at most, so that it is a chain and costs nothing beside it.

import type { ReadRequest, ReadView } from './read-request.ts';
import type { ReadResult } from '../words/status.ts';

/** A parked read. */
export interface Waiter {
  readonly request: ReadRequest;
  readonly view: ReadView;
  /** When to give up, on the clock; Infinity where nothing but an arrival, the end or a turn is waited for. */
  dueMs: number;
  readonly settle: (result: ReadResult) => void;
  /** Its `stack` says where it was called; undefined after the first few of a socket. */
  readonly trace: { readonly stack?: string } | undefined;
  /** Who came next. */
  next: Waiter | undefined;
}

/** First come, first served; whoever is settled leaves from anywhere. */
export class WaitingLine {
  #first: Waiter | undefined;

  /** Who has been parked for longest. */
  get first(): Waiter | undefined {
    return this.#first;
  }

  /** In order; the one at hand may leave meanwhile. */
  *[Symbol.iterator](): IterableIterator<Waiter> {
    let waiter = this.#first;
    while (waiter !== undefined) {
      const { next }: Waiter = waiter;
      yield waiter;
      waiter = next;
    }
  }

  has(waiter: Waiter): boolean {
    return [...this].includes(waiter);
  }

  append(waiter: Waiter): void {
    if (this.#first === undefined) {
      this.#first = waiter;
      return;
    }
    let last = this.#first;
    while (last.next !== undefined) last = last.next;
    last.next = waiter;
  }

  remove(waiter: Waiter): void {
    if (this.#first === waiter) {
      this.#first = waiter.next;
      return;
    }
    for (const other of this) {
      if (other.next === waiter) other.next = waiter.next;
    }
  }
}
