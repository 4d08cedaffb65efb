// One run of a scenario in one world: it plays the scenario, moves time when nothing is ready, and
// says how the run has ended. simulate.ts makes a run for each seed.

import { textOf } from './checks.ts';
import { whoWaits } from './who-waits.ts';
import type { SeededWorld, World } from './world.ts';
import { realTurn } from '../real-turn.ts';
import { noop } from '../../core/noop.ts';
import { DEFAULT_READ_TIMEOUT_MS } from '../../core/parked-wait.ts';

/** What is simulated. */
export type Scenario = (world: World) => Promise<void>;

/** Why a run has failed. */
export interface RunFailure {
  /** `thrown`: by the scenario, a script, a check or a step. The others: it has not ended. */
  readonly kind: 'thrown' | 'deadlock' | 'late' | 'endless';
  readonly text: string;
  /** What was thrown. */
  readonly cause?: unknown;
  /** What happened, one line an event. Undefined where it was not recorded. */
  readonly story?: string;
}

/** So many steps without time that passes: the code under test goes round in a circle. */
const MOST_STEPS_AT_ONCE = 100_000;
/** Heartbeats get so many times their period to find a dead link, until a wait is for ever. */
const IDLE_PERIODS = 3;

/** Plays one scenario in one world. */
export class ScenarioRun {
  readonly #world: SeededWorld;
  readonly #untilMs: number;
  #isOver = false;
  #failure: RunFailure | undefined;
  /** The time of the last step, and the steps before that time. */
  #atOnce = { nowMs: 0, steps: 0 };
  /** Since when no code waits for a timer, and the longest of those that are set since then. */
  #idle: { readonly sinceMs: number; readonly periodMs: number } | undefined;

  constructor(world: SeededWorld, untilMs: number) {
    this.#world = world;
    this.#untilMs = untilMs;
  }

  /** @returns Why it has failed; undefined where it has not. Never rejects. */
  async play(scenario: Scenario): Promise<RunFailure | undefined> {
    this.#world.clock.isDriven = true;
    this.#world.onStep = () => this.#look();
    process.on('unhandledRejection', this.#onRejection);
    try {
      return await this.#play(scenario);
    } finally {
      process.off('unhandledRejection', this.#onRejection);
    }
  }

  async #play(scenario: Scenario): Promise<RunFailure | undefined> {
    const { clock, escapes } = this.#world;
    void this.#call(scenario);
    try {
      await this.#drive();
    } catch (error) {
      // Code waits for real time.
      this.#fail({ kind: 'thrown', text: textOf(error), cause: error });
    }
    const failure = this.#failure;
    if (failure?.kind === 'endless') {
      escapes.end();
      return failure;
    }
    clock.isStopped = false;
    await this.#end();
    // Node tells of rejections once a turn.
    await realTurn();
    return failure ?? this.#failure;
  }

  async #call(scenario: Scenario): Promise<void> {
    try {
      await this.#world.escapes.inside(() => scenario(this.#world));
    } catch (error) {
      // After a check that has failed it is a consequence.
      this.#look();
      this.#fail({ kind: 'thrown', text: textOf(error), cause: error });
    }
    this.#isOver = true;
  }

  /** Lets time pass until all has ended, or the run has failed. */
  async #drive(): Promise<void> {
    const { agenda } = this.#world;
    for (;;) {
      await this.#world.clock.whenQuiet();
      this.#look();
      if (this.#failure !== undefined || this.#hasEnded) return;
      const isOver = this.#isOver && this.#world.checks.awaited.length === 0;
      if (this.#isIdleForEver()) return isOver ? undefined : this.#failOf('deadlock', 'nothing can go on');
      if (agenda.nextMs > this.#untilMs) return isOver ? undefined : this.#failOf('late', this.#lateText());
      agenda.jumpTo(agenda.nextMs);
    }
  }

  get #hasEnded(): boolean {
    const { checks, running } = this.#world;
    return this.#isOver && running.length === 0 && checks.awaited.length === 0;
  }

  /**
   * Whether no code waits for a timer or a delivery; heartbeats have had their time. Reads without
   * a time-out of their own wait for ever here, unless the run is so long that theirs can end.
   */
  #isIdleForEver(): boolean {
    const { agenda } = this.#world;
    const nowMs = agenda.now();
    if (agenda.nextMs === Infinity) return true;
    if (agenda.isAwaited || this.#untilMs >= DEFAULT_READ_TIMEOUT_MS) this.#idle = undefined;
    else {
      const { sinceMs, periodMs } = this.#idle ?? { sinceMs: nowMs, periodMs: 0 };
      const longestMs = agenda.lastTimerBy(this.#untilMs) - nowMs;
      this.#idle = { sinceMs, periodMs: Math.max(periodMs, longestMs) };
    }
    if (this.#idle === undefined || agenda.isCarrying) return false;
    return agenda.nextMs > this.#idle.sinceMs + IDLE_PERIODS * this.#idle.periodMs;
  }

  /** Called after each step. */
  #look(): void {
    const { agenda, clock, failure } = this.#world;
    if (failure !== undefined)
      this.#fail({ kind: 'thrown', text: textOf(failure.error), cause: failure.error });
    if (agenda.now() > this.#atOnce.nowMs) this.#atOnce = { nowMs: agenda.now(), steps: agenda.steps };
    if (agenda.steps - this.#atOnce.steps <= MOST_STEPS_AT_ONCE) return;
    this.#failOf('endless', `${MOST_STEPS_AT_ONCE} steps at one time: it goes round in a circle`);
    clock.isStopped = true;
  }

  readonly #onRejection = (reason: unknown): void => {
    this.#fail({ kind: 'thrown', text: `unhandled rejection: ${textOf(reason)}`, cause: reason });
  };

  #lateText(): string {
    return `it has not ended by t=${this.#untilMs} (untilMs)`;
  }

  #failOf(kind: RunFailure['kind'], text: string): void {
    this.#fail({ kind, text });
  }

  /** The first failure counts. Nothing runs after it. */
  #fail(failure: RunFailure): void {
    if (this.#failure !== undefined) return;
    this.#failure = { ...failure, ...this.#tellOf(failure) };
    this.#world.clock.isStopped = true;
  }

  /** Tells the end of a run that is recorded. */
  #tellOf({ kind, text }: RunFailure): Pick<RunFailure, 'text' | 'story'> {
    const { story } = this.#world;
    if (story === undefined) return { text };
    const waits = kind === 'thrown' ? undefined : whoWaits(this.#world);
    const told = waits === undefined ? text : `${text}: ${waits}`;
    return { text: told, story: story.finish(`fails: ${text}`) };
  }

  /** Ends the world, also after a failure, so that no handler stays behind. */
  async #end(): Promise<void> {
    if (this.#failure !== undefined) return await this.#world[Symbol.asyncDispose]().catch(noop);
    await this.#world[Symbol.asyncDispose]().catch((error: unknown) => {
      this.#fail({ kind: 'thrown', text: textOf(error), cause: error });
    });
  }
}
