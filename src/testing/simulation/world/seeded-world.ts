// `world`: hosts and clients in memory on one agenda, which is their clock, with one seed for all
// that is random. What is ready runs by itself, and time stands still until `clock.advance`, or a
// simulation moves it. The face is world.ts's, hosts and clients are world-hosts.ts's, the order of
// events is agenda.ts's.

import { Agenda } from '../seeded/agenda.ts';
import { Checks } from './checks.ts';
import type { Thrown } from './checks.ts';
import { Choices, randomnessOf, seededRandom } from '../seeded/choices.ts';
import { Escapes } from './escapes.ts';
import { faultsOf, fitting } from '../seeded/faults.ts';
import { Scripts } from './scripts.ts';
import { Story } from '../story/story.ts';
import type { Recording } from '../story/story.ts';
import { watched } from '../story/watched-host.ts';
import { watchFor } from './watched-world.ts';
import { neverEnded } from './who-waits.ts';
import { WorldClock } from './world-clock.ts';
import type { StepListener } from './world-clock.ts';
import type { WorldLink, WorldClient } from '../links/world-link.ts';
import type { World } from './world.ts';
import { WorldBrokers } from './world-brokers.ts';
import { WorldHosts } from './world-hosts.ts';
import { WORLD_OPTIONS } from './world-options.ts';
import type { WorldOptions, WorldSettings } from './world-options.ts';
import type { ClientOfWorld } from '../../fake-options.ts';
import type { MemoryServer } from '../../memory-server.ts';
import type { WorldParts } from '../seeded/world-parts.ts';
import type { MemoryNode } from '../../../brokers/memory-broker.ts';
import type { Randomness } from '../../../platform/random-ids.ts';
import type { Host } from '../../../server/host.ts';
import type { HostOptions } from '../../../server/host-options.ts';
import { reportAsWarning } from '../../../server/report.ts';
import type { Report } from '../../../server/report.ts';
import type { Routes } from '../../../server/servable.ts';
import type { Task } from '../../../tasks/task.ts';
import { unattended } from '../../../waiting/abortable.ts';
import { checkNames, checkObject } from '../../../core/arguments.ts';
import { UsageError } from '../../../core/errors.ts';
import { noop } from '../../../core/noop.ts';
import { complete, namesOf } from '../../../core/options.ts';

/**
 * Makes a world of its own: hosts and clients without a port, whose order its seed decides.
 *
 * The same seed gives the same order of every delivery, timer and callback. `await using` ends it:
 * its hosts close with `graceMs: 0`, while its time goes on. It rejects with the first error of a
 * check, script, handler or hook; a host with a `report` of its own decides itself. Where a test
 * waits for ever, `report` of the first host gets `COROSOCK_STANDSTILL` after a second.
 *
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function world(options: WorldOptions = {}): World {
  checkObject('world()', options);
  checkNames('world()', options, namesOf(WORLD_OPTIONS));
  return new SeededWorld(fitting('world()', complete<WorldOptions>('world()', options, WORLD_OPTIONS)));
}

/** What moves the time of a world in place of its test. */
export interface WorldDriver {
  /** Called after each step, behind the checks. */
  readonly onStep: () => void;
  /** Gets what code throws that a link or a timer has called. Default: it fails the world. */
  readonly onStepError?: (error: unknown) => void;
  /** Calls what a host does for a client. Default: in the context of the client. */
  readonly callHost?: <T>(call: () => T) => T;
}

/** What a simulation asks of its world. */
export interface SimulatedBy {
  /** Default: time passes with `clock.advance` only, and a watch looks for a test that is stuck. */
  readonly driver?: WorldDriver;
  /** So many of its choices are random, see {@link Choices}. Default: all. */
  readonly most?: number | undefined;
  /** Records what happens, and looks for escapes in all events. Default: nothing is recorded. */
  readonly recording?: Recording | undefined;
}

/** So much time a world that ends gives its scripts and hosts, and then handlers that go on. */
export const ENDING_MS = 3_600_000;

/** A {@link World}, and what a simulation asks of it. */
export class SeededWorld implements World {
  readonly seed: number;
  readonly choices: Choices;
  readonly agenda: Agenda;
  readonly escapes: Escapes;
  readonly clock: WorldClock;
  readonly checks: Checks;
  readonly random: () => number;
  /** Undefined where nothing is recorded. */
  readonly story: Story | undefined;
  readonly #driver: WorldDriver | undefined;
  readonly #brokers: WorldBrokers;
  readonly #hosts: WorldHosts;
  readonly #scripts: Scripts;
  readonly #errors: Thrown[] = [];
  /** Ends the watch over a test that is stuck. */
  readonly #endWatch: () => void;
  #hasEnded = false;

  constructor(settings: WorldSettings, { driver, most, recording }: SimulatedBy = {}) {
    const { seed } = settings;
    this.seed = seed;
    this.#driver = driver;
    this.choices = new Choices(seed, most);
    this.agenda = new Agenda(this.choices, () => this.clock.onChange());
    this.checks = new Checks(this.agenda);
    const servers = (): Iterable<MemoryServer> => this.servers;
    this.story = recording && new Story(this.agenda, servers, recording);
    this.escapes = new Escapes({
      seed,
      servers,
      agenda: this.agenda,
      ...(recording && { watchedEvents: Infinity }),
    });
    const parts = this.#makeParts(settings);
    const randomness = randomnessOf(seededRandom(seed, 0x1d_5e_ed));
    this.#brokers = new WorldBrokers(parts, randomness);
    this.#hosts = this.#makeHosts(settings, parts, randomness);
    this.#scripts = new Scripts(this.agenda, this.escapes, (thrown) => this.#errors.push(thrown));
    this.clock = new WorldClock(this.agenda, this.#makeListener(), this.escapes, driver !== undefined);
    // Apart from each other: one more draw of a script changes no id.
    this.random = seededRandom(seed, 0x5c_41_11);
    this.#endWatch = driver === undefined ? watchFor(this) : noop;
  }

  #makeParts({ faults }: WorldSettings): WorldParts {
    const { agenda, choices, story } = this;
    return {
      agenda,
      choices,
      faults: faultsOf(faults),
      tell: (what) => story?.tell(what),
      join: (name, ends) => story?.join(name, ends),
      checkCaller: (name) => this.#checkCaller(name),
    };
  }

  #makeHosts({ seed, fidelity }: WorldSettings, parts: WorldParts, randomness: Randomness): WorldHosts {
    const { escapes, story } = this;
    const { callHost = (call) => call() }: Partial<WorldDriver> = this.#driver ?? {};
    return new WorldHosts({
      seed,
      fidelity,
      parts,
      brokers: this.#brokers,
      randomness,
      story,
      watched: (options) => this.#watched(options),
      inside: (call) => callHost(() => escapes.inside(call)),
    });
  }

  #makeListener(): StepListener {
    const { story, checks } = this;
    const { onStep = noop, onStepError = (error) => this.#fail(error) }: Partial<WorldDriver> =
      this.#driver ?? {};
    return {
      beforeStep: () => story?.beforeStep(),
      afterStep: () => {
        story?.afterStep();
        checks.run();
        onStep();
      },
      stepOnError: onStepError,
    };
  }

  /** A test that moves time by itself hears of errors that are no mistakes as on a port. */
  #watched(options: HostOptions): HostOptions {
    return watched(options, {
      story: this.story,
      onMistake: (error, where) => (this.#hasEnded ? reportAsWarning(error, where) : this.#fail(error)),
      onOther: this.#driver === undefined ? reportAsWarning : noop,
    });
  }

  #fail(error: unknown): void {
    this.#errors.push({ error });
  }

  serve(routes: Routes, options: HostOptions = {}): Host {
    this.#checkLives('w.serve()');
    return this.#hosts.serve(routes, options);
  }

  broker(): MemoryNode {
    this.#checkLives('w.broker()');
    return this.#brokers.make();
  }

  connect(host: Host, options: Omit<ClientOfWorld, 'params'> = {}): Promise<WorldClient> {
    return unattended(this.#connect(host, options));
  }

  async #connect(host: Host, options: Omit<ClientOfWorld, 'params'>): Promise<WorldClient> {
    this.#checkLives('w.connect()');
    return await this.#hosts.connect(host, options);
  }

  spawn(name: string, script: () => Promise<void>): Task<void> {
    this.#checkLives('w.spawn()');
    return this.#scripts.spawn(name, script);
  }

  real<T>(promise: PromiseLike<T>): Promise<T> {
    return this.escapes.real(promise);
  }

  always(name: string, check: () => unknown): void {
    this.#checkLives('w.always()');
    this.checks.always(name, check);
  }

  eventually(name: string, check: () => boolean, withinMs: number): Promise<void> {
    this.#checkLives('w.eventually()');
    return this.checks.eventually(name, check, withinMs);
  }

  settle(): Promise<void> {
    return this.clock.settle();
  }

  // Called by a simulation.

  /** What has failed first: a check; or a script, handler, hook or step. */
  get failure(): Thrown | undefined {
    const { failure } = this.checks;
    return failure === undefined ? this.#errors[0] : { error: failure };
  }

  get servers(): Iterable<MemoryServer> {
    return this.#hosts.servers;
  }

  /** Gets a standstill of the test. */
  get report(): Report {
    return this.#hosts.report;
  }

  get links(): Iterable<WorldLink> {
    return this.#hosts.links;
  }

  /** The names of the scripts that have not ended. */
  get running(): readonly string[] {
    return this.#scripts.running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#endWatch();
    this.escapes.end();
    await this.clock.runAll();
    this.checks.stop();
    let isClosed = false;
    void this.#hosts.close().then(() => (isClosed = true));
    await this.clock.advanceWhile(() => !isClosed || this.running.length > 0, ENDING_MS);
    this.#hosts.closeLinks();
    this.#brokers.close();
    this.#hasEnded = true;
    const { failure } = this;
    if (failure !== undefined) throw failure.error;
    const [script] = this.running;
    if (script !== undefined && !this.escapes.hasFound) throw neverEnded(this, script);
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
}
