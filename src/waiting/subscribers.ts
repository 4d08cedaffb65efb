// The subscribers of a source of `select`, called in the order in which they subscribed for as
// long as the source is ready. A linked list, because selects subscribe and unsubscribe far more
// often than there are many of them.

import { LinkedList } from '../structures/linked-list.ts';
import type { ListNode } from '../structures/linked-list.ts';

interface Subscriber extends ListNode<Subscriber> {
  readonly wake: () => void;
}

/** What subscribers wait for. */
export interface Readiness {
  readonly isReady: boolean;
}

/** The selects that wait for a source, without taking from it. */
export class Subscribers {
  readonly #list = new LinkedList<Subscriber>();

  get isEmpty(): boolean {
    return this.#list.first === undefined;
  }

  /**
   * Adds a subscriber. A function that is added twice is called twice.
   *
   * @returns Removes it; further calls do nothing.
   */
  add(wake: () => void): () => void {
    const subscriber: Subscriber = { wake, previous: undefined, next: undefined };
    this.#list.append(subscriber);
    return () => this.#list.remove(subscriber);
  }

  /**
   * Calls each subscriber in order while the source is ready: an earlier one may have taken what
   * was there. A subscriber that is added meanwhile is not called.
   */
  wakeWhile(readiness: Readiness): void {
    this.#list.forEach(({ wake }) => {
      // Thousands may wait for one channel, and one of them takes what came.
      if (!readiness.isReady) return false;
      wake();
      return undefined;
    });
  }
}
