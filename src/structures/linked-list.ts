// A line that things join at its end and leave from anywhere, without an object of
// its own for each: what waits, what is armed, what lives. Not a Set: when that fills and
// empties it gives its table up for a new one again and again, and each old table
// keeps all later ones, and what was in them, until a full collection.

/** What can be in a chain: in one at a time, which alone sets this. Undefined both while it is in none. */
export interface ListNode<T> {
  previous: T | undefined;
  next: T | undefined;
}

/** First come, first served; whoever leaves is held by nobody here. */
export class LinkedList<T extends ListNode<T>> implements Iterable<T> {
  #first: T | undefined;
  #last: T | undefined;

  /** Who has been in it for longest. */
  get first(): T | undefined {
    return this.#first;
  }

  /** Who came last. */
  get last(): T | undefined {
    return this.#last;
  }

  /** @param link - Of this chain, if of any. */
  has(link: T): boolean {
    return link === this.#first || link.previous !== undefined;
  }

  /** @param link - Of no chain. */
  append(link: T): void {
    if (this.#last === undefined) {
      this.#first = link;
    } else {
      this.#last.next = link;
      link.previous = this.#last;
    }
    this.#last = link;
  }

  /** @param link - Of this chain, if of any. */
  remove(link: T): void {
    if (!this.has(link)) return;
    const { previous, next } = link;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    link.previous = undefined;
    link.next = undefined;
  }

  /** In order, those that were there when it began; who leaves meanwhile is passed over. */
  *[Symbol.iterator](): IterableIterator<T> {
    const links: T[] = [];
    for (let link = this.#first; link !== undefined; link = link.next) links.push(link);
    for (const link of links) if (this.has(link)) yield link;
  }
}
