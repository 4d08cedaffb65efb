// A clock that a spec moves within one turn, as `virtualClock` cannot: what its
// timers begin has not gone on when `tick` returns. It counts what is asked of it.

import type { Clock } from '../../src/time/clock.ts';

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
}

export class HandClock implements Clock {
  nowMs = 0;
  /** The waits of all timers that were ever set. */
  readonly waits: number[] = [];
  /** How often somebody looked. */
  looks = 0;
  readonly #timers = new Set<Timer>();

  /** Timers that are set and have not run. */
  get timers(): number {
    return this.#timers.size;
  }

  now(): number {
    this.looks += 1;
    return this.nowMs;
  }

  setTimeout(run: () => void, ms: number): unknown {
    const timer: Timer = { atMs: this.nowMs + ms, run };
    this.waits.push(ms);
    this.#timers.add(timer);
    return timer;
  }

  clearTimeout(handle: unknown): void {
    this.#timers.delete(handle as Timer);
  }

  setImmediate(run: () => void): unknown {
    return setImmediate(run);
  }

  /** Moves time on, and runs what is due in order. */
  tick(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (let timer = this.#next(untilMs); timer !== undefined; timer = this.#next(untilMs)) {
      this.nowMs = Math.max(this.nowMs, timer.atMs);
      this.#timers.delete(timer);
      timer.run();
    }
    this.nowMs = untilMs;
  }

  #next(untilMs: number): Timer | undefined {
    const due = [...this.#timers].filter(({ atMs }) => atMs <= untilMs);
    return due.toSorted((a, b) => a.atMs - b.atMs)[0];
  }
}

/** Lets the event loop have a turn: microtasks and immediates that are ready run. */
export function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
