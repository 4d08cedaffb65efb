// The project's own simulation suite: each scenario under its first 20 seeds, which meet all faults
// over both fidelities in 12 s of CPU. `npm run simulate -- --seeds 1000` plays more of them;
// `npm run simulate -- --seed 7 'the echo'` plays one again.

import { describe, expect, it } from 'vitest';
import { playSeed } from './play.ts';
import { SCENARIOS } from './scenarios.ts';

/** Fifteen seeds in a row meet each kind of faults, over messages and over bytes. */
const SEEDS = 20;

describe('under every seed', () => {
  it.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))('%s', async (_, scenario) => {
    let steps = 0;
    for (let seed = 1; seed <= SEEDS; seed += 1) steps += (await playSeed(scenario, seed)).steps;
    expect(steps).toBeGreaterThan(SEEDS);
  });
});
