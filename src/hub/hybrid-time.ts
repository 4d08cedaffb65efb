// The time of what a node sends: microseconds of its time of day, and always greater than all that
// it has sent or heard. So what was sent in answer to something is later on each node, although
// the clocks of machines differ. NodeBus has one; versions of retained messages are made of it.

import type { Clock } from '../time/clock.ts';
import { wallTimeOf } from '../time/real-clock.ts';

/** In a millisecond. */
const UNITS_IN_MS = 1000;

/** A day: a time that is farther ahead is of a clock that is wrong, or forged. */
const MOST_AHEAD = 86_400_000 * UNITS_IN_MS;

/** The time of one node. */
export class HybridTime {
  readonly #clock: Clock;
  #last = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Gives a time that is greater than each before. */
  next(): number {
    const nowUnits = Math.floor(wallTimeOf(this.#clock) * UNITS_IN_MS);
    this.#last = Math.min(Math.max(nowUnits, this.#last + 1), Number.MAX_SAFE_INTEGER);
    return this.#last;
  }

  /**
   * Goes on from a time of another node.
   *
   * @returns Whether it can be one: at most a day ahead.
   */
  hear(time: number): boolean {
    // Compares with the time of day alone. Otherwise each forged time could be a day ahead of the
    // one before.
    if (time > wallTimeOf(this.#clock) * UNITS_IN_MS + MOST_AHEAD) return false;
    this.#last = Math.max(this.#last, time);
    return true;
  }
}
