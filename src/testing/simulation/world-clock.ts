// The clock of a world, as tests hold it. It lets run what is ready: one event, then a turn of
// Node's event loop, in which all promises go on.

import type { Agenda } from './agenda.ts';
import { realTurn, TurnRow } from '../real-turn.ts';
import { checkAdvance } from '../virtual-clock.ts';
import type { VirtualClock } from '../virtual-clock.ts';
import { noop } from '../../core/noop.ts';

/** So many turns without an event end a settle: code of users may await turns of its own. */
const QUIET_TURNS = 8;

/** What is beside the time of a world: escapes.ts. */
export interface Outside {
  /** Whether the world stands still for something real. */
  readonly isOutside: boolean;
  /** Runs code of the world. */
  inside<T>(run: () => T): T;
  whenBack(): Promise<void>;
  /** Looks, where nothing is ready, whether code waits for real time. @throws UsageError. */
  check(): Promise<void>;
}

/** Moves the time of an agenda. */
export class WorldClock implements VirtualClock {
  readonly #agenda: Agenda;
  readonly #turns = new TurnRow();
  readonly #outside: Outside;
  /** Pending while something is ready. */
  #running: Promise<void> | undefined;
  /** Whether a caller waits until all that is ready has run: only then code is looked for. */
  #isAwaited = false;
  /** Where the time will be when all calls of `advance` have ended. */
  #untilMs = 0;

  constructor(agenda: Agenda, outside: Outside) {
    this.#agenda = agenda;
    this.#outside = outside;
    agenda.onChange = () => void this.#run().catch(noop);
  }

  get timers(): number {
    return this.#agenda.timers;
  }

  now(): number {
    return this.#agenda.now();
  }

  wallTimeMs(): number {
    return this.#agenda.wallTimeMs();
  }

  setTimeout(run: () => void, ms: number): unknown {
    return this.#agenda.setTimeout(run, ms);
  }

  clearTimeout(handle: unknown): void {
    this.#agenda.clearTimeout(handle);
  }

  setImmediate(run: () => void): unknown {
    return this.#agenda.setImmediate(run);
  }

  async advance(ms: number): Promise<void> {
    checkAdvance(ms);
    this.#untilMs = Math.max(this.#untilMs, this.now()) + ms;
    await this.#advanceTo(this.#untilMs, () => true);
  }

  /** Moves time from event to event while a condition holds, `mostMs` at most. */
  async advanceWhile(isNeeded: () => boolean, mostMs: number): Promise<void> {
    await this.#advanceTo(this.now() + mostMs, isNeeded);
  }

  /** Runs everything that is ready now. @throws UsageError `COROSOCK_REAL_TIME`. */
  settle(): Promise<void> {
    this.#isAwaited = true;
    return this.#run();
  }

  #run(): Promise<void> {
    this.#running ??= this.#outside.inside(() => this.#runReady());
    return this.#running;
  }

  async #advanceTo(untilMs: number, isNeeded: () => boolean): Promise<void> {
    await this.settle();
    while (isNeeded() && this.#agenda.nextMs <= untilMs) {
      this.#agenda.jumpTo(this.#agenda.nextMs);
      await this.settle();
    }
    if (isNeeded()) this.#agenda.jumpTo(untilMs);
  }

  async #runReady(): Promise<void> {
    try {
      let quiet = 0;
      while (quiet < QUIET_TURNS) {
        await this.#turn(quiet > 0);
        quiet = this.#agenda.step() ? 0 : quiet + 1;
      }
    } finally {
      this.#isAwaited = false;
      this.#running = undefined;
    }
  }

  /** Waits for the next turn, and for all that is real. */
  async #turn(isQuiet: boolean): Promise<void> {
    if (isQuiet && this.#isAwaited) await this.#outside.check();
    await (isQuiet ? realTurn() : this.#turns.next());
    if (this.#outside.isOutside) await this.#outside.whenBack();
  }
}
