// Measures one scenario several times, its servers in turn. run.ts shows what has
// come of it, check.ts compares it with what was measured before.

import { measureBurst } from './measure-burst.ts';
import { measureEcho } from './measure-echo.ts';
import { measureGrowth } from './measure-growth.ts';
import { measureHandshakes } from './measure-handshakes.ts';
import { measureIdle } from './measure-idle.ts';
import { measureFlood, measureLatency } from './measure-latency.ts';
import type { Scenario, Server } from './scenarios.ts';
import type { Row } from './table.ts';
import type { Pace } from './turns.ts';

/** How thoroughly it is measured. Runs are odd in number, for there to be one in the middle. */
export interface Effort extends Pace {
  readonly runs: number;
}

/** Some twenty minutes for all, with all peers. */
export const FULL: Effort = { runs: 5, warmUpMs: 1500, turns: 10 };
/** A look of a few minutes. */
export const QUICK: Effort = { runs: 3, warmUpMs: 700, turns: 4 };

/** The order of the servers turns with each run, so that none has the better place. */
export async function measure(scenario: Scenario, { runs, ...pace }: Effort): Promise<Row> {
  const results: Row['results'][number][] = [];
  for (let run = 0; run < runs; run += 1) {
    const servers = run % 2 === 0 ? scenario.servers : scenario.servers.toReversed();
    results.push(await measureOnce(scenario, servers, pace));
  }
  return { scenario, results };
}

function measureOnce(
  scenario: Scenario,
  servers: readonly Server[],
  pace: Pace,
): Promise<ReadonlyMap<Server, number>> {
  switch (scenario.kind) {
    case 'echo':
      return measureEcho(scenario, servers, pace);
    case 'burst':
      return measureBurst(scenario, servers, pace);
    case 'growth':
      return measureGrowth(scenario, servers, pace);
    case 'latency':
      return measureLatency(scenario, servers, pace);
    case 'flood':
      return measureFlood(scenario, servers, pace);
    case 'handshakes':
      return measureHandshakes(scenario, servers, pace);
    case 'idle':
      return measureIdle(scenario, servers);
    default:
      return scenario satisfies never;
  }
}
