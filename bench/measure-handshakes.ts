// One run of a handshakes scenario: how many of them a server makes of a second
// of processor time. Wall-clock time would say how busy the machine is. The turns
// in which the servers work are turns.ts's.

import type { HandshakesScenario, Server } from './scenarios.ts';
import { measureTurns } from './turns.ts';
import type { Pace, Work } from './turns.ts';

/**
 * Made before any is measured, at whatever pace: the compiler meets most of a
 * server's code once in a handshake, and was seen to be done with it after 3,000
 * to 5,000 of them. Before, they cost up to four times as much.
 */
const FIRST_HANDSHAKES = 6000;
const SECOND_IN_MICROSECONDS = 1_000_000;

/** @returns Handshakes per second of processor time. */
export async function measureHandshakes(
  { atOnce }: HandshakesScenario,
  servers: readonly Server[],
  pace: Pace,
): Promise<ReadonlyMap<Server, number>> {
  const work: Work['work'] = async ({ setsCookie, server, load }, forMs) => {
    const port = await server.ask({ ask: 'port' });
    return load.ask({ ask: 'handshakes', port, atOnce, setsCookie, forMs }, forMs);
  };
  const begin: Work['begin'] = async (pair) => {
    for (let made = 0; made < FIRST_HANDSHAKES;) made += await work(pair, pace.warmUpMs);
  };
  const costs = await measureTurns({ begin, work }, servers, pace);
  return new Map([...costs].map(([server, cost]) => [server, SECOND_IN_MICROSECONDS / cost]));
}
