// `torture`: one scenario, again and again with the same seed, each time cut at another wait of its
// handler. cuts.ts and hostile.ts say what a cut is, torture-run.ts plays each run, survival.ts
// judges it.

import { CUTS, cutText, WRITE_CUTS } from './cuts.ts';
import type { Cut, Conditions, PlannedCut } from './cuts.ts';
import { HOSTILE_CUTS } from './hostile.ts';
import type { SeenWait } from './seen-waits.ts';
import { messageOf, NOT_AGAIN } from '../replay.ts';
import { SimulationError } from '../simulation-error.ts';
import { failureOf } from './survival.ts';
import type { Failure } from './survival.ts';
import type { TortureResult } from './torture-result.ts';
import { TortureRun } from './torture-run.ts';
import type { RunPlan, TortureClient, TortureScenario, TortureSetup } from './torture-run.ts';
import { recordingOf } from '../story/story.ts';
import { checkFaults, fitting } from '../seeded/faults.ts';
import type { Faults } from '../seeded/faults.ts';
import { WORLD_OPTIONS } from '../world/world-options.ts';
import type { WorldOptions } from '../world/world-options.ts';
import type { HostOptions } from '../../../server/host-options.ts';
import type { Routes } from '../../../server/servable.ts';
import {
  badArgument,
  checkBoolean,
  checkFunction,
  checkNames,
  checkObject,
} from '../../../core/arguments.ts';
import { complete, namesOf } from '../../../core/options.ts';
import type { Complete, OptionTable } from '../../../core/options.ts';

/** What `torture` plays with. */
export interface TortureOptions extends Pick<WorldOptions, 'seed' | 'fidelity'> {
  /**
   * What links do beside the cuts: messages or chunks take time, and chunks are cut and merged.
   * Faults that end or silence a link or a host are refused: the cuts are these faults, one at each
   * wait, and in the run without a cut the scenario has to succeed. Default `'none'`.
   */
  readonly faults?: 'none' | 'mild' | Pick<Faults, 'delayMs' | 'cutChunks'>;
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
  fidelity: WORLD_OPTIONS.fidelity,
  faults: ['none', checkHarmless],
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
 * task in which the handler of the client, or a child task of it, waits after a step. A shared
 * socket whose handler has returned waits for its next message. Then the same seed is played
 * again for each wait and each cut: link lost, closed by the peer, time-out (nothing arrives while
 * time passes), aborted (`ws.terminate()` of other code, which aborts `ws.signal`), stalled peer
 * (nothing passes, no end is told), host closing; and slow write, with a peer that takes one
 * message at a time, so that each write waits. At each wait for a message the hostile inputs come
 * in front of the next one: an empty message, one as long as `maxMessageBytes` and one longer, half
 * a surrogate pair, bytes, a flood; and once the client closes right after it has opened.
 *
 * Each run begins at the start, so its cost grows with the square of the waits: up to 13 runs for
 * each wait, of up to all of the scenario. Ten waits take about a second, so keep the scenario as
 * short as what it proves. `simulate` is for long conversations.
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
 * - a check of `world.always` that no longer holds, such as a member left in a room. What comes
 *   eventually need not come after a cut.
 * - a wrong close code: 1011 always, after a lost link or an abort anything but 1006, while the
 *   host closes anything but 1001 and codes from 3000 on. The code of the run without a cut is
 *   right.
 *
 * In a run that is cut the scenario may throw, or wait for what no longer comes: only the first run
 * has to succeed.
 *
 * @param server - What is served: one server, or a map of patterns.
 * @param scenario - Plays the client, and gets the stage: `{ world, host }`. When it has ended, the
 *   client closes.
 * @param options - `seed`, `fidelity`, `faults`, `host`, `hostile`, `client`.
 * @returns The numbers of waits and cuts; as text `your handler survived 212 cuts`.
 * @throws SimulationError `COROSOCK_SIMULATION` for the first cut that the handler does not
 *   survive, and for a handler that never waits. Its text names the cut, the wait and the line,
 *   and says what helps; `story` tells what happened. UsageError `COROSOCK_ARGUMENT`.
 */
export async function torture(
  server: Routes,
  scenario: TortureScenario,
  options: TortureOptions = {},
): Promise<TortureReport> {
  checkFunction('torture()', 'scenario', scenario);
  checkObject('torture()', options);
  checkNames('torture()', options, namesOf(TORTURE_OPTIONS));
  const settings = fitting('torture()', complete<TortureOptions>('torture()', options, TORTURE_OPTIONS));
  return new Torture(server, scenario, settings).run();
}

/** The waits that were found in the runs without a cut. */
type Counted = Readonly<Record<Conditions, readonly SeenWait[]>>;

class Torture {
  readonly #setup: TortureSetup;
  readonly #isHostile: boolean;
  /** The code with which the host ends the socket where nothing is cut. */
  #usual: number | undefined;

  constructor(server: Routes, scenario: TortureScenario, settings: Complete<TortureOptions>) {
    const { seed, fidelity, faults, host, client, hostile } = settings;
    const world = { seed, fidelity, faults };
    this.#setup = { server, scenario, hostOptions: host, client, world };
    this.#isHostile = hostile;
  }

  async run(): Promise<TortureReport> {
    const counted: Counted = {
      asGiven: await this.#count('asGiven'),
      withoutHeartbeat: await this.#count('withoutHeartbeat'),
      slowPeer: await this.#count('slowPeer'),
    };
    const writes = counted.slowPeer.filter(({ waits }) => waits === 'write').length;
    const waits = counted.asGiven.length + writes;
    if (waits === 0)
      throw await this.#errorOf(NEVER_WAITS, { conditions: 'asGiven', recording: recordingOf(0, 0) });
    const plan = planOf(
      counted,
      this.#isHostile ? [...CUTS, ...WRITE_CUTS, ...HOSTILE_CUTS] : [...CUTS, ...WRITE_CUTS],
    );
    for (const [index, cut] of plan.entries())
      await this.#play({ conditions: cut.cut.conditions, cut }, `cut ${index + 1} of ${plan.length}, `);
    return new Report(waits, plan.length);
  }

  /** Plays the scenario without a cut. */
  async #count(conditions: Conditions): Promise<readonly SeenWait[]> {
    const { waits, end } = await this.#play({ conditions });
    if (conditions === 'asGiven') this.#usual = end?.by === 'peer' ? undefined : end?.code;
    return waits;
  }

  /** @throws SimulationError where the handler does not survive. */
  async #play(plan: RunPlan, which = ''): Promise<TortureResult> {
    const result = await new TortureRun(this.#setup, plan).play();
    const failure = failureOf(result, this.#usual);
    if (failure === undefined) return result;
    // Handlers are watched in all of its steps.
    const recording = recordingOf(result.steps, result.steps);
    throw await this.#errorOf(failure, { ...plan, recording }, which);
  }

  /** Plays a run that has failed once more, to tell its story. */
  async #errorOf(first: Failure, plan: RunPlan, which = ''): Promise<SimulationError> {
    const { seed } = this.#setup.world;
    const result = await new TortureRun(this.#setup, plan).play();
    const again = first === NEVER_WAITS ? first : failureOf(result, this.#usual);
    const { text, cure, cause } = again ?? first;
    const story = String(result.story?.finish(`fails: ${text}`));
    const where = plan.cut === undefined ? BEFORE_CUTS[plan.conditions] : cutText(plan.cut);
    const head = `torture(): seed ${seed}, ${which}${where}: ${text}`;
    const hint = again === undefined ? NOT_AGAIN : '';
    const message = messageOf(cure === undefined ? head : `${head}. ${cure}`, story, hint);
    const options = cause === undefined ? undefined : { cause };
    return new SimulationError('COROSOCK_SIMULATION', message, { seed, story }, options);
  }
}

const NEVER_WAITS: Failure = {
  text: 'the handler never waits',
  cure: 'Check client: { url }, or let the scenario go on until it does',
};

const BEFORE_CUTS: Readonly<Record<Conditions, string>> = {
  asGiven: 'before any cut',
  withoutHeartbeat: 'before any cut, without heartbeat',
  slowPeer: 'before any cut, with a peer that is one message behind',
};

function planOf(counted: Counted, cuts: readonly Cut[]): readonly PlannedCut[] {
  return cuts.flatMap((cut): readonly PlannedCut[] => {
    const { at, conditions } = cut;
    if (at === 'open') return [{ cut, number: 0, counted: [] }];
    const waits = counted[conditions];
    return waits.flatMap((wait, index) =>
      at.includes(wait.waits) ? [{ cut, number: index + 1, counted: waits }] : [],
    );
  });
}

class Report implements TortureReport {
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

/** The faults that leave a link as it is. */
const HARMLESS: ReadonlySet<string> = new Set<keyof Faults>(['delayMs', 'cutChunks']);

/** Refuses faults that end or silence a link. */
function checkHarmless(call: string, name: string, faults: unknown): void {
  checkFaults(call, name, faults);
  if (faults === 'none' || faults === 'mild') return;
  if (faults !== 'cruel' && Object.keys(faults as Faults).every((fault) => HARMLESS.has(fault))) return;
  const expected = `${name} to be 'none', 'mild' or an object of delayMs and cutChunks`;
  throw badArgument(call, `${expected}: the cuts are the other faults`, faults);
}

function checkClient(call: string, name: string, client: unknown): void {
  if (typeof client === 'function' || (typeof client === 'object' && client !== null)) return;
  throw badArgument(call, `${name} to be an object or a function that gives one`, client);
}

function checkOptions(call: string, name: string, options: unknown): void {
  checkObject(`${call} ${name}`, options);
}
