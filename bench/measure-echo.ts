// One run of an echo scenario: what a message costs each server. The turns in
// which they work are turns.ts's.

import type { EchoScenario, Server } from './scenarios.ts';
import { measureTurns } from './turns.ts';
import type { Pace } from './turns.ts';

/** @returns µs of processor time per message. */
export function measureEcho(
  { sockets, inFlight, bytes, isBinary }: EchoScenario,
  servers: readonly Server[],
  pace: Pace,
): Promise<ReadonlyMap<Server, number>> {
  return measureTurns(
    {
      begin: async (pair) => {
        await pair.open(sockets);
        await pair.load.ask({ ask: 'check', bytes, isBinary });
      },
      work: ({ load }, forMs) => load.ask({ ask: 'echo', inFlight, bytes, isBinary, forMs }, forMs),
    },
    servers,
    pace,
  );
}
