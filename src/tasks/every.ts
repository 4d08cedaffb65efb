// Ticks as a source of `select`. The port computes ticks from the clock when it is asked, so a slow
// reader gets one tick with the number of periods, never a burst. Its timer is set only while a
// select waits.

import { Deadline } from '../time/deadline.ts';
import type { DeadlineOwner } from '../time/deadline.ts';
import type { Clock } from '../time/clock.ts';
import { ScheduledPort, schedulingOf } from '../time/scheduling.ts';
import { realClock } from '../time/real-clock.ts';
import { Subscribers } from '../waiting/subscribers.ts';
import { badArgument, checkClock, checkNames } from '../core/arguments.ts';
import { source } from '../core/source.ts';
import type { Source, SourcePort } from '../core/source.ts';

const EVERY_OPTIONS: ReadonlySet<string> = new Set(['clock']);

/**
 * Makes a source that ticks once per period.
 *
 * The first tick comes after one period. Ticks come at multiples of the period, however late they
 * are taken. The value of a tick is the number of periods since a tick was last taken: a slow
 * reader gets one tick, never a burst.
 *
 * A timer is set only while a `select` waits. It never keeps the process alive. After a `select`
 * that ends early the timer stays set until it runs once. Disposing clears it
 * (`using tick = every(1000)`), and the source never ticks again.
 *
 * @param periodMs - Period in milliseconds, > 0. `Infinity` never ticks.
 * @param options - `clock`: measures the period; default: the real clock.
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function every(
  periodMs: number,
  options: { readonly clock?: Clock | undefined } = {},
): Source<number> & Disposable {
  if (typeof periodMs !== 'number' || !(periodMs > 0)) {
    throw badArgument('every()', 'periodMs to be a number of milliseconds > 0', periodMs);
  }
  checkNames('every()', options, EVERY_OPTIONS);
  checkClock('every()', 'clock', options.clock);
  return new Ticks(periodMs, options.clock ?? realClock);
}

class Ticks implements Source<number>, Disposable {
  readonly #port: TicksPort;

  constructor(periodMs: number, clock: Clock) {
    this.#port = new TicksPort(periodMs, clock);
  }

  get [source](): SourcePort<number> {
    return this.#port;
  }

  [Symbol.dispose](): void {
    this.#port.stop();
  }
}

class TicksPort extends ScheduledPort<number> implements DeadlineOwner {
  /** None: a select takes the clock of its sockets, channels and tasks. */
  readonly scheduling: undefined = undefined;
  readonly isOver = false;
  readonly #clock: Clock;
  readonly #periodMs: number;
  readonly #startMs: number;
  /** Periods of all ticks that were taken. */
  #taken = 0;
  #isStopped = false;
  readonly #subscribers = new Subscribers();
  readonly #deadline: Deadline;

  constructor(periodMs: number, clock: Clock) {
    super();
    this.#periodMs = periodMs;
    this.#clock = clock;
    this.#startMs = clock.now();
    this.#deadline = new Deadline(schedulingOf(clock).deadlines, this);
  }

  get isReady(): boolean {
    return !this.#isStopped && this.#clock.now() >= this.#dueMs;
  }

  get #dueMs(): number {
    return this.#startMs + (this.#taken + 1) * this.#periodMs;
  }

  ready(): boolean {
    return this.isReady;
  }

  take(): number {
    const passed = Math.floor((this.#clock.now() - this.#startMs) / this.#periodMs);
    // At least 1, the tick that is due: this division may round down where `#dueMs` rounds up.
    const ticks = Math.max(passed - this.#taken, 1);
    this.#taken += ticks;
    return ticks;
  }

  subscribe(wake: () => void): () => void {
    if (!this.#isStopped) this.#deadline.setAt(this.#dueMs);
    return this.#subscribers.add(wake);
  }

  stop(): void {
    this.#isStopped = true;
    this.#deadline.stop();
  }

  onDeadline(nowMs: number): void {
    this.#subscribers.wakeWhile(this);
    if (this.#subscribers.isEmpty) return;
    const dueMs = this.#dueMs;
    // If no subscriber has taken the tick, they are woken again one period later.
    this.#deadline.setAt(dueMs > nowMs ? dueMs : nowMs + Math.max(this.#periodMs, 1));
  }
}
