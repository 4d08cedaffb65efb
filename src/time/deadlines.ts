// The timers of all deadlines of a host. Deadlines that are armed for the same wait come
// due in the order in which they were armed, so that they share one timer: most
// sockets wait for the same default time, and a timer each would be a quarter of a
// kilobyte, and two operations for every socket that comes and goes.

import type { Clock } from './clock.ts';
import { LinkedList } from '../structures/linked-list.ts';
import type { ListNode } from '../structures/linked-list.ts';

/**
 * With more lists of deadlines than these, the empty ones are dropped. A host has about ten waits
 * of its own, and sixteen pieces for each power of two of what is left of a wait.
 */
const KEPT_DEADLINE_LISTS = 64;

/** What can be armed. All but `wake` is kept by its list. */
export interface Armable extends ListNode<Armable> {
  /** When it is woken; Infinity while it is in no list. */
  armedMs: number;
  list: DeadlineList | undefined;
  /** Its time has come, and it has left its list. */
  wake(nowMs: number): void;
}

/** Keeps what is armed, by its wait. */
export class Deadlines {
  readonly #clock: Clock;
  /** Also empty ones: most waits come again, and a Map that loses and gains its entries over and over is made anew as often. */
  readonly #lists = new Map<number, DeadlineList>();
  /** With so many lists it is time to look for empty ones. */
  #sweepAt = KEPT_DEADLINE_LISTS;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Waits that have a list. */
  get waits(): number {
    return this.#lists.size;
  }

  now(): number {
    return this.#clock.now();
  }

  /** Wakes an deadline that is in no list, in `waitMs` from now. */
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

/** Deadlines that were armed for the same wait, the earliest first. It has one timer, and none when it is empty. */
export class DeadlineList {
  readonly #clock: Clock;
  readonly #waitMs: number;
  readonly #armed = new LinkedList<Armable>();
  /** Who comes behind was armed by one of those that are being woken; undefined where nobody is. */
  #lastToWake: Armable | undefined;
  /** Whether some are being woken: whose timer is next is known when all of them have been. */
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

  /** The timer was that of the first, which may have left since. What is armed again meanwhile waits for the next one. */
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
