// Intrusive doubly linked list of what waits, is armed or lives: appending and removing cost
// no object and no search. Not a Set: a Set that fills and empties makes its table again and
// again, and each dead table keeps all later ones alive, with what they held, until a full
// collection (docs/internals/decisions/speed.md#linked-lists). For values in a line, see ring.ts.

/** Can be in a list: in one at a time. That list alone sets both; undefined in no list. */
export interface ListNode<T> {
  previous: T | undefined;
  next: T | undefined;
}

/** One `forEach` that runs. */
interface Walk<T> {
  /** Is visited next; undefined at the end. */
  next: T | undefined;
  /** Is visited last: what is appended meanwhile comes behind it. */
  last: T | undefined;
  /** Ran already when this one began; undefined where none did. */
  readonly outer: Walk<T> | undefined;
}

/** FIFO with O(1) removal from anywhere. A removed node is not retained. */
export class LinkedList<T extends ListNode<T>> implements Iterable<T> {
  #first: T | undefined;
  #last: T | undefined;
  #walk: Walk<T> | undefined;

  /** The oldest node. */
  get first(): T | undefined {
    return this.#first;
  }

  /** The youngest node. */
  get last(): T | undefined {
    return this.#last;
  }

  /** @param node - In this list or in none. */
  has(node: T): boolean {
    return node === this.#first || node.previous !== undefined;
  }

  /** @param node - In no list. */
  append(node: T): void {
    if (this.#last === undefined) {
      this.#first = node;
    } else {
      this.#last.next = node;
      node.previous = this.#last;
    }
    this.#last = node;
  }

  /** @param node - In this list or in none; nothing happens where it is in none. */
  remove(node: T): void {
    if (!this.has(node)) return;
    for (let walk = this.#walk; walk !== undefined; walk = walk.outer) leave(walk, node);
    const { previous, next } = node;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    node.previous = undefined;
    node.next = undefined;
  }

  /**
   * Calls back for each node, oldest first. The callback may append and remove any node, and may
   * walk the list itself: a node that is removed before its turn is not visited, nor is one that
   * is appended meanwhile. Stops where the callback returns false or throws.
   */
  forEach(visit: (node: T) => void | false): void {
    const walk: Walk<T> = { next: this.#first, last: this.#last, outer: this.#walk };
    this.#walk = walk;
    try {
      let isStopped = false;
      for (let node = walk.next; node !== undefined && !isStopped; node = walk.next) {
        leave(walk, node);
        isStopped = visit(node) === false;
      }
    } finally {
      this.#walk = walk.outer;
    }
  }

  /**
   * The nodes that were there at the first step, oldest first; a node that is removed meanwhile is
   * passed over. Copies the list, so that a caller may stop or wait in between: see `forEach`.
   */
  *[Symbol.iterator](): IterableIterator<T> {
    const nodes: T[] = [];
    for (let node = this.#first; node !== undefined; node = node.next) nodes.push(node);
    for (const node of nodes) if (this.has(node)) yield node;
  }
}

/** Takes a node out of what a walk has still to visit; called while the node is in its list. */
function leave<T extends ListNode<T>>(walk: Walk<T>, node: T): void {
  if (node === walk.next) walk.next = node === walk.last ? undefined : node.next;
  else if (node === walk.last) walk.last = node.previous;
}
