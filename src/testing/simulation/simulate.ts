// `simulate`: one scenario under many seeds. A seed that fails is run again with fewer random
// choices, until it fails with as few as could be found; that run is told. One run is
// scenario-run.ts's.

import { ScenarioRun } from './scenario-run.ts';
import type { RunFailure, Scenario } from './scenario-run.ts';
import { SimulationError } from './simulation-error.ts';
import { SeededWorld, WORLD_OPTIONS } from './world.ts';
import type { World, WorldOptions, WorldSettings } from './world.ts';
import {
  badArgument,
  checkCount,
  checkFunction,
  checkMs,
  checkNames,
  checkObject,
} from '../../core/arguments.ts';
import { complete, namesOf } from '../../core/options.ts';
import type { Complete, OptionTable } from '../../core/options.ts';

export interface SimulateOptions extends WorldOptions {
  /** Runs one seed alone, a safe integer ≥ 0: it repeats a failure. Default: `runs` seeds. */
  readonly seed?: number;
  /**
   * So many seeds, from 1 on: an integer from 1 to 2⁵³−1. It has no effect beside `seed`. Default
   * 100.
   */
  readonly runs?: number;
  /**
   * A scenario that has not ended by then fails, in milliseconds ≥ 0 of virtual time. Default
   * 3 600 000, an hour.
   */
  readonly untilMs?: number;
}

/** What a simulation has done. */
export interface SimulateReport {
  /** Seeds that were run. */
  readonly runs: number;
  /** Deliveries, timers and turns of all runs. */
  readonly steps: number;
  /** Virtual time of all runs. */
  readonly virtualMs: number;
}

type Settings = Complete<SimulateOptions, 'seed'>;

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
 * Time passes by itself: when nothing is ready, it jumps to the next delivery or timer. Also
 * `w.clock.advance(ms)` in a scenario waits for that. A run ends when the scenario, the scripts of
 * `w.spawn` and all of `w.eventually` have ended. Scripts that only wait, or go on until `untilMs`,
 * end with their hosts, which close then.
 *
 * @param scenario - Gets a world of its own, and makes hosts and clients in it.
 * @returns The number of runs, steps and milliseconds.
 * @throws SimulationError for the first seed that fails: COROSOCK_SIMULATION where the scenario
 *   throws, a check fails, or it does not end; COROSOCK_DEADLOCK where it waits for ever.
 *   UsageError `COROSOCK_ARGUMENT`.
 */
export async function simulate(
  scenario: (world: World) => Promise<void>,
  options: SimulateOptions = {},
): Promise<SimulateReport> {
  checkFunction('simulate()', 'scenario', scenario);
  checkObject('simulate()', options);
  checkNames('simulate()', options, namesOf(SIMULATE_OPTIONS));
  const settings = complete<SimulateOptions, 'seed'>('simulate()', options, SIMULATE_OPTIONS);
  const { seed: onlySeed, runs } = settings;
  const report = { runs: 0, steps: 0, virtualMs: 0 };
  const first = onlySeed ?? FIRST_SEED;
  const last = onlySeed ?? FIRST_SEED + runs - 1;
  for (let seed = first; seed <= last; seed += 1) {
    const { world, failure } = await runOf(scenario, settings, seed);
    if (failure !== undefined) throw errorOf(seed, failure);
    report.runs += 1;
    report.steps += world.agenda.steps;
    report.virtualMs += world.agenda.now();
  }
  return report;
}

interface Run {
  readonly world: SeededWorld;
  readonly failure: RunFailure | undefined;
}

async function runOf(scenario: Scenario, settings: Settings, seed: number, most?: number): Promise<Run> {
  const given: WorldSettings = { ...settings, seed };
  const world = new SeededWorld(given, most);
  return { world, failure: await new ScenarioRun(world, settings.untilMs).play(scenario) };
}

function errorOf(seed: number, { kind, text, cause }: RunFailure): SimulationError {
  const message = `simulate(): seed ${seed} fails: ${text}`;
  const run = { seed, story: '' };
  if (kind === 'deadlock') return new SimulationError('COROSOCK_DEADLOCK', message, run);
  const options = cause === undefined ? undefined : { cause };
  return new SimulationError('COROSOCK_SIMULATION', message, run, options);
}

function checkOptionalSeed(call: string, name: string, seed: unknown): void {
  if (seed === undefined || (Number.isSafeInteger(seed) && (seed as number) >= 0)) return;
  throw badArgument(call, `${name} to be a safe integer ≥ 0`, seed);
}
