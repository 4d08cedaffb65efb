// One run of a scenario between two nodes: how long a message, a write or a read takes from one to
// the other, by turns with a message that the client of the broker sends to itself.

import { BrokerServer } from './broker-server.ts';
import { Child } from './child.ts';
import { Pair } from './pair.ts';
import { RemoteScene } from './remote-scene.ts';
import { middle } from './round-trips.ts';
import type { AcrossScenario, Server } from './scenario.ts';
import type { BareQuestion } from './servers/bare-broker-client.ts';
import type { Pace } from './turns.ts';

/** One after another, in each turn. */
const TIMES = 300;
const TIMES_MS = 30_000;

/** What takes turns. */
interface Stage {
  /** @returns µs in the middle. */
  readonly answer: () => Promise<number>;
  readonly stop: () => void;
}

/** @returns µs. */
export async function measureAcross(
  scenario: AcrossScenario,
  servers: readonly Server[],
  { turns }: Pace,
): Promise<ReadonlyMap<Server, number>> {
  const runs: Array<{ readonly server: Server; readonly stage: Stage; readonly answers: number[] }> = [];
  try {
    for (const server of servers) {
      const stage = await stageOf(scenario, server);
      runs.push({ server, stage, answers: [] });
      // The compiler has to see the code first.
      for (let warm = 0; warm < 5; warm += 1) await stage.answer();
    }
    for (let turn = 0; turn < 2 * turns; turn += 1) {
      for (const { stage, answers } of turn % 2 === 0 ? runs : runs.toReversed())
        answers.push(await stage.answer());
    }
    return new Map(runs.map(({ server, answers }) => [server, middle(answers)]));
  } finally {
    for (const { stage } of runs) stage.stop();
  }
}

function stageOf(scenario: AcrossScenario, server: Server): Promise<Stage> {
  if (server.over !== undefined) return roomStage(scenario, server);
  return server.name === scenario.beside ? bareStage(scenario, server) : handleStage(scenario);
}

/** Two nodes, and three sockets in a room: two on the first node, one on the other. */
async function roomStage({ bytes }: AcrossScenario, server: Server): Promise<Stage> {
  const pair = new Pair(server);
  await pair.open(3);
  return {
    answer: () => pair.load.ask({ ask: 'crossing', times: TIMES, bytes }, TIMES_MS),
    stop: () => pair.stop(),
  };
}

async function bareStage({ client, bytes }: AcrossScenario, { program }: Server): Promise<Stage> {
  const broker = await BrokerServer.start(client);
  const child = new Child<BareQuestion>(program, { core: 0, words: [client, `${broker.port}`] });
  return {
    answer: () => child.ask({ ask: 'round trips', times: TIMES, bytes }, TIMES_MS),
    stop: () => {
      child.stop();
      broker.stop();
    },
  };
}

async function handleStage({ client, what, bytes }: AcrossScenario): Promise<Stage> {
  const scene = await RemoteScene.start(client);
  await scene.open(1, 1);
  return {
    answer: async () => {
      if (what !== 'read') return scene.opener.ask({ ask: 'writes', times: TIMES, bytes }, TIMES_MS);
      await scene.load.ask({ ask: 'say', times: TIMES, bytes });
      return scene.opener.ask({ ask: 'reads', times: TIMES, bytes }, TIMES_MS);
    },
    stop: () => scene.stop(),
  };
}
