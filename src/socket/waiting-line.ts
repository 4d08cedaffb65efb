// The parked reads of one socket, in the order in which they came. A dedicated
// socket has one at most, so that it is a chain and costs nothing beside it.

import type { PendingRead } from './pending-read.ts';

/** First come, first served; whoever is settled leaves from anywhere. */
export class WaitingLine {
  #first: PendingRead | undefined;
  #last: PendingRead | undefined;

  /** Who has been parked for longest. */
  get first(): PendingRead | undefined {
    return this.#first;
  }

  /** In order; the one at hand may leave meanwhile. */
  *[Symbol.iterator](): IterableIterator<PendingRead> {
    let read = this.#first;
    while (read !== undefined) {
      const { next }: PendingRead = read;
      yield read;
      read = next;
    }
  }

  /** @param read - Of this line, if of any. */
  has(read: PendingRead): boolean {
    return read === this.#first || read.previous !== undefined;
  }

  append(read: PendingRead): void {
    if (this.#last === undefined) {
      this.#first = read;
    } else {
      this.#last.next = read;
      read.previous = this.#last;
    }
    this.#last = read;
  }

  remove(read: PendingRead): void {
    if (!this.has(read)) return;
    const { previous, next } = read;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    read.next = undefined;
    read.previous = undefined;
  }
}
