// Who has subscribed to a source: called back in the order in which they came,
// for as long as there is something for them.

interface Subscriber {
  readonly wake: () => void;
}

/** What they wait for. */
export interface Readiness {
  readonly isReady: boolean;
}

/** Those who wait for a source without taking from it. */
export class Subscribers {
  /** Made with the first one. */
  #all: Set<Subscriber> | undefined;

  get size(): number {
    return this.#all?.size ?? 0;
  }

  /** Adds one, who may be there already: it is then called twice. @returns Removes it; further calls do nothing. */
  add(wake: () => void): () => void {
    const subscriber: Subscriber = { wake };
    this.#all ??= new Set();
    this.#all.add(subscriber);
    return () => void this.#all?.delete(subscriber);
  }

  /**
   * Calls back, one after the other, while something is there: who comes first may
   * have taken it. However many subscribe meanwhile, it ends.
   */
  wakeWhile(readiness: Readiness): void {
    if (this.#all === undefined) return;
    let left = this.#all.size;
    for (const { wake } of this.#all) {
      if (left === 0 || !readiness.isReady) return;
      left -= 1;
      wake();
    }
  }
}
