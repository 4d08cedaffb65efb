// All that will happen in one world, and in which order: what links carry, turns of the event loop,
// and timers. It is the clock of the world. Nothing here waits: world-clock.ts lets Node's
// event loop have a turn between two steps.

import type { Choices } from './choices.ts';
import { checkTimer } from '../../virtual-clock.ts';
import { noop } from '../../../core/noop.ts';
import { traceOf } from '../../../core/stack-trace.ts';
import type { StackTrace } from '../../../core/stack-trace.ts';
import { Ring } from '../../../structures/ring.ts';
import type { Clock, TimerOwner } from '../../../time/clock.ts';

/** The time of day at which each world begins: one date, so that runs are equal. */
export const WORLD_BEGAN_MS: number = Date.UTC(2030, 0, 1);

interface Event {
  readonly dueMs: number;
  readonly run: () => void;
}

/** Events that keep their order: what one end of a link sends to the other, for example. */
export class Lane {
  readonly #agenda: Agenda;
  readonly #deliver: ((run: () => void) => void) | undefined;
  #events = new Ring<Event>();
  /** No event of this lane is due before the one that was added last. */
  #lastMs = 0;
  #isHeld = false;
  #isClosed = false;

  /** @param deliver - Runs each event, where there is more to do than that. */
  constructor(agenda: Agenda, deliver?: (run: () => void) => void) {
    this.#agenda = agenda;
    this.#deliver = deliver;
  }

  /** The number of events that are still to come. */
  get size(): number {
    return this.#events.length;
  }

  /** When the first event is due; Infinity where there is none, or the lane is held. */
  get dueMs(): number {
    return this.#isHeld || this.#events.length === 0 ? Infinity : this.#events.first.dueMs;
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
    if (this.#isClosed) return;
    this.#lastMs = Math.max(this.#agenda.now() + delayMs, this.#lastMs);
    this.#events.push({ dueMs: this.#lastMs, run });
    if (this.size === 1) this.#agenda.enlist(this);
    this.#agenda.changed();
  }

  /** Drops all events. */
  clear(): void {
    this.#events = new Ring();
    this.#agenda.delist(this);
  }

  /** Takes the lane out of the agenda: drops all events, and those that are added from now on. */
  close(): void {
    this.#isClosed = true;
    this.clear();
  }

  /** Takes the first event, and runs it. Called by the agenda when it is due. */
  step(): void {
    const { run } = this.#events.shift();
    if (this.size === 0) this.#agenda.delist(this);
    if (this.#deliver === undefined) run();
    else this.#deliver(run);
  }
}

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
  readonly owner: TimerOwner | undefined;
  readonly trace: StackTrace | undefined;
}

/** Frames of a timer that are looked through for a line of users. */
const MAX_FRAMES = 20;

/** The agenda of one world, and its clock. */
export class Agenda implements Clock {
  readonly #choices: Choices;
  /** The lanes that have events, in the order in which they got their first one. */
  readonly #busy: Lane[] = [];
  readonly #turns: Lane;
  /** All timers in the order of their times; of one time, in the order in which they were set. */
  readonly #timers: Timer[] = [];
  #nowMs = 0;
  #steps = 0;
  /** Whether each timer keeps the stack of its call. */
  #isTraced = false;
  readonly #onChange: () => void;

  /** @param onChange - Called when something has become ready, or may have. */
  constructor(choices: Choices, onChange: () => void = noop) {
    this.#choices = choices;
    this.#onChange = onChange;
    this.#turns = this.openLane();
  }

  /** Events that have run. */
  get steps(): number {
    return this.#steps;
  }

  /** Timers that are set and have not run. */
  get timers(): number {
    return this.#timers.length;
  }

  /** Whether code waits for a timer. Heartbeats, and waits that are over, do not count. */
  get isAwaited(): boolean {
    return this.#timers.some(isAwaited);
  }

  /** The stacks in which those timers were set; undefined for one before {@link traceTimers}. */
  get awaitedTimers(): ReadonlyArray<StackTrace | undefined> {
    return this.#timers.filter(isAwaited).map(({ trace }) => trace);
  }

  /** From now on each timer keeps the stack in which it is set. */
  traceTimers(): void {
    this.#isTraced = true;
  }

  /** Whether an event is to come that no lane holds. */
  get isCarrying(): boolean {
    return this.#busy.some((lane) => lane.dueMs < Infinity);
  }

  /** When the last timer is due of those by a time; now, where none is set. */
  lastTimerBy(untilMs: number): number {
    return this.#timers.findLast(({ atMs }) => atMs <= untilMs)?.atMs ?? this.#nowMs;
  }

  /** When the next event or timer is due, now or later; Infinity where nothing is to come. */
  get nextMs(): number {
    let nextMs = this.#timers[0]?.atMs ?? Infinity;
    for (const lane of this.#busy) nextMs = Math.min(nextMs, lane.dueMs);
    return Math.max(nextMs, this.#nowMs);
  }

  /** The number of events that links carry, or hold. */
  get inFlight(): number {
    return this.#busy.reduce((sum, lane) => sum + (lane === this.#turns ? 0 : lane.size), 0);
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
    const trace = this.#isTraced ? traceOf(MAX_FRAMES) : undefined;
    const timer: Timer = { atMs: this.#nowMs + ms, run, owner, trace };
    // Behind all that are due no later. Most timers are set for later than all others.
    const index = this.#timers.findLastIndex(({ atMs }) => atMs <= timer.atMs);
    this.#timers.splice(index + 1, 0, timer);
    this.changed();
    return timer;
  }

  clearTimeout(handle: unknown): void {
    remove(this.#timers, handle as Timer);
  }

  setImmediate(run: () => void): unknown {
    this.#turns.add(run);
    return undefined;
  }

  // Called by the world and its links.

  /** Makes a lane of this agenda. @param deliver - See {@link Lane}. */
  openLane(deliver?: (run: () => void) => void): Lane {
    return new Lane(this, deliver);
  }

  /** Called by a lane that has got its first event. */
  enlist(lane: Lane): void {
    this.#busy.push(lane);
  }

  /** Called by a lane that has no event any more. */
  delist(lane: Lane): void {
    remove(this.#busy, lane);
  }

  changed(): void {
    this.#onChange();
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
    const timer = this.#timers[0];
    const isTimerDue = timer !== undefined && timer.atMs <= this.#nowMs;
    const ready = this.#countReady();
    const count = ready + (isTimerDue ? 1 : 0);
    if (count === 0) return false;
    this.#steps += 1;
    const chosen = this.#choices.below(count);
    if (chosen < ready) this.#readyLane(chosen).step();
    else (this.#timers.shift() as Timer).run();
    return true;
  }

  #countReady(): number {
    let ready = 0;
    for (let at = 0; at < this.#busy.length; at += 1)
      if ((this.#busy[at] as Lane).dueMs <= this.#nowMs) ready += 1;
    return ready;
  }

  /** @param chosen - The number of the lane among those that are ready, from 0. */
  #readyLane(chosen: number): Lane {
    let left = chosen;
    return this.#busy.find((lane) => lane.dueMs <= this.#nowMs && left-- === 0) as Lane;
  }
}

function remove<T>(list: T[], item: T): void {
  const index = list.lastIndexOf(item);
  // `splice` makes an array of what it removes.
  if (index === list.length - 1) list.pop();
  else if (index !== -1) list.splice(index, 1);
}

function isAwaited({ owner }: Timer): boolean {
  return owner?.isIdle !== true;
}
