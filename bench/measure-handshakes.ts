// One run of a handshakes scenario: how many of them a server makes of a second
// of processor time. Wall-clock time would say how busy the machine is. The turns
// in which the servers work are turns.ts's.

import type { HandshakesScenario, Server } from './scenarios.ts';
import { measureTurns } from './turns.ts';
import type { Pace } from './turns.ts';

const SECOND_IN_MICROSECONDS = 1_000_000;

/** @returns Handshakes per second of processor time. */
export async function measureHandshakes(
  { atOnce }: HandshakesScenario,
  servers: readonly Server[],
  pace: Pace,
): Promise<ReadonlyMap<Server, number>> {
  const costs = await measureTurns(
    {
      begin: () => Promise.resolve(),
      work: async ({ setsCookie, server, load }, forMs) => {
        const port = await server.ask({ ask: 'port' });
        return load.ask({ ask: 'handshakes', port, atOnce, setsCookie, forMs }, forMs);
      },
    },
    servers,
    pace,
  );
  return new Map([...costs].map(([server, cost]) => [server, SECOND_IN_MICROSECONDS / cost]));
}
