// `torture`: one scenario, again and again with the same seed, each time cut at another wait of its
// handler. cuts.ts and hostile.ts say what a cut is, torture-run.ts plays each run, survival.ts
// judges it.

import { CUTS, WRITE_CUTS } from './cuts.ts';
import type { Cut, Terms } from './cuts.ts';
import { HOSTILE_CUTS } from './hostile.ts';
import { waitText } from './seen-waits.ts';
import type { SeenWait } from './seen-waits.ts';
import { SimulationError } from './simulation-error.ts';
import { failureOf } from './survival.ts';
import { TortureRun } from './torture-run.ts';
import type { PlannedCut, Subject, TortureClient, TortureScenario } from './torture-run.ts';
import { WORLD_OPTIONS } from './world.ts';
import type { WorldOptions } from './world.ts';
import type { HostOptions } from '../../server/host-options.ts';
import type { Routes } from '../../server/servable.ts';
import { badArgument, checkBoolean, checkFunction, checkNames, checkObject } from '../../core/arguments.ts';
import { complete, defaultsOf, namesOf } from '../../core/options.ts';
import type { Complete, OptionTable } from '../../core/options.ts';

export interface TortureOptions extends Pick<WorldOptions, 'seed'> {
  /** Those of the host, without `clock`. What its `report` gets is judged, too. Default none. */
  readonly host?: HostOptions;
  /** Whether the hostile inputs are sent, too. Default true. */
  readonly hostile?: boolean;
  /**
   * `url`, `headers` and `protocols` of the client; or a function that prepares each run, with
   * other clients for example, and gives them. Default `ws://localhost/`.
   */
  readonly client?: TortureClient;
}

const TORTURE_OPTIONS: OptionTable<TortureOptions> = {
  seed: WORLD_OPTIONS.seed,
  host: [Object.freeze({}), checkOptions],
  hostile: [true, checkBoolean],
  client: [Object.freeze({}), checkClient],
};

/** What a handler has survived. */
export interface TortureReport {
  /** The waits of the handler and its child tasks, writes to a slow peer included. */
  readonly waits: number;
  /** Runs that were cut. */
  readonly cuts: number;
  /** Cuts that the handler has survived: all of them. */
  readonly survived: number;
  /** The report in one sentence: `your handler survived 212 cuts`. */
  toString(): string;
}

/**
 * Finds out whether a handler survives whatever may happen at each of its waits.
 *
 * Plays the scenario once and counts the waits: each call of a socket, `select`, channel, sleep or
 * task in which the handler of the client, or a child task of it, is after a step of the world. A
 * shared socket whose handler has returned waits for its next message. Then the same seed is played
 * again for each wait and each cut: link lost, closed by the peer, time-out (nothing arrives while
 * time passes), aborted (`ws.terminate()` of other code, which aborts `ws.signal`), stalled peer
 * (nothing passes, no end is told), host closing; and slow write, with a peer that takes one
 * message at a time, so that each write waits. At each wait for a message the hostile inputs come
 * in front of the next one: an empty message, one as long as `maxMessageBytes` and one longer, half
 * a surrogate pair, bytes, a flood; and once the client closes right after it has opened.
 *
 * A cut fails the torture where it leaves
 *
 * - an unhandled rejection. A test runner may report it, too.
 * - an error that `report` gets: a handler that ends because its socket does throws nothing but the
 *   reason of a signal. After a hostile input a MessageError, and reports of limits, are right.
 * - a handler or child task that still runs when the world has ended, or a call of this package
 *   that still waits. Its `finally` has not run: an async function runs its `finally` blocks unless
 *   it stays in an await for ever, and that is what is looked for. A function of its own that waits
 *   for something foreign, and that neither handler nor task awaits, is not seen.
 * - a timer of `ws.clock` that is set, or one of Node that code of yours has set.
 * - an error that a timer has thrown.
 * - a wrong close code: 1011 always, after a lost link or an abort anything but 1006, while the
 *   host closes anything but 1001 and codes from 3000 on. The code of the run without a cut is
 *   right.
 *
 * In a run that is cut the scenario may fail: only the first run has to succeed.
 *
 * @param server - What is served: one server, or a map of patterns.
 * @param scenario - Plays the client, and gets the stage: `{ world, host }`. When it has ended, the
 *   client closes.
 * @param options - `seed`, `host`, `hostile`, `client`.
 * @returns The numbers of waits and cuts; as text `your handler survived 212 cuts`.
 * @throws SimulationError `COROSOCK_SIMULATION` for the first cut that the handler does not
 *   survive. Its text names the cut, the wait and the line. UsageError `COROSOCK_ARGUMENT`.
 */
export async function torture(
  server: Routes,
  scenario: TortureScenario,
  options: TortureOptions = {},
): Promise<TortureReport> {
  checkFunction('torture()', 'scenario', scenario);
  checkObject('torture()', options);
  checkNames('torture()', options, namesOf(TORTURE_OPTIONS));
  const settings = complete<TortureOptions>('torture()', options, TORTURE_OPTIONS);
  return new Torture(server, scenario, settings).run();
}

/** A run without a cut, and the waits that were found in it. */
type Counted = Readonly<Record<Terms, readonly SeenWait[]>>;

class Torture {
  readonly #subject: Subject;
  readonly #isHostile: boolean;
  /** The code with which the host ends the socket where nothing is cut. */
  #usual: number | undefined;

  constructor(server: Routes, scenario: TortureScenario, settings: Complete<TortureOptions>) {
    const { seed, host, client, hostile } = settings;
    const world = { ...defaultsOf(WORLD_OPTIONS), seed };
    this.#subject = { server, scenario, hostOptions: host, client, world };
    this.#isHostile = hostile;
  }

  async run(): Promise<TortureReport> {
    const counted: Counted = {
      given: await this.#count('given'),
      patient: await this.#count('patient'),
      slow: await this.#count('slow'),
    };
    const plan = planOf(
      counted,
      this.#isHostile ? [...CUTS, ...WRITE_CUTS, ...HOSTILE_CUTS] : [...CUTS, ...WRITE_CUTS],
    );
    for (const [index, planned] of plan.entries()) {
      const run = await new TortureRun(this.#subject, planned.cut.terms, planned).play();
      this.#judge(run, `cut ${index + 1} of ${plan.length}, ${cutText(planned)}`);
    }
    const waits = counted.given.length + counted.slow.filter((wait) => wait.waits === 'write').length;
    return new Survived(waits, plan.length);
  }

  /** Plays the scenario without a cut. */
  async #count(terms: Terms): Promise<readonly SeenWait[]> {
    const run = await new TortureRun(this.#subject, terms).play();
    this.#judge(run, TERM_TEXTS[terms]);
    if (terms === 'given') {
      const end = run.run?.conversation.queue.end;
      this.#usual = end?.by === 'peer' ? undefined : end?.code;
    }
    return run.waits;
  }

  #judge(run: TortureRun, where: string): void {
    const failure = failureOf(run, this.#usual);
    if (failure === undefined) return;
    const { seed } = run.world;
    const options = 'cause' in failure ? { cause: failure.cause } : undefined;
    const story = run.story.join('\n');
    const text = `torture(): seed ${seed}, ${where}: ${failure.text}\n${story}`;
    throw new SimulationError('COROSOCK_SIMULATION', text, { seed, story }, options);
  }
}

const TERM_TEXTS: Readonly<Record<Terms, string>> = {
  given: 'before any cut',
  patient: 'before any cut, without heartbeat',
  slow: 'before any cut, with a peer that is one message behind',
};

function cutText({ cut, number, counted }: PlannedCut): string {
  const wait = counted[number - 1];
  return wait === undefined ? cut.name : `${cut.name} while ${waitText(wait)} (wait ${number})`;
}

function planOf(counted: Counted, cuts: readonly Cut[]): readonly PlannedCut[] {
  return cuts.flatMap((cut): readonly PlannedCut[] => {
    const { at, terms } = cut;
    if (at === 'open') return [{ cut, number: 0, counted: [] }];
    const waits = counted[terms];
    return waits.flatMap((wait, index) =>
      at.includes(wait.waits) ? [{ cut, number: index + 1, counted: waits }] : [],
    );
  });
}

class Survived implements TortureReport {
  readonly waits: number;
  readonly cuts: number;
  readonly survived: number;

  constructor(waits: number, cuts: number) {
    this.waits = waits;
    this.cuts = cuts;
    this.survived = cuts;
  }

  toString(): string {
    return `your handler survived ${this.survived} cuts`;
  }
}

function checkClient(call: string, name: string, client: unknown): void {
  if (typeof client === 'function' || (typeof client === 'object' && client !== null)) return;
  throw badArgument(call, `${name} to be an object or a function that gives one`, client);
}

function checkOptions(call: string, name: string, options: unknown): void {
  checkObject(`${call} ${name}`, options);
}
