// The parked reads of one socket, in the order in which they came. A dedicated
// socket has one at most, which costs nothing beside it: the chain is for further ones.

import type { PendingRead } from './pending-read.ts';
import { LinkedList } from '../structures/linked-list.ts';

/** First come, first served; whoever is settled leaves from anywhere. */
export class WaitingLine {
  #first: PendingRead | undefined;
  /** Behind the first; undefined where there never was anybody. */
  #others: LinkedList<PendingRead> | undefined;

  /** Who has been parked for longest. */
  get first(): PendingRead | undefined {
    return this.#first;
  }

  /** In order, those that were there when it began; who leaves meanwhile is passed over. */
  *[Symbol.iterator](): IterableIterator<PendingRead> {
    if (this.#first === undefined) return;
    for (const read of [this.#first, ...(this.#others ?? [])]) if (this.has(read)) yield read;
  }

  /** @param read - Of this line, if of any. */
  has(read: PendingRead): boolean {
    return read === this.#first || this.#others?.has(read) === true;
  }

  append(read: PendingRead): void {
    if (this.#first === undefined) {
      this.#first = read;
      return;
    }
    this.#others ??= new LinkedList();
    this.#others.append(read);
  }

  /** @param read - Of this line, if of any. */
  remove(read: PendingRead): void {
    if (read !== this.#first) return this.#others?.remove(read);
    this.#first = this.#others?.first;
    if (this.#first !== undefined) this.#others?.remove(this.#first);
  }
}
