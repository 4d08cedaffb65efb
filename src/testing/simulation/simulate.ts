// `simulate`: one scenario under many seeds. One run is scenario-run.ts's; replay.ts finds out why
// a seed fails.

import { fitting } from './seeded/faults.ts';
import { explain } from './replay.ts';
import type { Play, PlayedRun } from './replay.ts';
import { checkSeed } from './seeded/choices.ts';
import { ScenarioRun } from './scenario-run.ts';
import type { RunSettings, Scenario } from './scenario-run.ts';
import { SimulationError } from './simulation-error.ts';
import type { SimulatedBy } from './world/seeded-world.ts';
import { WORLD_OPTIONS } from './world/world-options.ts';
import type { World } from './world/world.ts';
import type { WorldOptions } from './world/world-options.ts';
import { checkCount, checkFunction, checkMs, checkNames, checkObject } from '../../core/arguments.ts';
import { UsageError } from '../../core/errors.ts';
import { complete, namesOf } from '../../core/options.ts';
import type { OptionTable } from '../../core/options.ts';

/** Which seeds are run, and in which worlds. */
export interface SimulateOptions extends WorldOptions {
  /** Runs one seed alone, a safe integer ≥ 0: it repeats a failure. Default: `runs` seeds. */
  readonly seed?: number;
  /**
   * So many seeds, from 1 on: an integer from 1 to 2⁵³−1. Refused beside `seed`, which is one
   * alone. Default 100.
   */
  readonly runs?: number;
  /**
   * A scenario that has not ended by then fails, in milliseconds ≥ 0 of virtual time. A read with
   * the default time-out of a day counts as one that waits for ever, also in a run of days. Default
   * 3 600 000, an hour.
   */
  readonly untilMs?: number;
}

/** What a simulation has done. */
export interface SimulateReport {
  /** Seeds that were run. */
  readonly runs: number;
  /** Deliveries, timers and turns of all runs: an integer ≥ 0. Replays do not count. */
  readonly steps: number;
  /** Virtual time of all runs. */
  readonly virtualMs: number;
}

const SIMULATE_OPTIONS: OptionTable<SimulateOptions, 'seed'> = {
  ...WORLD_OPTIONS,
  seed: [undefined, checkOptionalSeed],
  runs: [100, checkCount],
  untilMs: [3_600_000, checkMs],
};

/** The first seed of a simulation that is given none. */
const FIRST_SEED = 1;

/**
 * Runs a scenario in one world after another, each with its own seed, until one fails.
 *
 * Time passes by itself: when nothing is ready, it jumps to the next delivery or timer. Scripts and
 * scenario wait side by side in `w.clock.sleep(ms)`, and so they do in `w.clock.advance(ms)`. A run
 * ends when the scenario, the scripts of `w.spawn` and all of `w.eventually` have ended. Scripts
 * that only wait, or go on until `untilMs`, end with their hosts, which close then with
 * `graceMs: 0`.
 *
 * An error of a handler or hook fails the run, unless its host has a `report` of its own: that then
 * decides. Code that waits for a timer of Node or real I/O outside of `w.real` is looked for in the
 * first 200 events of each run, and in all events when a seed that has failed is replayed.
 *
 * @param scenario - Gets a world of its own, and makes hosts and clients in it.
 * @returns The number of runs, steps and milliseconds.
 * @throws SimulationError for the first seed that fails. COROSOCK_DEADLOCK: the scenario waits for
 *   ever. COROSOCK_SIMULATION: the scenario throws, or does not end; a check fails; nobody handles
 *   a rejected promise; a handler or child task goes on for an hour after its world has ended; or
 *   nothing happens at all. UsageError `COROSOCK_ARGUMENT`.
 */
export async function simulate(
  scenario: (world: World) => Promise<void>,
  options: SimulateOptions = {},
): Promise<SimulateReport> {
  checkFunction('simulate()', 'scenario', scenario);
  checkObject('simulate()', options);
  checkNames('simulate()', options, namesOf(SIMULATE_OPTIONS));
  const settings = fitting(
    'simulate()',
    complete<SimulateOptions, 'seed'>('simulate()', options, SIMULATE_OPTIONS),
  );
  if (options.seed !== undefined && options.runs !== undefined)
    throw new UsageError('COROSOCK_ARGUMENT', 'simulate(): expected seed, which runs one alone, or runs');
  const { seed: onlySeed, runs } = settings;
  const report = { runs: 0, steps: 0, virtualMs: 0 };
  const first = onlySeed ?? FIRST_SEED;
  const last = onlySeed ?? FIRST_SEED + runs - 1;
  for (let seed = first; seed <= last; seed += 1) {
    const play: Play = (most, recording) => runOf(scenario, { ...settings, seed }, { most, recording });
    const { failure, ...run } = await runOf(scenario, { ...settings, seed });
    if (failure !== undefined) throw await explain('simulate()', { seed, run: { ...run, failure } }, play);
    report.runs += 1;
    report.steps += run.steps;
    report.virtualMs += run.virtualMs;
  }
  if (report.steps === 0) throw nothingHappened(first);
  return report;
}

function nothingHappened(seed: number): SimulationError {
  const text =
    'simulate(): nothing has happened, no delivery and no timer. ' +
    'Serve a host with w.serve, connect to it, and await what the scenario does';
  return new SimulationError('COROSOCK_SIMULATION', text, { seed, story: '' });
}

interface Run extends PlayedRun {
  readonly virtualMs: number;
}

async function runOf(
  scenario: Scenario,
  settings: RunSettings,
  setup: Pick<SimulatedBy, 'most' | 'recording'> = {},
): Promise<Run> {
  const run = new ScenarioRun(settings, setup);
  const failure = await run.play(scenario);
  const { agenda, choices } = run.world;
  return { failure, taken: choices.taken, steps: agenda.steps, virtualMs: agenda.now() };
}

function checkOptionalSeed(call: string, name: string, seed: unknown): void {
  if (seed !== undefined) checkSeed(call, name, seed);
}
