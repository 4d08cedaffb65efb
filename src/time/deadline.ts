// One deadline for many waits. The reader and the writer of a socket set it when a wait begins,
// and leave it set when the wait ends: a read that is answered in time costs no timer operation.
// A long wait is set in pieces. deadlines.ts shares the timers.

import type { DeadlineList, Deadlines, Armable } from './deadlines.ts';
import { MAX_TIMER_MS } from '../core/limits.ts';

/** Is called at the deadline. */
export interface DeadlineOwner {
  onDeadline(nowMs: number): void;
}

/**
 * Calls its owner once, at or after the earliest time it was set to.
 *
 * The wait that set that time may be over by then: the owner looks, and sets the deadline again
 * for each wait that is still due. A Node timer beyond 2³¹−1 ms would fire at once, so a longer
 * wait is set in pieces.
 */
export class Deadline implements Armable {
  readonly #deadlines: Deadlines;
  readonly #owner: DeadlineOwner;
  /** When to call the owner; Infinity for never. */
  #dueMs = Infinity;
  // Set by its list alone.
  armedMs: number = Infinity;
  list: DeadlineList | undefined;
  previous: Armable | undefined;
  next: Armable | undefined;

  constructor(deadlines: Deadlines, owner: DeadlineOwner) {
    this.#deadlines = deadlines;
    this.#owner = owner;
  }

  /** Calls the owner no later than at `dueMs` of the clock. Infinity changes nothing. */
  setAt(dueMs: number): void {
    if (dueMs < this.#dueMs) this.#dueMs = dueMs;
    if (dueMs < this.armedMs) this.#arm(this.#deadlines.now(), MAX_TIMER_MS);
  }

  /** Cancels the deadline and its timer. It can be set again. */
  stop(): void {
    this.#dueMs = Infinity;
    this.list?.remove(this);
  }

  /** Called by its list, after it has left that: its time has come, or one piece of it. */
  wake(nowMs: number): void {
    // The owner may set it several times: it is armed once, afterwards, for the earliest.
    this.armedMs = -Infinity;
    try {
      if (nowMs >= this.#dueMs) this.#callOwner(nowMs);
    } finally {
      this.armedMs = Infinity;
      this.#armRest(this.#deadlines.now());
    }
  }

  #callOwner(nowMs: number): void {
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
 * Gives the first piece of the rest of a wait: its five leading bits. The rest differs from socket
 * to socket and would cost each a timer of its own. Of pieces there are few, so sockets share
 * their timers: 169 timers for 20,000 busy sockets, not 17,000.
 */
function pieceOf(waitMs: number): number {
  const grain = 2 ** Math.max(27 - Math.clz32(waitMs), 0);
  return waitMs - (waitMs % grain);
}
