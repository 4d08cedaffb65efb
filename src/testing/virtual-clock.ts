// The Clock port for tests: time moves only when the test advances it. The real clock, in
// time/real-clock.ts, keeps the same contract.

import { afterRealTurn } from './real-turn.ts';
import { settle } from './settle.ts';
import { socketClockOf } from '../socket/socket-clock.ts';
import type { SocketClock } from '../socket/socket-clock.ts';
import { wallTimeMs } from '../time/real-clock.ts';
import { schedulingOf } from '../time/scheduling.ts';
import { badArgument } from '../core/arguments.ts';
import { MAX_TIMER_MS } from '../core/limits.ts';
import { noop } from '../core/noop.ts';

export interface VirtualClock extends SocketClock {
  /**
   * Moves time forward, timer by timer, and runs everything that is ready in between.
   *
   * Calls at the same time add up: each begins where the one before has ended. In a world that
   * `simulate` or `torture` drives, time passes by itself: there a call moves nothing, waits for
   * `ms` from now on, and does not add up. Scripts that wait side by side call `sleep`.
   *
   * @param ms - 0 to 3 155 760 000 000, a century; 0 runs the timers that are due now.
   * @throws UsageError `COROSOCK_ARGUMENT`.
   */
  advance(ms: number): Promise<void>;
  /**
   * Waits until time has passed, and moves none, as `ws.clock.sleep` does: calls at one time wait
   * side by side.
   *
   * @param ms - How long, in milliseconds ≥ 0. `Infinity` waits for the signal alone.
   * @param options - `signal`: aborting rejects with its reason, and clears the timer.
   * @throws UsageError `COROSOCK_ARGUMENT`. The reason of `signal`.
   */
  sleep(ms: number, options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
  /**
   * The time of day: that of the machine when this clock was made, and the time that has passed on
   * this clock since. In a world it begins at 2030-01-01 UTC.
   */
  wallTimeMs(): number;
  /** The number of timers that are set and have not run. */
  readonly timers: number;
}

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
}

/** 100 years of 365.25 days: longer than any wait that a test could mean. */
const CENTURY_MS = 100 * 365.25 * 86_400_000;

/** Makes a clock that begins at 0 and stands still between calls of `advance`. */
export function virtualClock(): VirtualClock {
  return new SteppedClock();
}

class SteppedClock implements VirtualClock {
  readonly #beganMs = wallTimeMs();
  #nowMs = 0;
  /** All timers, in the order in which they were set. */
  readonly #timers = new Set<Timer>();
  /** The end of the last call of `advance`. Never rejects. */
  #advanced: Promise<unknown> = Promise.resolve();

  get timers(): number {
    return this.#timers.size;
  }

  /** When the next timer is due; Infinity where none is set. */
  get nextMs(): number {
    return this.#nextBy(Infinity)?.atMs ?? Infinity;
  }

  now(): number {
    return this.#nowMs;
  }

  wallTimeMs(): number {
    return this.#beganMs + this.#nowMs;
  }

  setTimeout(run: () => void, ms: number): unknown {
    checkTimer(ms);
    const timer: Timer = { atMs: this.#nowMs + ms, run };
    this.#timers.add(timer);
    return timer;
  }

  clearTimeout(handle: unknown): void {
    this.#timers.delete(handle as Timer);
  }

  setImmediate(run: () => void): unknown {
    afterRealTurn(run);
    return undefined;
  }

  sleep(ms: number, options?: { readonly signal?: AbortSignal | undefined }): Promise<void> {
    return socketClockOf(schedulingOf(this)).sleep(ms, options);
  }

  /** @param whenReady - Waits, between two timers, until all that is ready has run. */
  async advance(ms: number, whenReady: () => Promise<void> = settle): Promise<void> {
    checkAdvance(ms);
    const advancing = this.#advanced.then(() => this.#advance(ms, whenReady));
    this.#advanced = advancing.catch(noop);
    await advancing;
  }

  async #advance(ms: number, whenReady: () => Promise<void>): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await whenReady();
    for (let timer = this.#nextBy(untilMs); timer !== undefined; timer = this.#nextBy(untilMs)) {
      this.#nowMs = Math.max(this.#nowMs, timer.atMs);
      this.#timers.delete(timer);
      timer.run();
      await whenReady();
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  /** Gives the earliest timer up to a time; of several at one time, the one that was set first. */
  #nextBy(untilMs: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.atMs <= untilMs && (next === undefined || timer.atMs < next.atMs)) next = timer;
    }
    return next;
  }
}

/** @throws UsageError `COROSOCK_ARGUMENT`. */
export function checkAdvance(ms: unknown): void {
  checkBetween('clock.advance()', ms, CENTURY_MS);
}

/** @throws UsageError `COROSOCK_ARGUMENT`. */
export function checkTimer(ms: unknown): void {
  checkBetween('clock.setTimeout()', ms, MAX_TIMER_MS);
}

function checkBetween(call: string, ms: unknown, most: number): void {
  if (typeof ms === 'number' && ms >= 0 && ms <= most) return;
  throw badArgument(call, `ms to be a number of milliseconds from 0 to ${most}`, ms);
}
