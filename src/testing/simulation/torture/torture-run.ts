// One run of a handler under torture: a world with one host and the client of the scenario. It
// counts the waits of the client's handler, makes the cut at one of them, and lets time pass until
// all has ended. torture.ts plans the runs, survival.ts judges how they ended.

import { AsyncLocalStorage } from 'node:async_hooks';
import type { Thrown } from '../world/checks.ts';
import type { CutPlace, Conditions, PlannedCut } from './cuts.ts';
import { Drive } from '../world/drive.ts';
import { SeenWaits } from './seen-waits.ts';
import { SlowWrites } from './slow-writes.ts';
import { callerIn, leftCalls, looseCalls, stuckIn } from './torture-result.ts';
import type { Reported, TortureResult } from './torture-result.ts';
import type { Recording } from '../story/story.ts';
import { listenForRejections } from '../unhandled-rejections.ts';
import { whoWaits } from '../world/who-waits.ts';
import { SeededWorld } from '../world/seeded-world.ts';
import type { World } from '../world/world.ts';
import type { WorldSettings } from '../world/world-options.ts';
import type { WorldClient } from '../links/world-link.ts';
import type { ClientOfWorld } from '../../fake-options.ts';
import { realTurn } from '../../real-turn.ts';
import type { HandlerRun } from '../../../server/handler-run.ts';
import { HostedSocket } from '../../../server/hosted-socket.ts';
import type { Host, ServerSocket } from '../../../server/host.ts';
import type { HostOptions } from '../../../server/host-options.ts';
import type { Report } from '../../../server/report.ts';
import type { Routes } from '../../../server/servable.ts';
import type { ServingHost } from '../../../server/serving-host.ts';
import { shownError } from '../../../core/errors.ts';
import type { Resolver } from '../../../core/parked-wait.ts';

/** What a scenario may use beside its client. */
export interface TortureStage {
  /** The world of this run: for further clients and hosts. */
  readonly world: World;
  /** The host that serves the handler. */
  readonly host: Host;
}

export type TortureScenario = (client: WorldClient, stage: TortureStage) => Promise<void>;

/** What is put under torture. */
export interface TortureSetup {
  readonly server: Routes;
  readonly scenario: TortureScenario;
  readonly hostOptions: HostOptions;
  readonly client: TortureClient;
  readonly world: WorldSettings;
}

/** What the client says of itself, or a function that prepares the stage and says it. */
export type TortureClient =
  | Omit<ClientOfWorld, 'params'>
  | ((stage: TortureStage) => Promise<Omit<ClientOfWorld, 'params'>>);

/** What one run is. */
export interface RunPlan {
  readonly conditions: Conditions;
  readonly cut?: PlannedCut | undefined;
  /** Undefined: its story is not told. */
  readonly recording?: Recording;
}

/** The longest time of each part of a run, on its own clock. */
const MAX_MS = 3_600_000;
/** The same after a cut, where heartbeats go on: they cost steps. */
const MAX_CUT_MS = 600_000;

/** Plays a scenario once. */
export class TortureRun {
  readonly #reports: Reported[] = [];
  readonly #rejections: unknown[] = [];
  readonly #stepErrors: unknown[] = [];
  #thrown: Thrown | undefined;
  #escaped: Thrown | undefined;
  #isScenarioOver = false;
  #waiting = '';
  #wasEnding = false;
  #wasCut = false;
  /** The run of the client; undefined until the host has accepted it. */
  #run: HandlerRun | undefined;
  readonly #conditions: Conditions;
  readonly #cut: PlannedCut | undefined;
  readonly #world: SeededWorld;
  readonly #drive: Drive;
  readonly #setup: TortureSetup;
  readonly #isScenario = new AsyncLocalStorage<true>();
  readonly #looseBefore = looseCalls();
  readonly #host: ServingHost;
  readonly #seen: SeenWaits;
  #client: WorldClient | undefined;
  /** The wait at which the cut was made, until what it holds is released. */
  #held: Resolver | 'unknown' | undefined;
  #isConnecting = false;
  #writes: SlowWrites | undefined;

  /**
   * @throws UsageError for the server, or the options of the host.
   */
  constructor(setup: TortureSetup, { conditions, cut, recording }: RunPlan) {
    this.#setup = setup;
    this.#conditions = conditions;
    this.#cut = cut;
    this.#seen = new SeenWaits(cut, (resolver) => this.#onWait(resolver));
    const world = new SeededWorld(setup.world, {
      recording,
      driver: {
        onStep: () => this.#onStep(),
        onStepError: (error) => this.#stepErrors.push(error),
        // What the host does for a client is not the script's.
        callHost: (call) => this.#isScenario.exit(call),
      },
    });
    this.#world = world;
    if (recording !== undefined) world.agenda.traceTimers();
    this.#drive = new Drive(world);
    this.#host = this.#serve();
  }

  /** Plays it to its end. Never rejects for what handler and scenario do. */
  async play(): Promise<TortureResult> {
    const endListening = listenForRejections(this.#onRejection);
    try {
      await this.#play();
    } catch (error) {
      this.#escaped = { error };
    } finally {
      endListening();
      this.#isScenario.disable();
    }
    return this.#result();
  }

  #serve(): ServingHost {
    try {
      return this.#world.serve(this.#setup.server, this.#hostOptions()) as ServingHost;
    } catch (error) {
      // The world ends before it has begun, and its watch with it.
      this.#world.escapes.end();
      throw error;
    }
  }

  #result(): TortureResult {
    const run = this.#run;
    const { agenda, escapes, story } = this.#world;
    return {
      conditions: this.#conditions,
      cut: this.#cut,
      waits: this.#seen.list,
      isLivelock: this.#drive.isLivelock,
      steps: agenda.steps,
      escaped: this.#escaped,
      isAccepted: run !== undefined,
      thrown: this.#thrown,
      isScenarioOver: this.#isScenarioOver,
      waiting: this.#waiting,
      wasCut: this.#wasCut,
      wasEnding: this.#wasEnding,
      stuck: run && stuckIn(run, this.#host),
      reports: this.#reports,
      rejections: this.#rejections,
      stepErrors: this.#stepErrors,
      broken: this.#world.checks.broken,
      looseCalls: leftCalls(this.#looseBefore),
      nodeTimer: escapes.nodeTimers[0],
      timers: agenda.awaitedTimers.map(callerIn),
      end: run?.conversation.queue.end,
      story,
    };
  }

  async #play(): Promise<void> {
    const world = this.#world;
    const scenario = this.#isScenario.run(true, () => this.#perform());
    await this.#goOn(() => this.#isScenarioOver);
    this.#release();
    await this.#goOn(() => this.#isScenarioOver);
    if (this.#cut === undefined && !this.#isScenarioOver) this.#waiting = whoWaits(world);
    void this.#client?.close();
    await this.#goOn(() => this.#isScenarioOver && this.#haveEnded);
    void scenario;
    if (this.#drive.isLivelock) {
      // Its world stays stopped: it would go on for ever.
      this.#waiting = whoWaits(world);
      return;
    }
    world.clock.resume();
    await world[Symbol.asyncDispose]().catch((error: unknown) => (this.#thrown ??= { error }));
    await realTurn();
  }

  /** Connects and plays the script, in a context of its own: so its rejections are known. */
  async #perform(): Promise<void> {
    const [world, host] = [this.#world, this.#host];
    try {
      const { client } = this.#setup;
      const stage: TortureStage = { world, host };
      const options = typeof client === 'function' ? await client(stage) : client;
      this.#isConnecting = true;
      this.#client = await world.connect(host, options);
      this.#cutNow();
      await this.#setup.scenario(this.#client, stage);
    } catch (error) {
      this.#thrown = { error };
    }
    this.#isScenarioOver = true;
  }

  #hostOptions(): HostOptions {
    const { hostOptions: given } = this.#setup;
    const report: Report = (error, where) => {
      this.#reports.push({ error, where });
      this.#world.story?.reports(error, where);
      given.report?.(error, where);
    };
    const onOpen = (ws: ServerSocket): void => {
      if (this.#isConnecting) this.#begin(HostedSocket.runOf(ws) as HandlerRun);
      given.onOpen?.(ws);
    };
    return { ...given, ...HOST_OPTIONS_UNDER[this.#conditions], report, onOpen };
  }

  /** The handler of the client is about to be called. */
  #begin(run: HandlerRun): void {
    this.#isConnecting = false;
    this.#run = run;
    if (this.#conditions === 'slowPeer') this.#writes = new SlowWrites(run.conversation, this.#world.agenda);
  }

  /** Whether the handler and both ends of its link have ended. */
  get #haveEnded(): boolean {
    const isOpen = this.#client !== undefined && this.#client.closeInfo === undefined;
    return this.#run?.hasEnded !== false && !isOpen;
  }

  /** Lets time pass until something holds, or nothing goes on by itself. */
  async #goOn(isOver: () => boolean): Promise<void> {
    const isLong = this.#cut === undefined || this.#conditions === 'withoutHeartbeat';
    const untilMs = this.#world.agenda.now() + (isLong ? MAX_MS : MAX_CUT_MS);
    await this.#drive.until(untilMs, isOver);
  }

  #onStep(): void {
    this.#drive.onStep();
    if (this.#run === undefined) return;
    if (this.#wasCut) this.#lookAtHeld(this.#run);
    else this.#seen.look(this.#run);
  }

  /** The handler has begun to wait. */
  #onWait(resolver: Resolver | undefined): void {
    if (this.#wasCut) return;
    const { length } = this.#seen.list;
    if (length !== this.#cut?.number) return;
    this.#held = resolver ?? 'unknown';
    this.#cutNow();
  }

  /** Makes the cut, if it is due and the client is there. */
  #cutNow(): void {
    const [cut, run] = [this.#cut, this.#run];
    const client = this.#client;
    if (cut === undefined || client === undefined || run === undefined || this.#wasCut) return;
    if (this.#seen.list.length < cut.number) return;
    this.#wasCut = true;
    this.#wasEnding = run.conversation.isEnding;
    this.#world.story?.tell(`cut: ${cut.cut.name}`);
    cut.cut.make(this.#place(client, run));
    this.#world.agenda.changed();
  }

  #place(client: WorldClient, run: HandlerRun): CutPlace {
    const limits = this.#host.settingsOf(run.route);
    return { client, run, host: this.#host, limits, writes: this.#writes };
  }

  #lookAtHeld(run: HandlerRun): void {
    if (this.#held === undefined || this.#held === 'unknown') return;
    const calls = this.#host.handlerWaits.callsNear(run);
    if (!calls.some(({ wait }) => wait.resolver === this.#held)) this.#release();
  }

  /** Undoes what the cut holds. */
  #release(): void {
    if (!this.#wasCut || this.#run === undefined || this.#client === undefined) return;
    if (this.#held === undefined) return;
    this.#held = undefined;
    this.#cut?.cut.release?.(this.#place(this.#client, this.#run));
  }

  readonly #onRejection = (reason: unknown): void => {
    // A script that a cut has thrown out of its way may leave promises behind.
    if (this.#isScenario.getStore() === true && this.#cut !== undefined) return;
    this.#rejections.push(reason);
    this.#world.story?.tell(`unhandled rejection: ${shownError(reason)}`);
  };
}

const HOST_OPTIONS_UNDER: Readonly<Record<Conditions, HostOptions>> = {
  asGiven: {},
  withoutHeartbeat: { heartbeat: false },
  slowPeer: {},
};
