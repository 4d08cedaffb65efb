// All that will happen in one world, and in which order: what links carry, turns of the event loop,
// and timers. It is the clock of the world. Nothing here waits: world.ts lets Node's event loop
// have a turn between two steps.

import type { Choices } from './choices.ts';
import { checkTimer } from '../virtual-clock.ts';
import type { Clock, TimerOwner } from '../../time/clock.ts';

/** The time of day at which each world begins: one date, so that runs are equal. */
export const WORLD_BEGAN_MS: number = Date.UTC(2030, 0, 1);

interface Event {
  readonly dueMs: number;
  readonly run: () => void;
}

/** Events that keep their order: what one end of a link sends to the other, for example. */
export class Lane {
  readonly #agenda: Agenda;
  #events: Event[] = [];
  #isHeld = false;

  constructor(agenda: Agenda) {
    this.#agenda = agenda;
  }

  /** The number of events that are still to come. */
  get size(): number {
    return this.#events.length;
  }

  /** When the first event is due; Infinity where there is none, or the lane is held. */
  get dueMs(): number {
    return this.#isHeld ? Infinity : (this.#events[0]?.dueMs ?? Infinity);
  }

  /** Whether its events wait, also those that are due. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  set isHeld(isHeld: boolean) {
    this.#isHeld = isHeld;
    this.#agenda.changed();
  }

  /** Adds an event that runs behind all others of this lane, `delayMs` from now at the earliest. */
  add(run: () => void, delayMs: number = 0): void {
    const dueMs = Math.max(this.#agenda.now() + delayMs, this.#events.at(-1)?.dueMs ?? 0);
    this.#events.push({ dueMs, run });
    this.#agenda.changed();
  }

  /** Drops all events. */
  clear(): void {
    this.#events = [];
  }

  /** Takes the first event. Called by the agenda when it is due. */
  take(): () => void {
    return (this.#events.shift() as Event).run;
  }
}

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
  readonly owner: TimerOwner | undefined;
}

/** The agenda of one world, and its clock. */
export class Agenda implements Clock {
  readonly #choices: Choices;
  readonly #lanes: Lane[] = [];
  readonly #turns: Lane;
  /** All timers, in the order in which they were set. */
  readonly #timers = new Set<Timer>();
  #nowMs = 0;
  #steps = 0;
  /** Called when something has become ready, or may have. */
  onChange: (() => void) | undefined;

  constructor(choices: Choices) {
    this.#choices = choices;
    this.#turns = this.openLane();
  }

  /** Events that have run. */
  get steps(): number {
    return this.#steps;
  }

  /** Timers that are set and have not run. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Whether code waits for a timer. Heartbeats, and waits that are over, do not count. */
  get isAwaited(): boolean {
    for (const { owner } of this.#timers) if (owner?.isIdle !== true) return true;
    return false;
  }

  /** When the next event or timer is due, now or later; Infinity where nothing is to come. */
  get nextMs(): number {
    let nextMs = Infinity;
    for (const lane of this.#lanes) nextMs = Math.min(nextMs, lane.dueMs);
    for (const { atMs } of this.#timers) nextMs = Math.min(nextMs, atMs);
    return Math.max(nextMs, this.#nowMs);
  }

  /** The number of events that links carry, or hold. */
  get inFlight(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.size, -this.#turns.size);
  }

  // The clock.

  now(): number {
    return this.#nowMs;
  }

  wallTimeMs(): number {
    return WORLD_BEGAN_MS + this.#nowMs;
  }

  setTimeout(run: () => void, ms: number, owner?: TimerOwner): unknown {
    checkTimer(ms);
    const timer: Timer = { atMs: this.#nowMs + ms, run, owner };
    this.#timers.add(timer);
    this.changed();
    return timer;
  }

  clearTimeout(handle: unknown): void {
    this.#timers.delete(handle as Timer);
  }

  setImmediate(run: () => void): unknown {
    this.#turns.add(run);
    return undefined;
  }

  // Called by the world and its links.

  /** Makes a lane of this agenda. */
  openLane(): Lane {
    const lane = new Lane(this);
    this.#lanes.push(lane);
    return lane;
  }

  /** Takes a lane out of the agenda. Its events never run. */
  closeLane(lane: Lane): void {
    const index = this.#lanes.indexOf(lane);
    if (index !== -1) this.#lanes.splice(index, 1);
  }

  changed(): void {
    this.onChange?.();
  }

  /** Moves time forward. @param ms - Not beyond {@link nextMs}. */
  jumpTo(ms: number): void {
    this.#nowMs = Math.max(this.#nowMs, ms);
  }

  /**
   * Runs one event or timer that is due now: of several lanes one by choice, and timers in their
   * order.
   *
   * @returns false where nothing is due.
   */
  step(): boolean {
    const nowMs = this.#nowMs;
    const ready = this.#lanes.filter((lane) => lane.dueMs <= nowMs);
    const timer = this.#firstTimer(nowMs);
    const count = ready.length + (timer === undefined ? 0 : 1);
    if (count === 0) return false;
    this.#steps += 1;
    const lane = ready[this.#choices.below(count)];
    if (lane === undefined) this.#runTimer(timer as Timer);
    else lane.take()();
    return true;
  }

  #runTimer(timer: Timer): void {
    this.#timers.delete(timer);
    timer.run();
  }

  /** Gives the earliest timer up to a time; of several at one time, the one that was set first. */
  #firstTimer(untilMs: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers)
      if (timer.atMs <= untilMs && (first === undefined || timer.atMs < first.atMs)) first = timer;
    return first;
  }
}
