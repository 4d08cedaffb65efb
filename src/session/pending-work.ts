// What sessions do without anybody waiting for it: a last word to the store, the end
// of a session that nobody holds, a lock given back. Sessions hand it in; the host's
// shut-down waits for it.

import type { Clock } from '../time/clock.ts';

/** Work that no caller waits for. */
export class PendingWork {
  readonly #clock: Clock;
  readonly #report: (error: unknown) => void;
  readonly #works = new Set<Promise<unknown>>();

  /** @param report - Gets what the work rejects with. */
  constructor(clock: Clock, report: (error: unknown) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  /** Lets work go on. */
  run(work: Promise<unknown>): void {
    this.#works.add(work);
    void work.catch(this.#report).then(() => this.#works.delete(work));
  }

  /** Resolves when nothing is under way, also nothing that has come of what was. Never rejects. */
  async settled(): Promise<void> {
    do {
      await Promise.allSettled(this.#works);
      // What has just ended, here or in a socket, may yet begin more.
      await new Promise<void>((resolve) => void this.#clock.setImmediate(resolve));
    } while (this.#works.size > 0);
  }
}
