// The clock of a world, as tests hold it. It lets run what is ready: one event, then a turn of
// Node's event loop, in which all promises go on, then the checks of the world.

import type { Agenda } from '../seeded/agenda.ts';
import { callerOf } from '../story/told-end.ts';
import { realTurn, TurnRow } from '../../real-turn.ts';
import { checkAdvance } from '../../virtual-clock.ts';
import type { VirtualClock } from '../../virtual-clock.ts';
import { socketClockOf } from '../../../socket/socket-clock.ts';
import type { TimerOwner } from '../../../time/clock.ts';
import { schedulingOf } from '../../../time/scheduling.ts';
import { placeText } from '../../who-waits.ts';
import { UsageError } from '../../../core/errors.ts';
import { MAX_TIMER_MS } from '../../../core/limits.ts';
import { noop } from '../../../core/noop.ts';

/** So many turns without an event end a settle, where code of users awaits turns of its own. */
const QUIET_TURNS = 8;

/** So many calls at one time in which nothing happens: the caller goes round in a circle. */
const MAX_IDLE_CALLS = 1000;

/** What is beside the time of a world: escapes.ts. */
export interface Outside {
  /** Whether the world stands still for something real. */
  readonly isOutside: boolean;
  /** Runs code of the world. */
  inside<T>(run: () => T): T;
  whenBack(): Promise<void>;
  /** Called once a turn. */
  onTurn(): void;
  /** Looks, where nothing is ready, whether code waits for real time. @throws UsageError. */
  check(): Promise<void>;
}

/** What hears of the steps of a world. */
export interface StepListener {
  /** A step is about to run, or nothing is ready. */
  beforeStep(): void;
  /** A step has run, and all promises have gone on. */
  afterStep(): void;
  /** A step has thrown: code that a link or a timer has called. */
  stepOnError(error: unknown): void;
}

/** Moves the time of an agenda. */
export class WorldClock implements VirtualClock {
  readonly #agenda: Agenda;
  readonly #turns = new TurnRow();
  readonly #outside: Outside;
  readonly #listener: StepListener;
  /** Pending while something is ready. */
  #running: Promise<void> | undefined;
  /** Whether a step has run whose promises have not gone on. */
  #hasStepped = false;
  /** Whether a caller waits until all that is ready has run: only then code is looked for. */
  #isAwaited = false;
  /** Calls of users since the last step, and since time has passed. */
  #idle = { nowMs: 0, steps: 0, calls: 0 };
  /** Where the time will be when all calls of `advance` have ended that move it. */
  #untilMs = 0;
  readonly #isDriven: boolean;
  #isStopped = false;

  /** @param isDriven - Whether a simulation moves time: `advance` waits for it. */
  constructor(agenda: Agenda, listener: StepListener, outside: Outside, isDriven = false) {
    this.#agenda = agenda;
    this.#listener = listener;
    this.#outside = outside;
    this.#isDriven = isDriven;
  }

  get timers(): number {
    return this.#agenda.timers;
  }

  /** Whether something is ready, or may be. */
  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Called by the agenda: something has become ready, or may have. */
  onChange(): void {
    if (this.#running === undefined) void this.#run().catch(noop);
  }

  /** Runs nothing any more, until {@link resume}. */
  stop(): void {
    this.#isStopped = true;
  }

  resume(): void {
    this.#isStopped = false;
  }

  now(): number {
    return this.#agenda.now();
  }

  wallTimeMs(): number {
    return this.#agenda.wallTimeMs();
  }

  setTimeout(run: () => void, ms: number, owner?: TimerOwner): unknown {
    return this.#agenda.setTimeout(run, ms, owner);
  }

  clearTimeout(handle: unknown): void {
    this.#agenda.clearTimeout(handle);
  }

  setImmediate(run: () => void): unknown {
    return this.#agenda.setImmediate(run);
  }

  async advance(ms: number): Promise<void> {
    checkAdvance(ms);
    if (this.#isCircle()) await this.#refuse('w.clock.advance()');
    if (this.#isDriven) return await this.#passed(this.now() + ms);
    this.#untilMs = Math.max(this.#untilMs, this.now()) + ms;
    await this.#advanceTo(this.#untilMs, () => true);
  }

  sleep(ms: number, options?: { readonly signal?: AbortSignal | undefined }): Promise<void> {
    return socketClockOf(schedulingOf(this.#agenda)).sleep(ms, options);
  }

  /** Moves time from event to event while a condition holds, `mostMs` at most. */
  async advanceWhile(isNeeded: () => boolean, mostMs: number): Promise<void> {
    await this.#advanceTo(this.now() + mostMs, isNeeded);
  }

  /**
   * Runs everything that is ready now.
   *
   * @throws UsageError `COROSOCK_REAL_TIME`; `COROSOCK_STANDSTILL` where a simulation calls it
   *   again and again, and nothing happens.
   */
  settle(): Promise<void> {
    return this.#isCircle() ? this.#refuse('w.settle()') : this.runAll();
  }

  /** Counts a call of users. @returns Whether there were too many in which nothing has happened. */
  #isCircle(): boolean {
    const { steps } = this.#agenda;
    const nowMs = this.now();
    if (steps !== this.#idle.steps || nowMs !== this.#idle.nowMs) this.#idle = { nowMs, steps, calls: 0 };
    this.#idle.calls += 1;
    return this.#isDriven && this.#idle.calls > MAX_IDLE_CALLS;
  }

  /** The first time at once; then in the next turn, for a loop that catches the error. */
  async #refuse(call: string): Promise<never> {
    const at = placeText(callerOf());
    if (this.#idle.calls > MAX_IDLE_CALLS + 1) await realTurn();
    throw new UsageError(
      'COROSOCK_STANDSTILL',
      `${call}${at}: ${MAX_IDLE_CALLS} calls at one time, and nothing has happened: ` +
        'it goes round in a circle. A loop needs a wait that takes time, such as w.clock.advance(1)',
    );
  }

  /** Runs everything that is ready now. No call is counted. */
  runAll(): Promise<void> {
    this.#isAwaited = true;
    return this.#run();
  }

  #run(): Promise<void> {
    this.#running ??= this.#outside.inside(() => this.#runReady());
    return this.#running;
  }

  /** Runs everything that is ready, and what code does then that has waited for `settle`. */
  async whenQuiet(): Promise<void> {
    do {
      await this.runAll();
      await realTurn();
    } while (this.isRunning && !this.#isStopped);
  }

  async #advanceTo(untilMs: number, isNeeded: () => boolean): Promise<void> {
    const whenQuiet = (): Promise<void> => (this.#isDriven ? this.whenQuiet() : this.runAll());
    await whenQuiet();
    while (!this.#isStopped && isNeeded() && this.#agenda.nextMs <= untilMs) {
      this.#agenda.jumpTo(this.#agenda.nextMs);
      await whenQuiet();
    }
    if (isNeeded()) this.#agenda.jumpTo(untilMs);
  }

  /** Waits for a time that comes by itself, and for all that is due by then. */
  async #passed(untilMs: number): Promise<void> {
    for (let restMs = untilMs - this.now(); restMs > 0; restMs = untilMs - this.now())
      await new Promise<void>((resolve) => {
        this.#agenda.setTimeout(resolve, Math.min(restMs, MAX_TIMER_MS));
      });
    await this.runAll();
  }

  async #runReady(): Promise<void> {
    try {
      await this.#stepWhileReady();
    } finally {
      this.#isAwaited = false;
      this.#running = undefined;
    }
  }

  async #stepWhileReady(): Promise<void> {
    let quiet = 0;
    do {
      let hasStepped = false;
      // Code of users may have called something real in the turn before.
      if (quiet > 0 && this.#isAwaited) await this.#outside.check();
      if (quiet === 0) await this.#turns.each(this.#onTurn);
      else {
        await realTurn();
        hasStepped = this.#onTurn();
      }
      for (; this.#outside.isOutside; hasStepped = this.#onTurn()) await this.#outside.whenBack();
      quiet = hasStepped ? 0 : quiet + 1;
    } while (!this.#isStopped && !this.#isQuietAfter(quiet));
  }

  /**
   * A turn is over, in which all promises have gone on: ends one step, and takes the next.
   *
   * @returns Whether it has taken one: its promises go on in the next turn.
   */
  readonly #onTurn = (): boolean => {
    this.#outside.onTurn();
    if (this.#outside.isOutside) return false;
    if (this.#hasStepped) this.#listener.afterStep();
    this.#hasStepped = !this.#isStopped && this.#step();
    return this.#hasStepped;
  };

  #step(): boolean {
    try {
      this.#listener.beforeStep();
      return this.#agenda.step();
    } catch (error) {
      this.#listener.stepOnError(error);
      return true;
    }
  }

  /** Whether nothing can go on without time, after so many turns in a row without an event. */
  #isQuietAfter(turns: number): boolean {
    if (turns === 0 || (turns === 1 && this.#isAwaited)) return false;
    return turns >= QUIET_TURNS || this.#turns.isAlone;
  }
}
