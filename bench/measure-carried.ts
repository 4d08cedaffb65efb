// One run of a carried scenario: what a message costs that crosses from one node to another, at the
// nodes and at the broker.

import { Nodes } from './nodes.ts';
import { MEASURED } from './our-servers.ts';
import { Pair } from './pair.ts';
import type { CarriedScenario, Server } from './scenario.ts';
import type { Pace } from './turns.ts';

const SOCKETS = 2;
const TURN_MS = 250;
/** Before the compiler has seen that many, they cost up to six times as much. */
const WARM_MESSAGES = 40_000;

/** @returns µs for each message. */
export async function measureCarried(
  { messages, bytes }: CarriedScenario,
  servers: readonly Server[],
  { warmUpMs, turns }: Pace,
): Promise<ReadonlyMap<Server, number>> {
  const ours = servers.find(({ name }) => name === MEASURED);
  if (ours === undefined) throw new Error('nothing to measure');
  const pair = new Pair(ours);
  const { server: nodes, load } = pair;
  try {
    if (!(nodes instanceof Nodes)) throw new Error('one node alone carries nothing');
    await pair.open(SOCKETS);
    const work = (forMs: number): Promise<number> =>
      load.ask({ ask: 'burst', messages, bytes, forMs }, forMs);
    for (let worked = 0; worked < WARM_MESSAGES;) worked += await work(warmUpMs);
    const before = [await nodes.brokerMicros(), await nodes.ask({ ask: 'cpu' })];
    // Both sockets get each message.
    const carried = (await work(TURN_MS * turns)) / SOCKETS;
    const after = [await nodes.brokerMicros(), await nodes.ask({ ask: 'cpu' })];
    const [broker = NaN, node = NaN] = after.map((micros, at) => (micros - (before[at] ?? NaN)) / carried);
    return new Map(servers.map((server) => [server, server === ours ? node : broker]));
  } finally {
    pair.stop();
  }
}
