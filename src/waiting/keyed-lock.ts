// A lock for each id: one holder at a time, first come, first served; different ids do not affect
// each other. session-lock.ts and express-session-store.ts take it. How long a caller waits is its
// own affair: it hands in the LazySignal that ends the wait.

import type { LazySignal } from './lazy-signal.ts';
import { noop } from '../core/noop.ts';
import { isThenable } from '../core/object-like.ts';
import { LinkedList } from '../structures/linked-list.ts';
import type { ListNode } from '../structures/linked-list.ts';

/** Gives a lock to the next waiter. Further calls do nothing. */
export type Release = () => void;

/** A call of `acquire` that waits. */
interface Waiter extends ListNode<Waiter> {
  readonly grant: (release: Release) => void;
}

/** Locks by id. A queue object for each id would cost more than most answers of a store. */
export class KeyedLock {
  /** What waits behind the holder of an id. A free id has no entry. */
  readonly #waiters = new Map<string, LinkedList<Waiter>>();

  /** Ids that are held. */
  get size(): number {
    return this.#waiters.size;
  }

  isTaken(id: string): boolean {
    return this.#waiters.has(id);
  }

  /**
   * Takes the lock of an id.
   *
   * @param over - Ends the wait when it aborts; the caller then never holds the lock. Does not end
   *   what the caller does while it holds the lock.
   * @returns Without a promise where the lock is free. Rejects with the reason of `over`.
   */
  acquire(id: string, over?: LazySignal): Release | Promise<Release> {
    if (over?.aborted === true) return Promise.reject(over.reason);
    const taken = this.#waiters.get(id);
    if (taken !== undefined) return this.#wait(taken, over);
    const waiters = new LinkedList<Waiter>();
    this.#waiters.set(id, waiters);
    return this.#releaseOf(id, waiters);
  }

  /** Runs a task while it holds the lock of an id. Begins inside the call where it is free. */
  async run<T>(id: string, task: () => T | PromiseLike<T>): Promise<T> {
    const acquired = this.acquire(id);
    const release = isThenable(acquired) ? await acquired : acquired;
    try {
      return await task();
    } finally {
      release();
    }
  }

  async #wait(waiters: LinkedList<Waiter>, over: LazySignal | undefined): Promise<Release> {
    let grant: Waiter['grant'] = noop;
    const turn = new Promise<Release>((resolve) => {
      grant = resolve;
    });
    const waiter: Waiter = { grant, previous: undefined, next: undefined };
    waiters.append(waiter);
    try {
      // A lock that is granted in the very turn in which `over` aborts goes to the next waiter.
      return await (over === undefined ? turn : over.until(turn, (release) => release()));
    } catch (reason) {
      waiters.remove(waiter);
      throw reason;
    }
  }

  #releaseOf(id: string, waiters: LinkedList<Waiter>): Release {
    let isHeld = true;
    return () => {
      if (isHeld) this.#release(id, waiters);
      isHeld = false;
    };
  }

  #release(id: string, waiters: LinkedList<Waiter>): void {
    const { first } = waiters;
    if (first === undefined) return void this.#waiters.delete(id);
    waiters.remove(first);
    first.grant(this.#releaseOf(id, waiters));
  }
}
