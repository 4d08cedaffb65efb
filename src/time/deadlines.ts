// The timers of all deadlines of a host. Deadlines with the same wait come due in the order in
// which they were set, so they share one timer. Most sockets wait for the same default time: a
// timer each would cost 250 bytes, and two operations for every socket that comes and goes.

import type { Clock } from './clock.ts';
import { LinkedList } from '../structures/linked-list.ts';
import type { ListNode } from '../structures/linked-list.ts';

/**
 * With more lists of deadlines than these, the empty ones are dropped. A host has about ten waits
 * of its own, and sixteen pieces for each power of two of what is left of a wait.
 */
const KEPT_DEADLINE_LISTS = 64;

/**
 * Can be in a list of deadlines; `Deadline` is. An interface, so that deadline.ts imports this file
 * and not both each other. The list sets all but `wake`.
 */
export interface Armable extends ListNode<Armable> {
  /** When `wake` is called; Infinity while it is in no list. */
  armedMs: number;
  list: DeadlineList | undefined;
  /** Called at its time, after it has left its list. */
  wake(nowMs: number): void;
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
  add(deadline: Armable, nowMs: number, waitMs: number): void {
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
export class DeadlineList {
  readonly #clock: Clock;
  readonly #waitMs: number;
  readonly #armed = new LinkedList<Armable>();
  /** The last deadline to call in this round: later ones were set during the round. */
  #lastToWake: Armable | undefined;
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

  append(deadline: Armable, nowMs: number): void {
    deadline.list = this;
    deadline.armedMs = nowMs + this.#waitMs;
    this.#armed.append(deadline);
    if (this.#timer === undefined && !this.#isWaking) this.#setTimer(this.#waitMs);
  }

  /** @param deadline - In this list. */
  remove(deadline: Armable): void {
    this.#disarm(deadline);
    if (!this.isEmpty) return;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #disarm(deadline: Armable): void {
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
    this.#timer = this.#clock.setTimeout(this.#onTimer, ms);
  }
}
