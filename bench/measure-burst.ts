// One run of a burst scenario: what a message of a burst costs each server. The
// turns in which they work are turns.ts's.

import type { BurstScenario, Server } from './scenarios.ts';
import { measureTurns } from './turns.ts';
import type { Pace } from './turns.ts';

/** @returns µs of processor time per message. */
export function measureBurst(
  { sockets, messages, bytes }: BurstScenario,
  servers: readonly Server[],
  pace: Pace,
): Promise<ReadonlyMap<Server, number>> {
  return measureTurns(
    {
      begin: (pair) => pair.open(sockets),
      work: ({ load }, forMs) => load.ask({ ask: 'burst', messages, bytes, forMs }, forMs),
    },
    servers,
    pace,
  );
}
