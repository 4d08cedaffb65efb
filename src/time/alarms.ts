// The timers of all alarms of a host. Alarms that are armed for the same wait come
// due in the order in which they were armed, so that they share one timer: most
// sockets wait for the same default time, and a timer each would be a quarter of a
// kilobyte, and two operations for every socket that comes and goes.

import type { Clock } from './clock.ts';

/** What can be armed. All but `wake` is kept by its list. */
export interface Armable {
  /** When it is woken; Infinity while it is in no list. */
  armedMs: number;
  list: AlarmList | undefined;
  previous: Armable | undefined;
  next: Armable | undefined;
  /** Its time has come, and it has left its list. */
  wake(nowMs: number): void;
}

/** Keeps what is armed, by its wait. */
export class Alarms {
  readonly #clock: Clock;
  readonly #lists = new Map<number, AlarmList>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  /** Wakes an alarm that is in no list, in `waitMs` from now. */
  add(alarm: Armable, nowMs: number, waitMs: number): void {
    let list = this.#lists.get(waitMs);
    if (list === undefined) {
      list = new AlarmList(this.#clock, (empty) => this.#forget(empty, waitMs));
      this.#lists.set(waitMs, list);
    }
    list.append(alarm, nowMs + waitMs, waitMs);
  }

  /** One that was emptied while it woke others may have a successor. */
  #forget(empty: AlarmList, waitMs: number): void {
    if (this.#lists.get(waitMs) === empty) this.#lists.delete(waitMs);
  }
}

/** Alarms that were armed for the same wait, the earliest first. It has one timer, and none when it is empty. */
export class AlarmList {
  readonly #clock: Clock;
  readonly #onEmpty: (list: AlarmList) => void;
  #first: Armable | undefined;
  #last: Armable | undefined;
  #timer: unknown;

  constructor(clock: Clock, onEmpty: (list: AlarmList) => void) {
    this.#clock = clock;
    this.#onEmpty = onEmpty;
  }

  append(alarm: Armable, armedMs: number, waitMs: number): void {
    alarm.list = this;
    alarm.armedMs = armedMs;
    alarm.previous = this.#last;
    if (this.#last === undefined) this.#first = alarm;
    else this.#last.next = alarm;
    this.#last = alarm;
    if (this.#timer === undefined) this.#timer = this.#clock.setTimeout(this.#onTimer, waitMs);
  }

  /** @param alarm - In this list. */
  remove(alarm: Armable): void {
    this.#unlink(alarm);
    if (this.#first === undefined) this.#stop();
  }

  #unlink(alarm: Armable): void {
    const { previous, next } = alarm;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    alarm.list = undefined;
    alarm.armedMs = Infinity;
    alarm.previous = undefined;
    alarm.next = undefined;
  }

  #stop(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#onEmpty(this);
  }

  /** The timer was that of the first, which may have left since. What is armed again meanwhile waits for the next one. */
  readonly #onTimer = (): void => {
    this.#timer = undefined;
    const nowMs = this.#clock.now();
    try {
      this.#wakeDue(nowMs, this.#last);
    } finally {
      this.#goOn(nowMs);
    }
  };

  /** @param last - Who came later was armed by one of those that are woken. */
  #wakeDue(nowMs: number, last: Armable | undefined): void {
    for (let alarm = this.#first; alarm !== undefined && alarm.armedMs <= nowMs; alarm = this.#first) {
      this.#unlink(alarm);
      alarm.wake(nowMs);
      if (alarm === last) return;
    }
  }

  #goOn(nowMs: number): void {
    if (this.#timer !== undefined) return;
    if (this.#first === undefined) return this.#onEmpty(this);
    const waitMs = Math.max(Math.ceil(this.#first.armedMs - nowMs), 0);
    this.#timer = this.#clock.setTimeout(this.#onTimer, waitMs);
  }
}
