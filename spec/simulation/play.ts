// Plays one scenario under one seed, which also chooses how bad the faults are, and what links carry.

import { simulate } from 'corosock/testing';
import type { FaultsOption, SimulateReport } from 'corosock/testing';
import { Scene } from './scene.ts';
import type { Scenario, Weather } from './scene.ts';

/** So many seeds have one whose links carry the bytes of a port. All faults meet it in turn. */
const WIRE_EVERY = 5;

/** Plays a scenario. @throws Error that names it and its seed; its cause is what went wrong. */
export async function playSeed(scenario: Scenario, seed: number): Promise<SimulateReport> {
  const [weather, faults] = weatherOf(scenario, seed);
  const fidelity = seed % WIRE_EVERY === 0 ? 'wire' : 'messages';
  try {
    return await simulate((w) => scenario.play(new Scene(w, weather, fidelity)), { seed, faults, fidelity });
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw new Error(`'${scenario.name}' fails with seed ${seed} (${weather}, ${fidelity}): ${what}`, {
      cause: error,
    });
  }
}

/** Gives the faults under which a scenario is played with a seed: seeds take turns. */
function weatherOf({ faults }: Scenario, seed: number): readonly [Weather, FaultsOption] {
  const weathers = ['none', 'mild', 'cruel'] as const;
  const weather = weathers[seed % (faults === undefined ? 2 : 3)] ?? 'none';
  return [weather, weather === 'cruel' ? (faults ?? weather) : weather];
}
