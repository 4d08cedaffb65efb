// One re-armed deadline for many waits. The reader and the writer set it when
// a wait begins and leave it alone when the wait ends: a read that is answered
// in time costs no timer operation. Long waits are armed in pieces, and so is what
// is left of a wait. Which timers run for it is deadlines.ts's.

import type { DeadlineList, Deadlines, Armable } from './deadlines.ts';
import { MAX_TIMER_MS } from '../core/limits.ts';

/** Who is rung. */
export interface DeadlineOwner {
  onDeadline(nowMs: number): void;
}

/**
 * Rings once at or after the earliest time it was set to.
 *
 * What it was set to may be over by then; the owner looks, and sets it again
 * for what is still due. A Node timer beyond 2³¹−1 ms would fire at once, so
 * that the deadline wakes in between and goes on by itself.
 */
export class Deadline implements Armable {
  readonly #deadlines: Deadlines;
  readonly #owner: DeadlineOwner;
  /** When to ring; Infinity for never. */
  #dueMs = Infinity;
  // Kept by its list.
  armedMs: number = Infinity;
  list: DeadlineList | undefined;
  previous: Armable | undefined;
  next: Armable | undefined;

  constructor(deadlines: Deadlines, owner: DeadlineOwner) {
    this.#deadlines = deadlines;
    this.#owner = owner;
  }

  /** Rings no later than at `dueMs` of the clock. Infinity asks for nothing. */
  setAt(dueMs: number): void {
    if (dueMs < this.#dueMs) this.#dueMs = dueMs;
    if (dueMs < this.armedMs) this.#arm(this.#deadlines.now(), MAX_TIMER_MS);
  }

  /** Disarms for good measure: nothing rings until it is set again, and no timer is left. */
  stop(): void {
    this.#dueMs = Infinity;
    this.list?.remove(this);
  }

  /** Called by its list, which it has left: its time has come, or a piece of it. */
  wake(nowMs: number): void {
    // What it is set to meanwhile is armed when all of that is known.
    this.armedMs = -Infinity;
    try {
      if (nowMs >= this.#dueMs) this.#ring(nowMs);
    } finally {
      this.armedMs = Infinity;
      this.#armRest(this.#deadlines.now());
    }
  }

  #ring(nowMs: number): void {
    this.#dueMs = Infinity;
    this.#owner.onDeadline(nowMs);
  }

  #armRest(nowMs: number): void {
    if (this.#dueMs < Infinity) this.#arm(nowMs, pieceOf(this.#waitMs(nowMs)));
  }

  #arm(nowMs: number, mostMs: number): void {
    this.list?.remove(this);
    this.#deadlines.add(this, nowMs, Math.min(this.#waitMs(nowMs), mostMs));
  }

  #waitMs(nowMs: number): number {
    return Math.min(Math.max(Math.ceil(this.#dueMs - nowMs), 0), MAX_TIMER_MS);
  }
}

/**
 * The first piece of what is left of a wait: its five leading bits. What is left is
 * different for each of many sockets, and would cost each a timer of its own; of
 * pieces there are few, and the last is left after some.
 */
function pieceOf(waitMs: number): number {
  const grain = 2 ** Math.max(27 - Math.clz32(waitMs), 0);
  return waitMs - (waitMs % grain);
}
