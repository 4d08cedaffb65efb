// A timer that is set a turn later: what ends in its turn costs none. The deadline of a handshake
// and the wait for a handler after the end of its socket use it: most hooks decide in their turn,
// and most handlers end in the turn of their socket. Waits that come again have a Deadline.

import type { Clock } from './clock.ts';
import { noop } from '../core/noop.ts';

/** Calls back once, unless it is stopped before. Sets no timer in the turn in which it is made. */
export class LazyTimer {
  readonly #clock: Clock;
  #timer: unknown;
  #isStopped = false;

  /**
   * @param dueMs - When to call back, by the clock: at most 2³¹−1 ms from now.
   * @param onArm - Called when the timer is set; never where it was stopped before.
   */
  constructor(clock: Clock, dueMs: number, run: () => void, onArm: () => void = noop) {
    this.#clock = clock;
    clock.setImmediate(() => {
      if (this.#isStopped) return;
      const leftMs = Math.max(Math.ceil(dueMs - clock.now()), 0);
      this.#timer = clock.setTimeout(run, leftMs);
      onArm();
    });
  }

  /** Cancels the timer, also before it is set. */
  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
  }
}
