// What a server and its clients do in each kind of scenario that has to do with
// processor time. turns.ts measures what it costs, flame.ts has it profiled.

import { filesNeeded } from './scenario.ts';
import type {
  BlockScenario,
  BurstScenario,
  EchoScenario,
  FloodScenario,
  GrowthScenario,
  HandshakesScenario,
  LatencyScenario,
} from './scenario.ts';
import type { Work } from './turns.ts';

/**
 * Made before any handshake is measured, at whatever pace: the compiler meets most of
 * a server's code once in a handshake, and was seen to be done with it after 3,000
 * to 5,000 of them. Before, they cost up to four times as much.
 */
const FIRST_HANDSHAKES = 6000;
const FIRST_MS = 500;

/** A piece is a message. */
export function echoWork({ sockets, inFlight, bytes, isBinary, countsMarkSweeps }: EchoScenario): Work {
  return {
    countsMarkSweeps,
    begin: async (pair) => {
      await pair.open(sockets);
      await pair.load.ask({ ask: 'check', bytes, isBinary });
    },
    work: ({ load }, forMs) => load.ask({ ask: 'echo', inFlight, bytes, isBinary, forMs }, forMs),
  };
}

/** A piece is a message. */
export function burstWork(scenario: BurstScenario): Work {
  const { sockets, messages, bytes } = scenario;
  return {
    files: filesNeeded(scenario),
    begin: (pair) => pair.open(sockets),
    work: ({ load }, forMs) => load.ask({ ask: 'burst', messages, bytes, forMs }, forMs),
  };
}

/** A piece is a message. */
export function growthWork(scenario: GrowthScenario, sockets: number): Work {
  const { perSecond, bytes } = scenario;
  return {
    files: filesNeeded(scenario),
    begin: (pair) => pair.open(sockets),
    work: ({ load }, forMs) => load.ask({ ask: 'paced', perSecond, bytes, forMs }, forMs),
  };
}

/** A piece is a handshake. */
export function handshakesWork({ atOnce }: HandshakesScenario): Work {
  const work: Work['work'] = async ({ dialect, setsCookie, server, load }, forMs) => {
    const port = await server.ask({ ask: 'port' });
    return load.ask({ ask: 'handshakes', port, atOnce, dialect, setsCookie, forMs }, forMs);
  };
  const begin: Work['begin'] = async (pair) => {
    for (let made = 0; made < FIRST_HANDSHAKES;) made += await work(pair, FIRST_MS);
  };
  return { begin, work };
}

/** A piece is a message; the rate is a part of the server's own. */
export function latencyWork({ sockets, bytes, load }: LatencyScenario): Work {
  let perSecond = 0;
  const warm = { ask: 'echo', inFlight: 1, bytes, isBinary: false, forMs: FIRST_MS } as const;
  return {
    begin: async (pair) => {
      await pair.open(sockets);
      perSecond = (load * (await pair.load.ask(warm, FIRST_MS)) * 1000) / FIRST_MS;
    },
    work: (pair, forMs) => pair.load.ask({ ask: 'paced', perSecond, bytes, forMs }, forMs),
  };
}

/** A piece is a message; one flood follows the other. */
export function floodWork({ messages }: FloodScenario | BlockScenario, sockets: number): Work {
  return {
    begin: (pair) => pair.open(sockets),
    work: async ({ load }, forMs) => {
      let count = 0;
      for (const sinceMs = performance.now(); performance.now() - sinceMs < forMs;) {
        count += await load.ask({ ask: 'flood', messages });
      }
      return count;
    },
  };
}
