// One wait of `connect.each` between two attempts. A page that wakes cuts it short: its user looks
// at the page now, or the machine has just come online. `reconnection.ts` makes it.

import { abortable } from '../waiting/abortable.ts';
import type { Clock } from '../time/clock.ts';
import { holdProcess } from '../time/real-clock.ts';
import { noop } from '../core/noop.ts';

export interface WaitTimes {
  readonly delayMs: number;
  /** What is left of the wait when the page wakes; at most `delayMs`. */
  readonly leastMs: number;
}

/** Waits once. */
export class RetryWait {
  readonly #clock: Clock;
  readonly #times: WaitTimes;
  readonly #beganMs: number;
  #timer: unknown;
  #onOver: () => void = noop;

  constructor(clock: Clock, times: WaitTimes) {
    this.#clock = clock;
    this.#times = times;
    this.#beganMs = clock.now();
  }

  /** Waits until the time is over, or the signal aborts. Called once. */
  over(signal: AbortSignal): Promise<void> {
    return abortable<void>(signal, (settle) => {
      this.#onOver = () => settle(undefined);
      this.#start(this.#times.delayMs);
      return () => this.#clock.clearTimeout(this.#timer);
    });
  }

  /** Cuts the wait short. */
  wake(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#start(Math.max(0, this.#beganMs + this.#times.leastMs - this.#clock.now()));
  }

  #start(ms: number): void {
    this.#timer = this.#clock.setTimeout(this.#onOver, ms);
    // Between two sockets nothing else holds the process.
    holdProcess(this.#timer);
  }
}
