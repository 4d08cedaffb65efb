// The one door to p-queue: tasks that run so many at a time, in order. Messages
// never go through it, they are far cheaper than a task.

import { AsyncLocalStorage } from 'node:async_hooks';
import PQueue from 'p-queue';

/** Runs tasks, at most so many at once, in the order in which they came. */
export class TaskQueue {
  readonly #queue: PQueue;

  /** @param limit - Tasks at once: an integer ≥ 1, or Infinity. */
  constructor(limit: number) {
    this.#queue = new PQueue({ concurrency: limit });
  }

  /** Tasks that wait or run. */
  get size(): number {
    return this.#queue.size + this.#queue.pending;
  }

  /**
   * Runs a task when its turn comes.
   *
   * It keeps its own AsyncLocalStorage context (p-queue 9 would run it in that of
   * whoever finished before). Aborting rejects with the signal's reason: a task
   * that waits is then never run, and one that runs gives its slot up.
   */
  run<T>(task: () => T | PromiseLike<T>, signal?: AbortSignal): Promise<T> {
    const bound = AsyncLocalStorage.bind(async () => task());
    return this.#queue.add(bound, signal === undefined ? {} : { signal });
  }
}
