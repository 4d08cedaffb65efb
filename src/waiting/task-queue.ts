// The one door to p-queue: runs tasks in order, so many at a time. Messages never go through it:
// a task costs several times what a message costs (docs/internals/decisions/speed.md).

import { AsyncLocalStorage } from 'node:async_hooks';
import PQueue from 'p-queue';
import type { LazySignal } from './lazy-signal.ts';

/** Runs tasks in the order of the calls, at most `limit` at once. */
export class TaskQueue {
  readonly #limit: number;
  /** Tasks that had to wait, waiting or running. */
  readonly #queue: PQueue = new PQueue();
  /** Running tasks that did not have to wait: they bypass p-queue. */
  #atOnce = 0;

  /** @param limit - Most tasks at once: an integer ≥ 1, or Infinity. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Tasks that wait or run. */
  get size(): number {
    return this.#atOnce + this.#queue.size + this.#queue.pending;
  }

  /**
   * Runs a task as soon as fewer than `limit` tasks run, which may be inside this call.
   *
   * The task keeps the AsyncLocalStorage context of its caller (p-queue 9 would run it in the
   * context of the task that finished before). An abort of `over` rejects with its reason: a
   * waiting task is never run, a running one frees its slot.
   */
  run<T>(task: () => T | PromiseLike<T>, over?: LazySignal): Promise<T> {
    const isFree = this.#queue.size === 0 && this.size < this.#limit;
    return isFree ? this.#runAtOnce(task, over) : this.#runInTurn(task, over);
  }

  /** No async function: most tasks are hooks (row: handshakes with onPreServer and a session). */
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

  /** Gives p-queue the slots that are free. */
  #share(): void {
    const slots = this.#limit - this.#atOnce;
    if (slots === 0) return this.#queue.pause();
    this.#queue.concurrency = slots;
    this.#queue.start();
  }
}

/** Calls the task; what it throws becomes a rejection. */
function begin<T>(task: () => T | PromiseLike<T>): Promise<T> {
  try {
    return Promise.resolve(task());
  } catch (error) {
    return Promise.reject(error);
  }
}
