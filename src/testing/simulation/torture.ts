// `torture`: one scenario, again and again with the same seed, each time cut at another wait of its
// handler. cuts.ts and hostile.ts say what a cut is, torture-run.ts plays each run, survival.ts
// judges it.

import { CUTS, WRITE_CUTS } from './cuts.ts';
import type { Cut, Terms } from './cuts.ts';
import { HOSTILE_CUTS } from './hostile.ts';
import { SimulationError } from './simulation-error.ts';
import { failureOf } from './survival.ts';
import { TortureRun, waitText } from './torture-run.ts';
import type { PlannedCut, SeenWait, Subject, TortureClient, TortureScenario } from './torture-run.ts';
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
   * `url`, `headers` and `protocols` of the client; or a function that prepares each run, with other
   * clients for example, and gives them. Default `ws://localhost/`.
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
    const plan = planOf(counted, this.#isHostile ? [...CUTS, ...WRITE_CUTS, ...HOSTILE_CUTS] : [...CUTS, ...WRITE_CUTS]);
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
