// One run of a latency or a flood scenario: how long one of a hundred answers takes
// at least. The servers take turns, one of a second each.

import { Pair } from './pair.ts';
import { middle } from './round-trips.ts';
import type { FloodScenario, LatencyScenario, Server } from './scenario.ts';
import type { Pace } from './turns.ts';

const TURN_MS = 1000;

/** @returns µs. */
export function measureLatency(
  { sockets, bytes, load, beside }: LatencyScenario,
  servers: readonly Server[],
  pace: Pace,
): Promise<ReadonlyMap<Server, number>> {
  let perSecond = 0;
  return measureAnswers(servers, pace, sockets, {
    begin: async (server, pair) => {
      const warm = { ask: 'echo', inFlight: 1, bytes, isBinary: false } as const;
      await pair.load.ask({ ...warm, forMs: pace.warmUpMs }, pace.warmUpMs);
      if (server.name !== beside) return;
      perSecond = ((await pair.load.ask({ ...warm, forMs: TURN_MS }, TURN_MS)) / (TURN_MS / 1000)) * load;
    },
    answer: (pair) => pair.load.ask({ ask: 'latency', perSecond, bytes, forMs: TURN_MS }, TURN_MS),
  });
}

/** @returns µs. */
export function measureFlood(
  { messages }: FloodScenario,
  servers: readonly Server[],
  pace: Pace,
): Promise<ReadonlyMap<Server, number>> {
  const answer = (pair: Pair): Promise<number> => pair.load.ask({ ask: 'flood', messages });
  return measureAnswers(servers, pace, 2, { begin: async (_, pair) => void (await answer(pair)), answer });
}

interface Answering {
  readonly begin: (server: Server, pair: Pair) => Promise<void>;
  readonly answer: (pair: Pair) => Promise<number>;
}

/** The middle one of all turns. */
async function measureAnswers(
  servers: readonly Server[],
  { turns }: Pace,
  sockets: number,
  { begin, answer }: Answering,
): Promise<ReadonlyMap<Server, number>> {
  const runs = servers.map((server) => ({ server, pair: new Pair(server), answers: [] as number[] }));
  try {
    for (const { server, pair } of runs) {
      await pair.open(sockets);
      await begin(server, pair);
    }
    for (let turn = 0; turn < turns; turn += 1) {
      for (const { pair, answers } of turn % 2 === 0 ? runs : runs.toReversed()) {
        answers.push(await answer(pair));
      }
    }
    return new Map(runs.map(({ server, answers }) => [server, middle(answers)]));
  } finally {
    for (const { pair } of runs) pair.stop();
  }
}
