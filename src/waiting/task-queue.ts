// The one door to p-queue: tasks that run so many at a time, in order. Messages
// never go through it, they are far cheaper than a task.

import { AsyncLocalStorage } from 'node:async_hooks';
import PQueue from 'p-queue';
import type { LazySignal } from './lazy-signal.ts';

/** Runs tasks, at most so many at once, in the order in which they came. */
export class TaskQueue {
  readonly #limit: number;
  /** Tasks that have to wait, and those of them that run. */
  readonly #queue: PQueue = new PQueue();
  /** Tasks that run without having waited: a place that is free costs nothing. */
  #atOnce = 0;

  /** @param limit - Tasks at once: an integer ≥ 1, or Infinity. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Tasks that wait or run. */
  get size(): number {
    return this.#atOnce + this.#queue.size + this.#queue.pending;
  }

  /**
   * Runs a task when its turn comes, which may be at once.
   *
   * It keeps its own AsyncLocalStorage context (p-queue 9 would run it in that of
   * whoever finished before). Aborting rejects with the reason: a task
   * that waits is then never run, and one that runs gives its slot up.
   */
  run<T>(task: () => T | PromiseLike<T>, over?: LazySignal): Promise<T> {
    const isFree = this.#queue.size === 0 && this.size < this.#limit;
    return isFree ? this.#runAtOnce(task, over) : this.#runInTurn(task, over);
  }

  /** Without an async function of its own: most tasks of a host are the hooks of its handshakes. */
  #runAtOnce<T>(task: () => T | PromiseLike<T>, over: LazySignal | undefined): Promise<T> {
    if (over?.aborted === true) return Promise.reject(over.reason);
    this.#atOnce += 1;
    const running = begin(task);
    const settled = over === undefined ? running : over.until(running);
    const leave = (): void => this.#leave();
    settled.then(leave, leave);
    return settled;
  }

  #leave(): void {
    this.#atOnce -= 1;
    if (this.#queue.size > 0) this.#share();
  }

  #runInTurn<T>(task: () => T | PromiseLike<T>, over: LazySignal | undefined): Promise<T> {
    this.#share();
    const bound = AsyncLocalStorage.bind(async () => task());
    return this.#queue.add(bound, over === undefined ? {} : { signal: over.signal });
  }

  /** Leaves the queue the places that are not taken. */
  #share(): void {
    const places = this.#limit - this.#atOnce;
    if (places === 0) return this.#queue.pause();
    this.#queue.concurrency = places;
    this.#queue.start();
  }
}

/** Never throws. */
function begin<T>(task: () => T | PromiseLike<T>): Promise<T> {
  try {
    return Promise.resolve(task());
  } catch (error) {
    return Promise.reject(error);
  }
}
