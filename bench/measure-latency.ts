// One run of a latency scenario: how long one of a hundred answers takes at least, while
// all clients ask at a pace of their own. The servers take turns of half a second each.

import { Pair } from './pair.ts';
import type { LatencyScenario, Server } from './scenario.ts';
import { measureStages } from './stages.ts';
import type { PacedWork } from './timed-traffic.ts';
import type { Pace } from './turns.ts';

const TURN_MS = 500;

/** Asks at a pace. @returns The p99 of all answers, in µs. */
export function latencyOf({ load }: Pair, work: PacedWork): Promise<number> {
  return load.ask({ ask: 'latency', ...work }, work.forMs);
}

/** @returns µs. */
export function measureLatency(
  { sockets, bytes, load, beside }: LatencyScenario,
  servers: readonly Server[],
  { warmUpMs, turns }: Pace,
): Promise<ReadonlyMap<Server, number>> {
  let perSecond = 0;
  const warm = { ask: 'echo', inFlight: 1, bytes, isBinary: false } as const;
  return measureStages(servers, turns, (server) => {
    const pair = new Pair(server);
    let isWarm = false;
    return {
      begin: async () => {
        await pair.open(sockets);
        await pair.load.ask({ ...warm, forMs: warmUpMs }, warmUpMs);
        if (server.name !== beside) return;
        perSecond = ((await pair.load.ask({ ...warm, forMs: TURN_MS }, TURN_MS)) / (TURN_MS / 1000)) * load;
      },
      takeTurn: async () => {
        // The compiler has to see the code at this pace, too, which is known by now.
        if (!isWarm) await latencyOf(pair, { perSecond, bytes, forMs: warmUpMs });
        isWarm = true;
        return latencyOf(pair, { perSecond, bytes, forMs: TURN_MS });
      },
      stop: () => pair.stop(),
    };
  });
}
