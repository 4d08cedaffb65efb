// One run of an idle scenario: one server after the other is given sockets that
// stay silent, and asked what they hold resident.

import { Pair } from './pair.ts';
import { filesNeeded, FIRST_IDLE_SOCKETS } from './scenario.ts';
import type { IdleScenario, Server } from './scenario.ts';

/**
 * Measures what an idle socket costs each server.
 *
 * @returns KiB of resident memory per socket.
 */
export async function measureIdle(
  scenario: IdleScenario,
  servers: readonly Server[],
): Promise<ReadonlyMap<Server, number>> {
  const costs = new Map<Server, number>();
  for (const server of servers) costs.set(server, await measureOne(scenario, server));
  return costs;
}

async function measureOne(scenario: IdleScenario, server: Server): Promise<number> {
  const pair = new Pair(server, { files: filesNeeded(scenario) });
  try {
    await pair.open(FIRST_IDLE_SOCKETS);
    const before = await pair.server.ask({ ask: 'memory' });
    await pair.open(scenario.sockets);
    return ((await pair.server.ask({ ask: 'memory' })) - before) / 1024 / scenario.sockets;
  } finally {
    pair.stop();
  }
}
