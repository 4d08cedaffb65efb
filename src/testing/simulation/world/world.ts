// `world`: hosts and clients in memory on one agenda, which is their clock, with one seed for all
// that is random. What is ready runs by itself, and time stands still until `clock.advance`. The
// hosts are memory-server.ts's, the order of events is agenda.ts's, links are world-link.ts's.

/// <reference lib="esnext.disposable" preserve="true" />

import { Agenda } from '../seeded/agenda.ts';
import { Checks } from './checks.ts';
import type { Thrown } from './checks.ts';
import { Choices, randomnessOf, seededRandom } from '../seeded/choices.ts';
import { Escapes } from './escapes.ts';
import { canFallSilent, faultsOf, fitting } from '../seeded/faults.ts';
import { HostFaults } from '../seeded/seeded-faults.ts';
import { Scripts } from './scripts.ts';
import { Story } from '../story/story.ts';
import type { Recording } from '../story/story.ts';
import { watched } from '../story/watched-host.ts';
import { watchFor } from './watched-world.ts';
import { neverEnded } from './who-waits.ts';
import { WirePorts } from '../links/wire-handshake.ts';
import { WorldClock } from './world-clock.ts';
import type { StepListener } from './world-clock.ts';
import { WorldHandshake } from '../links/world-handshake.ts';
import { WorldLink } from '../links/world-link.ts';
import type { WorldClient } from '../links/world-link.ts';
import { WORLD_OPTIONS } from './world-options.ts';
import type { WorldOptions, WorldSettings } from './world-options.ts';
import type { WorldParts } from '../seeded/world-parts.ts';
import type { ClientOfWorld } from '../../fake-options.ts';
import { MemoryServer } from '../../memory-server.ts';
import { clientName } from '../../who-waits.ts';
import type { VirtualClock } from '../../virtual-clock.ts';
import type { Randomness } from '../../../platform/random-ids.ts';
import type { Host } from '../../../server/host.ts';
import { HOST_OPTIONS } from '../../../server/host-options.ts';
import type { HostOptions } from '../../../server/host-options.ts';
import type { Routes } from '../../../server/servable.ts';
import type { LoneRoute, RouteMap, WithHostHook } from '../../../server/typed-routes.ts';
import type { Task } from '../../../tasks/task.ts';
import { unattended } from '../../../waiting/abortable.ts';
import { badArgument, checkNames, checkObject } from '../../../core/arguments.ts';
import { UsageError } from '../../../core/errors.ts';
import { complete, namesOf } from '../../../core/options.ts';

/** Hosts and clients in memory, with one virtual clock and one seed. */
export interface World extends AsyncDisposable {
  readonly seed: number;
  /**
   * The clock of all hosts and clients. Its `now()` begins at 0, and its `wallTimeMs()` at
   * 2030-01-01 UTC in each world, so that runs are equal.
   */
  readonly clock: VirtualClock;
  /**
   * Gives numbers from 0 to below 1 that its seed decides. Faults, ids and the order of events do
   * not change with the number of draws.
   */
  readonly random: () => number;
  /**
   * Makes a host. The parameters of patterns and the contexts of hooks are inferred, as by `serve`.
   *
   * @param routes - One server for every path, or a map of patterns.
   * @param options - Those of a host, without `clock`: a world has its own.
   * @throws UsageError `COROSOCK_ARGUMENT`, also after the end of the world; `COROSOCK_ROUTE`.
   */
  serve<
    Pattern extends string,
    Contexts extends Readonly<Record<string, unknown>> = Readonly<Record<Pattern, unknown>>,
    Context = unknown,
    HostContext = unknown,
  >(
    routes: LoneRoute<Context, NoInfer<HostContext>> | RouteMap<Pattern, Contexts, NoInfer<HostContext>>,
    options?: WithHostHook<HostOptions, HostContext>,
  ): Host;
  /**
   * Connects a client to a host of this world.
   *
   * Errors and stories name clients by the order of their connections, from `client 1` on. Where
   * `faults` may delay or lose the answer, it waits for 10 000 ms of virtual time at most.
   *
   * @returns The client. Its `link` can be stalled, healed, reset and cut.
   * @param options - `url`, by default `ws://localhost/`; `headers` and `protocols` of the request.
   * @throws ConnectError with the `status` of a refusal; without one where the link was reset, or
   *   no answer has come in time. UsageError `COROSOCK_ARGUMENT`, also for a host of another world,
   *   and after the end of this one. In a simulation calls of a client from another world reject
   *   with it, too: within the first 200 events of the calling world.
   */
  connect(host: Host, options?: Omit<ClientOfWorld, 'params'>): Promise<WorldClient>;
  /**
   * Runs a script beside the test. The end of the world waits for it, and throws its error, also
   * where the test has awaited and caught it. In a simulation it fails the run.
   *
   * @param name - Named in errors.
   * @returns Resolves when the script has ended; rejects with what it has thrown.
   * @throws UsageError `COROSOCK_ARGUMENT`, also after the end of the world.
   */
  spawn(name: string, script: () => Promise<void>): Task<void>;
  /**
   * Steps out of simulated time for something real: a file, a database, a timer of Node.
   *
   * The world stands still until it has settled: no message moves, no time passes. Of several at
   * one time all settle first; their results come in the order of the calls, so that a seed gives
   * the same order again. After 30 real seconds it gives a promise up.
   *
   * @returns What the promise gives; rejects with what it rejects with, or with a UsageError
   *   `COROSOCK_REAL_TIME` that names the line where it is given up.
   * @throws UsageError `COROSOCK_ARGUMENT`.
   */
  real<T>(promise: PromiseLike<T>): Promise<T>;
  /**
   * Checks something after each step: each delivery, timer and turn. The first check that throws,
   * or gives false, fails the simulation, or the end of the world. Any value but false passes, also
   * undefined, so that a check may use `assert` or `expect`. It is asked no more once the world
   * ends.
   *
   * @param name - Named in the error.
   * @param check - Synchronous: it runs between two steps.
   * @throws UsageError `COROSOCK_ARGUMENT`.
   */
  always(name: string, check: () => unknown): void;
  /**
   * Waits until a check gives true: it is asked now, after each step, and last when the time is
   * over. Where it still gives no true, it fails the simulation, or the end of the world, also
   * where nothing awaits the promise.
   *
   * @param name - Named in the error.
   * @param withinMs - On the clock of the world, from 0 to 2 147 483 647.
   * @returns Rejects where the time is over, or the check throws.
   * @throws UsageError `COROSOCK_ARGUMENT`.
   */
  eventually(name: string, check: () => boolean, withinMs: number): Promise<void>;
  /**
   * Runs everything that is ready now; no time passes.
   *
   * @throws UsageError `COROSOCK_REAL_TIME` where a handler, child task or hook waits for a timer
   *   of Node or real I/O outside of `real`, within the first 200 events of the world.
   *   `clock.advance` throws it, too, before time passes.
   */
  settle(): Promise<void>;
}

/**
 * Makes a world of its own: hosts and clients without a port, whose order its seed decides.
 *
 * The same seed gives the same order of every delivery, timer and callback. `await using` ends it:
 * its hosts close with `graceMs: 0`, while its time goes on, and the error of a script is thrown.
 * Where a test waits for ever, `report` of the first host gets `COROSOCK_STANDSTILL` after a
 * second.
 *
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function world(options: WorldOptions = {}): World {
  checkObject('world()', options);
  checkNames('world()', options, namesOf(WORLD_OPTIONS));
  const made = new SeededWorld(fitting('world()', complete<WorldOptions>('world()', options, WORLD_OPTIONS)));
  made.onEnd = watchFor(made);
  return made;
}

/** The world of each host, for errors. */
const worlds = new WeakMap<Host, World>();

const HOST_NAMES = new Set([...namesOf(HOST_OPTIONS)].filter((name) => name !== 'clock'));
const CONNECT_NAMES: ReadonlySet<string> = new Set(['url', 'headers', 'protocols']);

/** So much time a world that ends gives its scripts and hosts, and then handlers that go on. */
export const ENDING_MS = 3_600_000;

/** A {@link World}, and what a simulation asks of it. */
export class SeededWorld implements World, StepListener {
  readonly seed: number;
  readonly choices: Choices;
  readonly agenda: Agenda;
  readonly escapes: Escapes;
  readonly clock: WorldClock;
  readonly checks: Checks;
  readonly random: () => number;
  readonly #randomness: Randomness;
  readonly #parts: WorldParts;
  /** Undefined where links carry whole messages. */
  readonly #wire: WirePorts | undefined;
  readonly #servers = new Map<Host, MemoryServer>();
  readonly #hostFaults = new Map<Host, HostFaults>();
  readonly #links = new Set<WorldLink>();
  /** Clients so far: each has its number. */
  #clients = 0;
  readonly #scripts: Scripts;
  readonly #errors: Thrown[] = [];
  #hasEnded = false;
  /** Told of each fault, in words: `client 2 link reset`. */
  onFault: ((what: string) => void) | undefined;
  /** Undefined where nothing is recorded. */
  story: Story | undefined;
  /** Called after each step, behind the checks. */
  onStep: (() => void) | undefined;
  /** Called when the end of the world begins. */
  onEnd: (() => void) | undefined;

  /** @param most - So many of its choices are random, see {@link Choices}. Default: all. */
  constructor({ seed, faults, fidelity }: WorldSettings, most?: number) {
    this.seed = seed;
    this.choices = new Choices(seed, most);
    this.agenda = new Agenda(this.choices);
    this.checks = new Checks(this.agenda);
    this.#parts = {
      agenda: this.agenda,
      choices: this.choices,
      faults: faultsOf(faults),
      tell: (what) => this.#tell(what),
      join: (name, ends) => this.story?.join(name, ends),
      checkCaller: (name) => this.#checkCaller(name),
    };
    this.#wire = fidelity === 'wire' ? new WirePorts(this.#parts) : undefined;
    this.escapes = new Escapes({
      seed,
      servers: () => this.#servers.values(),
      running: () => this.running,
      agenda: this.agenda,
    });
    this.#scripts = new Scripts(this.agenda, this.escapes, (thrown) => this.#errors.push(thrown));
    this.clock = new WorldClock(this.agenda, this, this.escapes);
    // Apart from each other: one more draw of a script changes no id.
    this.random = seededRandom(seed ^ 0x5c_41_11);
    this.#randomness = randomnessOf(seededRandom(seed ^ 0x1d_5e_ed));
  }

  serve(routes: Routes, options: HostOptions = {}): Host {
    this.#checkLives('w.serve()');
    checkObject('w.serve()', options);
    checkNames('w.serve()', options, HOST_NAMES);
    const server = new MemoryServer(
      'w.serve()',
      routes,
      { ...options, ...this.#watched(options), clock: this.agenda },
      this.#randomness,
    );
    this.#servers.set(server.host, server);
    const faults = new HostFaults(this.#parts, `host ${this.#servers.size}`);
    this.#hostFaults.set(server.host, faults);
    worlds.set(server.host, this);
    return server.host;
  }

  #watched(options: HostOptions): HostOptions {
    if (!this.clock.isDriven) return {};
    return watched(options, { story: this.story, fail: (error) => this.stepOnError(error) });
  }

  #tell(what: string): void {
    this.onFault?.(what);
    this.story?.tell(what);
  }

  connect(host: Host, options: Omit<ClientOfWorld, 'params'> = {}): Promise<WorldClient> {
    return unattended(this.#connect(host, options));
  }

  async #connect(host: Host, options: Omit<ClientOfWorld, 'params'>): Promise<WorldClient> {
    this.#checkLives('w.connect()');
    const server = this.#servers.get(host);
    if (server === undefined) throw this.#foreign(host);
    checkObject('w.connect()', options);
    checkNames('w.connect()', options, CONNECT_NAMES);
    const request = server.requestOf('w.connect()', options);
    this.#dropLinks();
    this.#clients += 1;
    const faults = this.#hostFaults.get(host) as HostFaults;
    const link = new WorldLink(this.#parts, faults, clientName(this.#clients));
    this.story?.connects(link.name, new URL(request.url).pathname);
    this.#links.add(link);
    const handshake = this.#wire?.handshake(server, link) ?? new WorldHandshake(server, link, this.agenda);
    return this.escapes.inside(() => handshake.open(request, canFallSilent(this.#parts.faults)));
  }

  spawn(name: string, script: () => Promise<void>): Task<void> {
    this.#checkLives('w.spawn()');
    return this.#scripts.spawn(name, script);
  }

  real<T>(promise: PromiseLike<T>): Promise<T> {
    return this.escapes.real(promise);
  }

  always(name: string, check: () => unknown): void {
    this.checks.always(name, check);
  }

  eventually(name: string, check: () => boolean, withinMs: number): Promise<void> {
    return this.checks.eventually(name, check, withinMs);
  }

  settle(): Promise<void> {
    return this.clock.settle();
  }

  // Called by the clock.

  beforeStep(): void {
    this.story?.beforeStep();
  }

  afterStep(): void {
    this.story?.afterStep();
    this.checks.run();
    this.onStep?.();
  }

  stepOnError(error: unknown): void {
    this.#errors.push({ error });
  }

  // Called by a simulation.

  /** Records what happens, and looks for escapes in all events. Called before anything else. */
  record(recording: Recording): void {
    this.story = new Story(this.agenda, () => this.servers, recording);
    this.escapes.watchedEvents = Infinity;
  }

  /** What has failed first: a check, a script, or a step. */
  get failure(): Thrown | undefined {
    const { failure } = this.checks;
    return failure === undefined ? this.#errors[0] : { error: failure };
  }

  get servers(): Iterable<MemoryServer> {
    return this.#servers.values();
  }

  get links(): Iterable<WorldLink> {
    return this.#links;
  }

  /** The names of the scripts that have not ended. */
  get running(): readonly string[] {
    return this.#scripts.running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.onEnd?.();
    this.escapes.end();
    await this.clock.runAll();
    this.checks.stop();
    let isClosed = false;
    const closings = [...this.#servers.keys()].map((host) => host.close({ graceMs: 0 }));
    void Promise.all(closings).then(() => (isClosed = true));
    await this.clock.advanceWhile(() => !isClosed || this.running.length > 0, ENDING_MS);
    for (const link of this.#links) link.close();
    this.#hasEnded = true;
    const { failure } = this;
    if (failure !== undefined) throw failure.error;
    const [script] = this.running;
    if (script !== undefined && !this.escapes.hasFound) throw neverEnded(this, script);
  }

  /** Forgets the links that are over. */
  #dropLinks(): void {
    for (const link of this.#links) {
      if (!link.isOver) continue;
      link.close();
      this.#links.delete(link);
    }
  }

  #checkLives(call: string): void {
    if (!this.#hasEnded) return;
    const text = `${call}: expected a world that lives, got that of seed ${this.seed}, which has ended`;
    throw new UsageError('COROSOCK_ARGUMENT', text);
  }

  #checkCaller(client: string): void {
    const seed = this.escapes.seedOfCaller;
    if (seed === undefined) return;
    const expected = `a client of this world (seed ${seed}), got ${client} of another (seed ${this.seed})`;
    throw new UsageError('COROSOCK_ARGUMENT', `A call of a client: expected ${expected}`);
  }

  #foreign(host: Host): UsageError {
    const other = worlds.get(host);
    if (other === undefined) return badArgument('w.connect()', 'a host that w.serve() has made', host);
    const expected = `a host of this world (seed ${this.seed}), got one of another (seed ${other.seed})`;
    return new UsageError('COROSOCK_ARGUMENT', `w.connect(): expected ${expected}`);
  }
}
