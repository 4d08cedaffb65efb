// One run of a scenario in one world, and how it has ended. drive.ts moves time; simulate.ts makes
// a run for each seed.

import { Drive, MAX_STEPS_AT_ONCE } from './drive.ts';
import { whoWaits } from './who-waits.ts';
import type { SeededWorld, World } from './world.ts';
import { realTurn } from '../real-turn.ts';
import { shownError } from '../../core/errors.ts';
import { noop } from '../../core/noop.ts';

/** What is simulated. */
export type Scenario = (world: World) => Promise<void>;

/** Why a run has failed. */
export interface RunFailure {
  /** `thrown`: by the scenario, a script, a check or a step. The others: it has not ended. */
  readonly kind: 'thrown' | 'deadlock' | 'late' | 'livelock';
  readonly text: string;
  /** What was thrown. */
  readonly cause?: unknown;
  /** What happened, one line an event. Undefined where it was not recorded. */
  readonly story?: string;
}

/** Plays one scenario in one world. */
export class ScenarioRun {
  readonly #world: SeededWorld;
  readonly #untilMs: number;
  readonly #drive: Drive;
  #isOver = false;
  #failure: RunFailure | undefined;
  constructor(world: SeededWorld, untilMs: number) {
    this.#world = world;
    this.#untilMs = untilMs;
    this.#drive = new Drive(world);
  }

  /** @returns Why it has failed; undefined where it has not. Never rejects. */
  async play(scenario: Scenario): Promise<RunFailure | undefined> {
    this.#world.onStep = () => this.#onStep();
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
      await this.#goOn();
    } catch (error) {
      // Code waits for real time.
      this.#fail({ kind: 'thrown', text: shownError(error), cause: error });
    }
    const failure = this.#failure;
    if (failure?.kind === 'livelock') {
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
      this.#fail({ kind: 'thrown', text: shownError(error), cause: error });
    }
    this.#isOver = true;
  }

  /** Lets time pass until all has ended, or the run has failed. */
  async #goOn(): Promise<void> {
    const end = await this.#drive.until(this.#untilMs, () => {
      this.#look();
      return this.#failure !== undefined || this.#hasEnded;
    });
    if (end === 'over' || (this.#isOver && this.#world.checks.awaited.length === 0)) return;
    if (end === 'idle') this.#failOf('deadlock', 'nothing can go on');
    else this.#failOf('late', `it has not ended by t=${this.#untilMs} (untilMs)`);
  }

  get #hasEnded(): boolean {
    const { checks, running } = this.#world;
    return this.#isOver && running.length === 0 && checks.awaited.length === 0;
  }

  #onStep(): void {
    this.#drive.onStep();
    this.#look();
  }

  #look(): void {
    const { failure } = this.#world;
    if (failure !== undefined)
      this.#fail({ kind: 'thrown', text: shownError(failure.error), cause: failure.error });
    if (this.#drive.isLivelock)
      this.#failOf('livelock', `${MAX_STEPS_AT_ONCE} steps at one time: it goes round in a circle`);
  }

  readonly #onRejection = (reason: unknown): void => {
    this.#fail({ kind: 'thrown', text: `unhandled rejection: ${shownError(reason)}`, cause: reason });
  };

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
      this.#fail({ kind: 'thrown', text: shownError(error), cause: error });
    });
  }
}
