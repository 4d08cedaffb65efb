// Work on many rooms, a part of it in each turn: one envelope may concern all rooms of a node, and
// these may be 100,000. presence-replica.ts and room-relay.ts have one each.

import { Ring } from '../structures/ring.ts';
import type { Clock } from '../time/clock.ts';

/** Steps in one turn: those of 1,000 rooms take about a millisecond. */
export const STEPS_A_TURN = 1000;

/** Does work in the order in which it comes. */
export class TurnWork {
  readonly #clock: Clock;
  readonly #waiting = new Ring<Iterator<void>>();
  /** Whether this turn has had its steps. */
  #isResting = false;
  #isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What waits is not done any more. */
  close(): void {
    this.#isClosed = true;
  }

  /**
   * Begins at once, unless this turn has had its steps.
   *
   * @param steps - Does a step each time it is asked for a value. It must not throw, nor call this.
   */
  push(steps: Iterable<void>): void {
    this.#waiting.push(steps[Symbol.iterator]());
    if (!this.#isResting) this.#run();
  }

  #run(): void {
    this.#isResting = false;
    if (this.#isClosed) return;
    let left = STEPS_A_TURN;
    for (; left > 0 && this.#waiting.length > 0; left -= 1) {
      if (this.#waiting.first.next().done === true) this.#waiting.shift();
    }
    if (left === STEPS_A_TURN) return;
    this.#isResting = true;
    this.#clock.setImmediate(() => this.#run());
  }
}

/** Looks at all rooms for what was missed after a time. Looks that wait are one. */
export class LateLook {
  readonly #work: TurnWork;
  readonly #lookAtAll: (sinceMs: number) => Iterable<void>;
  #sinceMs: number | undefined;

  /** @param lookAtAll - Looks at one room in each step. */
  constructor(work: TurnWork, lookAtAll: (sinceMs: number) => Iterable<void>) {
    this.#work = work;
    this.#lookAtAll = lookAtAll;
  }

  /** Ends its work. */
  close(): void {
    this.#work.close();
  }

  begin(sinceMs: number): void {
    const waitsFor = this.#sinceMs;
    this.#sinceMs = Math.min(waitsFor ?? Infinity, sinceMs);
    if (waitsFor === undefined) this.#work.push(this.#steps());
  }

  *#steps(): IterableIterator<void> {
    const sinceMs = this.#sinceMs as number;
    this.#sinceMs = undefined;
    yield* this.#lookAtAll(sinceMs);
  }
}
