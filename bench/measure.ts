// Measures one scenario several times, its servers in turn. run.ts shows what has
// come of it, check.ts compares it with what was measured before.

import { measureAcross } from './measure-across.ts';
import { measureBystanders } from './measure-bystanders.ts';
import { measureCarried } from './measure-carried.ts';
import { measureBlock, measureFlood } from './measure-flood.ts';
import { measureIdle } from './measure-idle.ts';
import { measureInProcess, measureKept } from './measure-in-process.ts';
import { measureLatency } from './measure-latency.ts';
import { measureHandles, measureWire } from './measure-remote.ts';
import type { EchoScenario, GrowthScenario, Scenario, Server } from './scenario.ts';
import type { Figures, Row } from './table.ts';
import { measureTurns, takeTurns } from './turns.ts';
import type { Pace } from './turns.ts';
import { burstWork, echoWork, growthWork, handshakesWork } from './works.ts';

/** How thoroughly it is measured. Runs are odd in number, for there to be one in the middle. */
export interface Effort extends Pace {
  readonly runs: number;
}

/** For what is written. */
export const FULL: Effort = { runs: 5, warmUpMs: 1000, turns: 6 };
/** A look of a minute or so at what there are targets for. */
export const QUICK: Effort = { runs: 1, warmUpMs: 400, turns: 3 };
/** For comparing with what was measured before. */
export const LOOK: Effort = { runs: 3, warmUpMs: 700, turns: 4 };

/** The order of the servers turns with each run, so that none has the better place. */
export async function measure(scenario: Scenario, { runs, ...pace }: Effort): Promise<Row> {
  const results: Figures[] = [];
  const markSweeps: Figures[] = [];
  for (let run = 0; run < runs; run += 1) {
    const servers = run % 2 === 0 ? scenario.servers : scenario.servers.toReversed();
    results.push(await measureOnce(scenario, servers, pace, markSweeps));
  }
  return { scenario, results, markSweeps };
}

/** @param markSweeps - Gets those of this run, where they are counted. */
function measureOnce(
  scenario: Scenario,
  servers: readonly Server[],
  pace: Pace,
  markSweeps: Figures[],
): Promise<Figures> {
  switch (scenario.kind) {
    case 'echo':
      return measureEcho(scenario, servers, pace, markSweeps);
    case 'burst':
      return measureTurns(burstWork(scenario), servers, pace);
    case 'growth':
      return measureGrowth(scenario, servers, pace);
    case 'latency':
      return measureLatency(scenario, servers, pace);
    case 'flood':
      return measureFlood(scenario, servers, pace);
    case 'block':
      return measureBlock(scenario, servers, pace);
    case 'handshakes':
      return measureHandshakes(() => measureTurns(handshakesWork(scenario), servers, pace));
    case 'idle':
      return measureIdle(scenario, servers);
    case 'in process':
      return measureInProcess(scenario, servers);
    case 'kept':
      return measureKept(scenario, servers);
    case 'across':
      return measureAcross(scenario, servers, pace);
    case 'carried':
      return measureCarried(scenario, servers, pace);
    case 'wire':
      return measureWire(scenario, servers);
    case 'handles':
      return measureHandles(scenario, servers);
    case 'bystanders':
      return measureBystanders(scenario, servers, pace);
    default:
      return scenario satisfies never;
  }
}

async function measureEcho(
  scenario: EchoScenario,
  servers: readonly Server[],
  pace: Pace,
  markSweeps: Figures[],
): Promise<Figures> {
  const turns = await takeTurns(echoWork(scenario), servers, pace);
  if (scenario.countsMarkSweeps === true)
    markSweeps.push(new Map(turns.map((each) => [each.server, each.markSweeps])));
  return new Map(turns.map(({ server, cost }) => [server, cost]));
}

/** @returns What a message costs with many sockets, divided by what it costs with few. */
async function measureGrowth(
  scenario: GrowthScenario,
  servers: readonly Server[],
  pace: Pace,
): Promise<ReadonlyMap<Server, number>> {
  const withFew = await measureTurns(growthWork(scenario, scenario.few), servers, pace);
  const withMany = await measureTurns(growthWork(scenario, scenario.many), servers, pace);
  return new Map(
    servers.map((server) => [server, (withMany.get(server) ?? NaN) / (withFew.get(server) ?? NaN)]),
  );
}

const SECOND_IN_MICROSECONDS = 1_000_000;

/**
 * Wall-clock time would say how busy the machine is.
 *
 * @returns Handshakes per second of processor time.
 */
async function measureHandshakes(
  costs: () => Promise<ReadonlyMap<Server, number>>,
): Promise<ReadonlyMap<Server, number>> {
  return new Map([...(await costs())].map(([server, cost]) => [server, SECOND_IN_MICROSECONDS / cost]));
}
