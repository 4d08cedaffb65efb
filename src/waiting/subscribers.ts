// Who has subscribed to a source: called back in the order in which they came,
// for as long as there is something for them. A chain, because selects come and go
// far more often than they are many.

interface Subscriber {
  readonly wake: () => void;
  /** Grows from one to the next. */
  readonly order: number;
  isThere: boolean;
  /** Stays when it has left, so that whoever goes along the chain goes on from there. */
  next: Subscriber | undefined;
  previous: Subscriber | undefined;
}

/** What they wait for. */
export interface Readiness {
  readonly isReady: boolean;
}

/** Those who wait for a source without taking from it. */
export class Subscribers {
  #first: Subscriber | undefined;
  #last: Subscriber | undefined;
  #order = 0;

  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  /** Adds one, who may be there already: it is then called twice. @returns Removes it; further calls do nothing. */
  add(wake: () => void): () => void {
    const previous = this.#last;
    this.#order += 1;
    const subscriber: Subscriber = { wake, order: this.#order, isThere: true, next: undefined, previous };
    if (previous === undefined) this.#first = subscriber;
    else previous.next = subscriber;
    this.#last = subscriber;
    return () => this.#remove(subscriber);
  }

  /**
   * Calls back, one after the other, while something is there: who comes first may
   * have taken it. Who subscribes meanwhile is not called.
   */
  wakeWhile(readiness: Readiness): void {
    const order = this.#order;
    for (
      let subscriber = this.#first;
      subscriber !== undefined && subscriber.order <= order && readiness.isReady;
      subscriber = subscriber.next
    ) {
      if (subscriber.isThere) subscriber.wake();
    }
  }

  #remove(subscriber: Subscriber): void {
    if (!subscriber.isThere) return;
    const { previous, next } = subscriber;
    subscriber.isThere = false;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
  }
}
