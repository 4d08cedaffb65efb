// One run of a scenario in one world, and how it has ended. drive.ts moves time; simulate.ts makes
// a run for each seed.

import { thrownText } from './world/checks.ts';
import { listenForRejections } from './unhandled-rejections.ts';
import { Drive, MAX_STEPS_AT_ONCE } from './world/drive.ts';
import { clientOf, whoWaits } from './world/who-waits.ts';
import { ENDING_MS, SeededWorld } from './world/seeded-world.ts';
import type { SimulatedBy } from './world/seeded-world.ts';
import type { World } from './world/world.ts';
import type { WorldSettings } from './world/world-options.ts';
import { waitText } from '../who-waits.ts';
import { realTurn } from '../real-turn.ts';
import type { HandlerRun } from '../../server/handler-run.ts';
import { shownError } from '../../core/errors.ts';
import { noop } from '../../core/noop.ts';

/** What is simulated. */
export type Scenario = (world: World) => Promise<void>;

/** The world of a run, and how long it may go on. */
export interface RunSettings extends WorldSettings {
  readonly untilMs: number;
}

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

/** What helps against each failure. */
const CURES: Readonly<Record<Exclude<RunFailure['kind'], 'thrown'>, string>> = {
  deadlock: 'No timer is set that one of them waits for: send what it reads, or give the read a time-out',
  late: 'Raise untilMs, or let handlers and scripts end',
  livelock: 'A loop needs a wait that takes time, such as ws.clock.sleep(1)',
};

/** Plays one scenario in one world. */
export class ScenarioRun {
  /** The world of this run. */
  readonly world: SeededWorld;
  readonly #untilMs: number;
  readonly #drive: Drive;
  #isOver = false;
  #failure: RunFailure | undefined;

  constructor(settings: RunSettings, setup: Pick<SimulatedBy, 'most' | 'recording'>) {
    this.world = new SeededWorld(settings, { ...setup, driver: { onStep: () => this.#onStep() } });
    this.#untilMs = settings.untilMs;
    this.#drive = new Drive(this.world);
  }

  /** @returns Why it has failed; undefined where it has not. Never rejects. */
  async play(scenario: Scenario): Promise<RunFailure | undefined> {
    const endListening = listenForRejections(this.#onRejection);
    try {
      return await this.#play(scenario);
    } finally {
      endListening();
    }
  }

  async #play(scenario: Scenario): Promise<RunFailure | undefined> {
    const { clock, escapes } = this.world;
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
    clock.resume();
    await this.#end();
    // Node tells of rejections once a turn.
    await realTurn();
    return failure ?? this.#failure;
  }

  async #call(scenario: Scenario): Promise<void> {
    try {
      await this.world.escapes.named('the scenario', () => scenario(this.world));
    } catch (error) {
      // After a check that has failed it is a consequence.
      this.#look();
      this.#fail({ kind: 'thrown', text: thrownText({ error, by: 'scenario' }), cause: error });
    }
    this.#isOver = true;
  }

  /** Lets time pass until all has ended, or the run has failed. */
  async #goOn(): Promise<void> {
    const end = await this.#drive.until(this.#untilMs, () => {
      this.#look();
      return this.#failure !== undefined || this.#hasEnded;
    });
    if (end === 'over' || (this.#isOver && this.world.checks.awaited.length === 0)) return;
    if (end === 'idle') this.#failOf('deadlock', 'nothing can go on');
    else this.#failOf('late', `it has not ended by t=${this.#untilMs} (untilMs)`);
  }

  get #hasEnded(): boolean {
    const { checks, running } = this.world;
    return this.#isOver && running.length === 0 && checks.awaited.length === 0;
  }

  #onStep(): void {
    this.#drive.onStep();
    this.#look();
  }

  #look(): void {
    const { failure } = this.world;
    if (failure !== undefined)
      this.#fail({ kind: 'thrown', text: thrownText(failure), cause: failure.error });
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
    this.world.clock.stop();
  }

  /** Tells the end of a run that is recorded. */
  #tellOf({ kind, text }: RunFailure): Pick<RunFailure, 'text' | 'story'> {
    const { story } = this.world;
    if (story === undefined) return { text };
    const scenario = this.#isOver ? [] : ['the scenario has not ended'];
    const told = kind === 'thrown' ? text : `${text}: ${whoWaits(this.world, scenario)}. ${CURES[kind]}`;
    return { text: told, story: story.finish(`fails: ${text}`) };
  }

  /** Ends the world, also after a failure, so that no handler stays behind. */
  async #end(): Promise<void> {
    const world = this.world;
    if (this.#failure !== undefined) return await world[Symbol.asyncDispose]().catch(noop);
    try {
      await world[Symbol.asyncDispose]();
      await this.#endHandlers();
    } catch (error) {
      this.#fail({ kind: 'thrown', text: shownError(error), cause: error });
    }
  }

  /** Gives handlers and child tasks that go on after their sockets time to end. @throws Error. */
  async #endHandlers(): Promise<void> {
    const isLeft = (): boolean => [...this.world.servers].some(({ runs }) => runs.some(runsOn));
    if (!isLeft()) return;
    await this.world.clock.advanceWhile(isLeft, ENDING_MS);
    if (isLeft()) throw new Error(`its world has ended, but not ${this.#left().join('; ')}`);
  }

  /** Says where handlers and child tasks wait that have not ended. */
  #left(): readonly string[] {
    const links = [...this.world.links];
    const waits = [...this.world.servers].flatMap(({ host, runs }) =>
      host.handlerWaits.of(runs.filter(runsOn)),
    );
    return waits.map(({ id, task, waits: call, at }) => {
      const client = clientOf(id, links);
      const ofTask = task === undefined ? '' : `task '${task}' of `;
      return `${ofTask}the handler${client === undefined ? '' : ` of ${client}`}: it ${waitText(call, at)}`;
    });
  }
}

/** Whether the function of a handler, or of a child task, has not ended. */
function runsOn({ handling, tasks }: HandlerRun): boolean {
  return handling !== undefined || tasks.length > 0;
}
