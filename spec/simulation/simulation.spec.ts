// The project's own simulation suite: each scenario under some seeds. `npm run simulate -- --seeds
// 1000` plays more of them; `npm run simulate -- --seed 7 'the echo'` plays one again.

import { describe, expect, it } from 'vitest';
import { playSeed } from './play.ts';
import { SCENARIOS } from './scenarios.ts';

const SEEDS = 20;

describe('under every seed', () => {
  it.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))('%s', async (_, scenario) => {
    let steps = 0;
    for (let seed = 1; seed <= SEEDS; seed += 1) steps += (await playSeed(scenario, seed)).steps;
    expect(steps).toBeGreaterThan(SEEDS);
  });
});
