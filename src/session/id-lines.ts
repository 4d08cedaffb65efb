// One line for each id: tasks of one id run one after another, those of different
// ids side by side. Who may wait in it, and for how long, is the caller's.

import { TaskQueue } from '../time/task-queue.ts';

interface Line {
  readonly queue: TaskQueue;
  /** Tasks that wait or run. */
  length: number;
}

export class IdLines {
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

  /** Runs a task behind those of the same id, as {@link TaskQueue.run} does. */
  async run<T>(id: string, task: () => T | PromiseLike<T>, signal?: AbortSignal): Promise<T> {
    const line = this.#lines.get(id) ?? { queue: new TaskQueue(1), length: 0 };
    this.#lines.set(id, line);
    line.length += 1;
    try {
      return await line.queue.run(task, signal);
    } finally {
      line.length -= 1;
      if (line.length === 0) this.#lines.delete(id);
    }
  }
}
