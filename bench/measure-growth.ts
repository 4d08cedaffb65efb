// One run of a growth scenario: the same traffic over few sockets and over many. The
// turns in which the servers work are turns.ts's.

import { OTHER_FILES } from './measure-idle.ts';
import type { GrowthScenario, Server } from './scenarios.ts';
import { measureTurns } from './turns.ts';
import type { Pace } from './turns.ts';

/** @returns What a message costs with many sockets, divided by what it costs with few. */
export async function measureGrowth(
  { few, many, perSecond, bytes }: GrowthScenario,
  servers: readonly Server[],
  pace: Pace,
): Promise<ReadonlyMap<Server, number>> {
  const costsWith = (sockets: number): Promise<ReadonlyMap<Server, number>> =>
    measureTurns(
      {
        files: sockets + OTHER_FILES,
        begin: (pair) => pair.open(sockets),
        work: ({ load }, forMs) => load.ask({ ask: 'paced', perSecond, bytes, forMs }, forMs),
      },
      servers,
      pace,
    );
  const [withFew, withMany] = [await costsWith(few), await costsWith(many)];
  return new Map(
    servers.map((server) => [server, (withMany.get(server) ?? NaN) / (withFew.get(server) ?? NaN)]),
  );
}
