// One run of an idle scenario: one server after the other is given sockets that
// stay silent, and asked what they hold resident.

import { Pair } from './pair.ts';
import type { IdleScenario, Server } from './scenarios.ts';

/**
 * Opened before memory is looked at for the first time: what the compiler and the
 * collector set aside for the first thousand handshakes is no socket's. With 100
 * of them those fixed megabytes came to 2 KiB a socket for one server or the other.
 */
const FIRST_SOCKETS = 1000;
/** Beside its sockets a process has so many files open at most. */
export const OTHER_FILES = 100;

/** How many files the server and its clients have open, each. */
export function filesNeeded({ sockets }: IdleScenario): number {
  return FIRST_SOCKETS + sockets + OTHER_FILES;
}

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
    await pair.open(FIRST_SOCKETS);
    const before = await pair.server.ask({ ask: 'memory' });
    await pair.open(scenario.sockets);
    return ((await pair.server.ask({ ask: 'memory' })) - before) / 1024 / scenario.sockets;
  } finally {
    pair.stop();
  }
}
