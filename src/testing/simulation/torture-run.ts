// One run of a handler under torture: a world with one host and the client of the scenario. It
// counts the waits of the client's handler, makes the cut at one of them, and lets time pass until
// all has ended. torture.ts plans the runs, survival.ts judges how they ended.

import { AsyncLocalStorage } from 'node:async_hooks';
import type { Cut, CutPlace, Terms } from './cuts.ts';
import { Drive } from './drive.ts';
import { SeenWaits, waitText } from './seen-waits.ts';
import type { KnownWaits, SeenWait } from './seen-waits.ts';
import { SlowWrites } from './slow-writes.ts';
import { SeededWorld } from './world.ts';
import type { World, WorldSettings } from './world.ts';
import type { WorldClient } from './world-link.ts';
import type { ClientOfWorld } from '../fake-options.ts';
import { realTurn } from '../real-turn.ts';
import type { HandlerRun } from '../../server/handler-run.ts';
import { HostedSocket } from '../../server/hosted-socket.ts';
import type { Host, ServerSocket } from '../../server/host.ts';
import type { HostOptions } from '../../server/host-options.ts';
import type { Report, Where } from '../../server/report.ts';
import type { Routes } from '../../server/servable.ts';
import type { ServingHost } from '../../server/serving-host.ts';
import { shownError } from '../../core/errors.ts';
import type { Resolver } from '../../core/parked-wait.ts';
import { looseWaits } from '../../waiting/loose-waits.ts';

/** What a scenario may use beside its client. */
export interface TortureStage {
  /** The world of this run: for further clients and hosts. */
  readonly world: World;
  /** The host that serves the handler. */
  readonly host: Host;
}

export type TortureScenario = (client: WorldClient, stage: TortureStage) => Promise<void>;

/** What is put under torture. */
export interface Subject {
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

/** A cut at one wait; at 0: right after the client has opened. */
export interface PlannedCut extends KnownWaits {
  readonly cut: Cut;
}

/** What a report got. */
export interface Reported {
  readonly error: unknown;
  readonly where: Where;
}

/** The longest time of each part of a run, on its own clock. */
const MOST_MS = 3_600_000;
/** The same after a cut, where heartbeats go on: they cost steps. */
const MOST_CUT_MS = 600_000;
/** Plays a scenario once. */
export class TortureRun {
  readonly reports: Reported[] = [];
  readonly rejections: unknown[] = [];
  /** What functions have thrown that a timer or a delivery has called. */
  readonly stepErrors: unknown[] = [];
  /** One line an event. */
  readonly story: string[] = [];
  /** What the scenario has thrown. */
  thrown: { readonly error: unknown } | undefined;
  /** Says that code waits in nothing of the world. */
  escaped: { readonly error: unknown } | undefined;
  isScenarioOver: boolean = false;
  /** Whether one end had begun to close before the cut. */
  wasEnding: boolean = false;
  wasCut: boolean = false;
  /** The run of the client; undefined until the host has accepted it. */
  run: HandlerRun | undefined;
  readonly terms: Terms;
  readonly cut: PlannedCut | undefined;
  readonly world: SeededWorld;
  readonly #drive: Drive;
  readonly #subject: Subject;
  readonly #isScenario = new AsyncLocalStorage<true>();
  readonly #looseBefore: number = looseCalls();
  #host: ServingHost | undefined;
  readonly #seen: SeenWaits;
  #client: WorldClient | undefined;
  /** The wait at which the cut was made, until what it holds is released. */
  #held: Resolver | 'unknown' | undefined;
  #isConnecting = false;
  #writes: SlowWrites | undefined;

  constructor(subject: Subject, terms: Terms, cut?: PlannedCut) {
    this.#subject = subject;
    this.terms = terms;
    this.cut = cut;
    this.#seen = new SeenWaits(cut, (resolver) => this.#onWait(resolver));
    this.world = new SeededWorld(subject.world);
    this.#drive = new Drive(this.world);
  }

  /**
   * Plays it to its end. Never rejects for what handler and scenario do.
   *
   * @throws UsageError for the server, or the options of the host.
   */
  async play(): Promise<this> {
    this.#host = this.#serve();
    process.on('unhandledRejection', this.#onRejection);
    try {
      await this.#play();
    } catch (error) {
      this.escaped = { error };
    } finally {
      process.off('unhandledRejection', this.#onRejection);
      this.#isScenario.disable();
    }
    return this;
  }

  #serve(): ServingHost {
    try {
      return this.world.serve(this.#subject.server, this.#hostOptions()) as ServingHost;
    } catch (error) {
      // The world ends before it has begun, and its watch with it.
      this.world.escapes.end();
      throw error;
    }
  }

  /** The waits of the handler so far. */
  get waits(): readonly SeenWait[] {
    return this.#seen.list;
  }

  /** Whether it goes round in a circle, and time never passes. */
  get isLivelock(): boolean {
    return this.#drive.isLivelock;
  }

  /** The host of the run. */
  get host(): ServingHost {
    return this.#host as ServingHost;
  }

  /** Calls that wait in no socket, and were not there before. */
  get looseCalls(): number {
    return Math.max(0, looseCalls() - this.#looseBefore);
  }

  async #play(): Promise<void> {
    const { world } = this;
    world.onStep = () => this.#onStep();
    world.stepOnError = (error) => this.stepErrors.push(error);
    const scenario = this.#isScenario.run(true, () => this.#perform());
    await this.#goOn(() => this.isScenarioOver);
    this.#release();
    await this.#goOn(() => this.isScenarioOver);
    void this.#client?.close();
    await this.#goOn(() => this.isScenarioOver && this.run?.hasEnded !== false);
    void scenario;
    // Its world stays stopped: it would go on for ever.
    if (this.isLivelock) return;
    world.clock.isStopped = false;
    await world[Symbol.asyncDispose]().catch((error: unknown) => (this.thrown ??= { error }));
    await realTurn();
  }

  /** Connects and plays the script, in a context of its own: so its rejections are known. */
  async #perform(): Promise<void> {
    const { world, host } = this;
    const connect = world.connect.bind(world);
    // What the host does for a client is not the script's.
    world.connect = (to, options) => this.#isScenario.exit(() => connect(to, options));
    try {
      const { client } = this.#subject;
      const stage: TortureStage = { world, host };
      const options = typeof client === 'function' ? await client(stage) : client;
      this.#tell('the client connects');
      this.#isConnecting = true;
      this.#client = await world.connect(host, options);
      this.#cutNow();
      await this.#subject.scenario(this.#client, stage);
    } catch (error) {
      this.thrown = { error };
    }
    this.isScenarioOver = true;
  }

  #hostOptions(): HostOptions {
    const { hostOptions: given } = this.#subject;
    const report: Report = (error, where) => {
      this.reports.push({ error, where });
      this.#tell(`reported by ${where.phase}: ${shownError(error)}`);
      given.report?.(error, where);
    };
    const onOpen = (ws: ServerSocket): void => {
      if (this.#isConnecting) this.#begin(HostedSocket.runOf(ws) as HandlerRun);
      given.onOpen?.(ws);
    };
    return { ...given, ...TERMS[this.terms], report, onOpen };
  }

  /** The handler of the client is about to be called. */
  #begin(run: HandlerRun): void {
    this.#isConnecting = false;
    this.run = run;
    if (this.terms === 'slow') this.#writes = new SlowWrites(run.conversation, this.world.agenda);
  }

  /** Lets time pass until something holds, or nothing goes on by itself. */
  async #goOn(isOver: () => boolean): Promise<void> {
    const isLong = this.cut === undefined || this.terms === 'patient';
    const untilMs = this.world.agenda.now() + (isLong ? MOST_MS : MOST_CUT_MS);
    await this.#drive.until(untilMs, isOver);
  }

  #onStep(): void {
    this.#drive.onStep();
    if (this.run === undefined) return;
    if (this.wasCut) this.#lookAtHeld(this.run);
    else this.#seen.look(this.run);
  }

  /** The handler has begun to wait. */
  #onWait(resolver: Resolver | undefined): void {
    if (this.wasCut) return;
    const { length } = this.waits;
    this.#tell(`${waitText(this.waits[length - 1] as SeenWait)} (wait ${length})`);
    if (length !== this.cut?.number) return;
    this.#held = resolver ?? 'unknown';
    this.#cutNow();
  }

  /** Makes the cut, if it is due and the client is there. */
  #cutNow(): void {
    const { cut, run } = this;
    const client = this.#client;
    if (cut === undefined || client === undefined || run === undefined || this.wasCut) return;
    if (this.waits.length < cut.number) return;
    this.wasCut = true;
    this.wasEnding = run.conversation.isEnding;
    this.#tell(cut.cut.name);
    cut.cut.make(this.#place(client, run));
    this.world.agenda.changed();
  }

  #place(client: WorldClient, run: HandlerRun): CutPlace {
    const limits = this.host.settingsOf(run.route);
    return { client, run, host: this.host, limits, writes: this.#writes };
  }

  #lookAtHeld(run: HandlerRun): void {
    if (this.#held === undefined || this.#held === 'unknown') return;
    const calls = this.host.handlerWaits.callsNear(run);
    if (!calls.some(({ wait }) => wait.resolver === this.#held)) this.#release();
  }

  /** Undoes what the cut holds. */
  #release(): void {
    if (!this.wasCut || this.run === undefined || this.#client === undefined) return;
    if (this.#held === undefined) return;
    this.#held = undefined;
    this.cut?.cut.release?.(this.#place(this.#client, this.run));
  }

  readonly #onRejection = (reason: unknown): void => {
    // A script that a cut has thrown out of its way may leave promises behind.
    if (this.#isScenario.getStore() === true && this.cut !== undefined) return;
    this.rejections.push(reason);
    this.#tell(`unhandled rejection: ${shownError(reason)}`);
  };

  #tell(text: string): void {
    this.story.push(`t=${this.world.agenda.now()} ${text}`);
  }
}

const TERMS: Readonly<Record<Terms, HostOptions>> = {
  given: {},
  patient: { heartbeat: false },
  slow: {},
};

function looseCalls(): number {
  return [...looseWaits].length;
}
