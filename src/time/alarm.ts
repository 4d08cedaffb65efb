// One re-armed timer for many deadlines. The reader and the writer set it when
// a wait begins and leave it alone when the wait ends: a read that is answered
// in time costs no timer operation. Long waits are armed in pieces.

import type { Clock } from './clock.ts';
import { MAX_TIMER_MS } from '../words/limits.ts';

/**
 * Rings once at or after the earliest time it was set to.
 *
 * What it was set to may be over by then; the owner looks, and sets it again
 * for what is still due. A Node timer beyond 2³¹−1 ms would fire at once, so
 * that the alarm wakes in between and goes on by itself.
 */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: (nowMs: number) => void;
  /** When the timer runs; Infinity while none is armed. */
  #armedMs = Infinity;
  /** When to ring; Infinity for never. */
  #dueMs = Infinity;
  #timer: unknown;

  constructor(clock: Clock, ring: (nowMs: number) => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Rings no later than at `dueMs` of the clock. Infinity asks for nothing. */
  setAt(dueMs: number): void {
    if (dueMs < this.#dueMs) this.#dueMs = dueMs;
    if (dueMs < this.#armedMs) this.#arm(this.#clock.now());
  }

  /** Disarms for good measure: nothing rings until it is set again, and no timer is left. */
  stop(): void {
    this.#dueMs = Infinity;
    if (this.#armedMs === Infinity) return;
    this.#armedMs = Infinity;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(nowMs: number): void {
    if (this.#armedMs !== Infinity) this.#clock.clearTimeout(this.#timer);
    const waitMs = Math.min(Math.max(Math.ceil(this.#dueMs - nowMs), 0), MAX_TIMER_MS);
    this.#armedMs = nowMs + waitMs;
    this.#timer = this.#clock.setTimeout(this.#onTimer, waitMs);
  }

  readonly #onTimer = (): void => {
    this.#armedMs = Infinity;
    this.#timer = undefined;
    const nowMs = this.#clock.now();
    if (nowMs < this.#dueMs) return this.#arm(nowMs);
    this.#dueMs = Infinity;
    this.#ring(nowMs);
  };
}
