// One deadline for many waits, and the timers that all deadlines of a host share. The reader and
// the writer of a socket set its deadline when a wait begins, and leave it set when the wait ends:
// a read that is answered in time costs no timer operation. Deadlines with the same wait come due
// in the order in which they were set, so they share one timer: a timer each would cost 250 bytes,
// and two operations for every socket that comes and goes.

import type { Clock, TimerOwner } from './clock.ts';
import { MAX_TIMER_MS } from '../core/limits.ts';
import { LinkedList } from '../structures/linked-list.ts';
import type { ListNode } from '../structures/linked-list.ts';

/**
 * With more lists of deadlines than these, the empty ones are dropped. A host has about ten waits
 * of its own. The rest of a wait is rounded to sixteen lengths per power of two (`pieceOf`).
 */
const KEPT_DEADLINE_LISTS = 64;

/** Is called at the deadline. */
export interface DeadlineOwner {
  /** Whether no code of users waits for the deadline. Where it is missing, code waits. */
  readonly isIdle?: boolean;
  onDeadline(nowMs: number): void;
}

/**
 * Calls its owner once, at or after the earliest time it was set to.
 *
 * The wait that set that time may be over by then: the owner looks, and sets the deadline again
 * for each wait that is still due. A Node timer beyond 2³¹−1 ms would fire at once, so a longer
 * wait is set in pieces.
 */
export class Deadline implements ListNode<Deadline> {
  readonly #deadlines: Deadlines;
  readonly #owner: DeadlineOwner;
  // The constructor gives the two times their value, so that they begin as undefined: V8 then keeps
  // whole milliseconds in the field, and no object for each number (row: idle sockets).
  /** When to call the owner; Infinity for never. */
  #dueMs: number;
  // Set by its list. `wake` sets `armedMs` to -Infinity while it calls the owner.
  /** When `wake` is called, in whole milliseconds; Infinity while it is in no list. */
  armedMs: number;
  list: DeadlineList | undefined;
  previous: Deadline | undefined;
  next: Deadline | undefined;

  constructor(deadlines: Deadlines, owner: DeadlineOwner) {
    this.#deadlines = deadlines;
    this.#owner = owner;
    this.#dueMs = Infinity;
    this.armedMs = Infinity;
  }

  /** Whether no code of users waits for it: see {@link DeadlineOwner.isIdle}. */
  get isIdle(): boolean {
    return this.#owner.isIdle === true;
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

/** Keeps deadlines in lists, one list for each wait. */
export class Deadlines {
  readonly #clock: Clock;
  /**
   * Empty lists stay: most waits come again, and a Map whose entries come and go rebuilds its
   * table each time.
   */
  readonly #lists = new Map<number, DeadlineList>();
  /** At this number of lists, empty ones are dropped. */
  #sweepAt = KEPT_DEADLINE_LISTS;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The number of lists. */
  get waits(): number {
    return this.#lists.size;
  }

  now(): number {
    return this.#clock.now();
  }

  /** Calls `wake` of a deadline that is in no list, `waitMs` from now. */
  add(deadline: Deadline, nowMs: number, waitMs: number): void {
    const list = this.#lists.get(waitMs) ?? this.#open(waitMs);
    list.append(deadline, nowMs);
  }

  #open(waitMs: number): DeadlineList {
    if (this.#lists.size >= this.#sweepAt) this.#sweep();
    const list = new DeadlineList(this.#clock, waitMs);
    this.#lists.set(waitMs, list);
    return list;
  }

  #sweep(): void {
    for (const [waitMs, { isEmpty }] of this.#lists) if (isEmpty) this.#lists.delete(waitMs);
    this.#sweepAt = Math.max(KEPT_DEADLINE_LISTS, 2 * this.#lists.size);
  }
}

/** The deadlines of one wait, the earliest first. Has one timer, and none while it is empty. */
export class DeadlineList implements TimerOwner {
  readonly #clock: Clock;
  readonly #waitMs: number;
  readonly #armed = new LinkedList<Deadline>();
  /** The last deadline to call in this round: later ones were set during the round. */
  #lastToWake: Deadline | undefined;
  /** Whether a round runs. The next timer is set when the round is over. */
  #isWaking = false;
  #timer: unknown;

  constructor(clock: Clock, waitMs: number) {
    this.#clock = clock;
    this.#waitMs = waitMs;
  }

  get isEmpty(): boolean {
    return this.#armed.first === undefined;
  }

  get isIdle(): boolean {
    let isIdle = true;
    this.#armed.forEach((deadline) => {
      isIdle &&= deadline.isIdle;
    });
    return isIdle;
  }

  append(deadline: Deadline, nowMs: number): void {
    deadline.list = this;
    deadline.armedMs = Math.floor(nowMs + this.#waitMs);
    this.#armed.append(deadline);
    if (this.#timer === undefined && !this.#isWaking) this.#setTimer(this.#waitMs);
  }

  /** @param deadline - In this list. */
  remove(deadline: Deadline): void {
    this.#disarm(deadline);
    if (!this.isEmpty) return;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #disarm(deadline: Deadline): void {
    if (deadline === this.#lastToWake) this.#lastToWake = deadline.previous;
    this.#armed.remove(deadline);
    deadline.list = undefined;
    deadline.armedMs = Infinity;
  }

  /**
   * Calls all deadlines that are due. The timer was set for the first one, which may have left
   * since. A deadline that is set again in this round waits for the next one.
   */
  readonly #onTimer = (): void => {
    this.#timer = undefined;
    this.#isWaking = true;
    try {
      this.#wakeDue(this.#clock.now());
    } finally {
      this.#isWaking = false;
      this.#lastToWake = undefined;
      this.#goOn();
    }
  };

  #wakeDue(nowMs: number): void {
    this.#lastToWake = this.#armed.last;
    for (
      let { first } = this.#armed;
      first !== undefined && this.#lastToWake !== undefined && first.armedMs <= nowMs;
      { first } = this.#armed
    ) {
      this.#disarm(first);
      first.wake(nowMs);
    }
  }

  #goOn(): void {
    const { first } = this.#armed;
    if (first !== undefined) this.#setTimer(Math.max(Math.ceil(first.armedMs - this.#clock.now()), 0));
  }

  #setTimer(ms: number): void {
    this.#timer = this.#clock.setTimeout(this.#onTimer, ms, this);
  }
}
