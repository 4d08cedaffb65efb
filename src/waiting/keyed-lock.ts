// One line for each id: tasks of one id run one after another, those of different
// ids side by side. Who may wait in it, and for how long, is the caller's.

import type { LazySignal } from './lazy-signal.ts';
import { noop } from '../core/noop.ts';

interface Line {
  /** Settles when the last in line has gone. Never rejects. */
  last: Promise<void>;
  /** Tasks that wait or run. */
  length: number;
}

/** Chains of promises: a queue object for each id would cost more than most stores' answers. */
export class KeyedLock {
  /** Only ids with tasks. */
  readonly #lines = new Map<string, Line>();

  /** Ids with tasks. */
  get size(): number {
    return this.#lines.size;
  }

  /** Whether a task of this id waits or runs. */
  has(id: string): boolean {
    return this.#lines.has(id);
  }

  /**
   * Runs a task behind those of the same id; inside the call when there are none.
   *
   * Aborting while it waits rejects with the reason, and the task is never run. It does not
   * end a task that runs.
   */
  async run<T>(id: string, task: () => T | PromiseLike<T>, over?: LazySignal): Promise<T> {
    if (over?.aborted === true) throw over.reason;
    const line = this.#lines.get(id) ?? { last: Promise.resolve(), length: 0 };
    this.#lines.set(id, line);
    const ahead = line.last;
    let leave = noop;
    const left = new Promise<void>((resolve) => {
      leave = resolve;
    });
    // Who gives up leaves the others where they are.
    line.last = ahead.then(() => left);
    line.length += 1;
    try {
      if (line.length > 1) await (over === undefined ? ahead : over.until(ahead));
      return await task();
    } finally {
      leave();
      line.length -= 1;
      if (line.length === 0) this.#lines.delete(id);
    }
  }
}
