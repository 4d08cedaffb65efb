// The parked reads of one socket, in the order in which they came. A dedicated
// socket has one at most, so that it is a chain and costs nothing beside it.

import type { ReadRequest, ReadView } from './read-request.ts';
import type { ReadTrace } from './read-traces.ts';
import type { ReadResult } from '../words/status.ts';

/** A parked read. */
export interface Waiter {
  readonly request: ReadRequest;
  readonly view: ReadView;
  /** When to give up, on the clock; Infinity where nothing but an arrival, the end or a turn is waited for. */
  dueMs: number;
  readonly settle: (result: ReadResult) => void;
  /** Its `stack` says where it was called; undefined where that is not remembered. */
  readonly trace: ReadTrace | undefined;
  /** Who came next. */
  next: Waiter | undefined;
  /** Who came before; there only where somebody ever was, so that one that is alone pays nothing for it. */
  previous?: Waiter | undefined;
}

/** First come, first served; whoever is settled leaves from anywhere. */
export class WaitingLine {
  #first: Waiter | undefined;
  #last: Waiter | undefined;

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

  /** @param waiter - Of this line, if of any. */
  has(waiter: Waiter): boolean {
    return waiter === this.#first || waiter.previous !== undefined;
  }

  append(waiter: Waiter): void {
    if (this.#last === undefined) {
      this.#first = waiter;
    } else {
      this.#last.next = waiter;
      waiter.previous = this.#last;
    }
    this.#last = waiter;
  }

  remove(waiter: Waiter): void {
    if (!this.has(waiter)) return;
    const { previous, next } = waiter;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    waiter.next = undefined;
    if (previous !== undefined) waiter.previous = undefined;
  }
}
