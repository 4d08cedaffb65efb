// Lets the time of one world pass by itself: what is ready runs, then time jumps to the next event.
// scenario-run.ts and torture-run.ts say until when.

import type { SeededWorld } from './seeded-world.ts';
import { DEFAULT_READ_TIMEOUT_MS } from '../../../core/parked-wait.ts';

/**
 * Why time passes no more. `over`: what was driven for holds, or the run goes round in a circle.
 * `idle`: no code waits for an event that will come. `late`: the next event comes too late.
 */
export type DriveEnd = 'over' | 'idle' | 'late';

/** So many steps without time that passes: the code under test goes round in a circle. */
export const MAX_STEPS_AT_ONCE = 100_000;
/** Heartbeats get so many times their period to find a dead link, until a wait is for ever. */
const IDLE_PERIODS = 3;
/** A timer that is later than this is the default time-out of a read, and no heartbeat's. */
const MAX_PERIOD_MS = DEFAULT_READ_TIMEOUT_MS / 2;

/** Moves the time of one world that is made to be driven. */
export class Drive {
  readonly #world: Pick<SeededWorld, 'agenda' | 'clock'>;
  /** The time of the last step, and the steps before that time. */
  #atOnce = { nowMs: 0, steps: 0 };
  /** Since when no code waits for a timer, and the longest of those that are set since then. */
  #idle: { readonly sinceMs: number; readonly periodMs: number } | undefined;
  #isLivelock = false;

  constructor(world: Pick<SeededWorld, 'agenda' | 'clock'>) {
    this.#world = world;
  }

  /** Whether it went on for {@link MAX_STEPS_AT_ONCE} steps without time that passes. */
  get isLivelock(): boolean {
    return this.#isLivelock;
  }

  /** Called after each step. Stops the world where it goes round in a circle. */
  onStep(): void {
    const { agenda, clock } = this.#world;
    if (agenda.now() > this.#atOnce.nowMs) this.#atOnce = { nowMs: agenda.now(), steps: agenda.steps };
    if (agenda.steps - this.#atOnce.steps <= MAX_STEPS_AT_ONCE) return;
    this.#isLivelock = true;
    clock.stop();
  }

  /** Lets time pass until something holds, or nothing goes on by a time. */
  async until(untilMs: number, isOver: () => boolean): Promise<DriveEnd> {
    const { agenda, clock } = this.#world;
    for (;;) {
      await clock.whenQuiet();
      if (isOver() || this.#isLivelock) return 'over';
      if (this.#isIdleForEver(untilMs)) return 'idle';
      if (agenda.nextMs > untilMs) return 'late';
      agenda.jumpTo(agenda.nextMs);
    }
  }

  /**
   * Whether no code waits for a timer or a delivery; heartbeats have had their time. A read with
   * the default time-out waits for ever here: a day of heartbeats takes seconds.
   */
  #isIdleForEver(untilMs: number): boolean {
    const { agenda } = this.#world;
    const nowMs = agenda.now();
    if (agenda.nextMs === Infinity) return true;
    if (agenda.isAwaited) {
      this.#idle = undefined;
      return false;
    }
    const { sinceMs, periodMs } = this.#idle ?? { sinceMs: nowMs, periodMs: 0 };
    const longestMs = agenda.lastTimerBy(Math.min(untilMs, nowMs + MAX_PERIOD_MS)) - nowMs;
    this.#idle = { sinceMs, periodMs: Math.max(periodMs, longestMs) };
    return !agenda.isCarrying && agenda.nextMs > sinceMs + IDLE_PERIODS * this.#idle.periodMs;
  }
}
