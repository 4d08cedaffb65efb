// Calls of the store that no caller awaits: a touch, the deletion of a session, a lock that is
// given back. active-session.ts, session-handle.ts and session-lock.ts hand them in; the shut-down
// of the host waits for them through sessions.ts.

import type { Clock } from '../time/clock.ts';

/** Keeps promises that no caller awaits until they settle. */
export class PendingWork {
  readonly #clock: Clock;
  readonly #report: (error: unknown) => void;
  readonly #pending = new Set<Promise<unknown>>();

  /** @param report - Gets what a promise rejects with. */
  constructor(clock: Clock, report: (error: unknown) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  /** Takes over a promise. */
  run(work: Promise<unknown>): void {
    this.#pending.add(work);
    void work.catch(this.#report).then(() => this.#pending.delete(work));
  }

  /**
   * Resolves when every promise has settled, and every one that was handed in meanwhile. Never
   * rejects.
   */
  async whenSettled(): Promise<void> {
    do {
      await Promise.allSettled(this.#pending);
      // What has just settled, here or in a socket, may hand in more within this turn.
      await new Promise<void>((resolve) => void this.#clock.setImmediate(resolve));
    } while (this.#pending.size > 0);
  }
}
