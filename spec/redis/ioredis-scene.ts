// A Redis for specs, Debian's redis-server, and nodes over it with ioredis 5 as users make it. Further
// clients: redis-scene.ts. It loads one client, for programs that are started often.

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { redisBroker } from 'corosock/redis';
import type { RedisClient, RedisClients } from 'corosock/redis';
import type { RealBroker, RealNode } from '../brokers/broker-stories.ts';
import { isInstalled, StoppableServer } from '../brokers/stoppable-server.ts';

const program = process.env['REDIS_SERVER_PATH'] ?? 'redis-server';

/** Whether a Redis can be started here. */
export const isRedisHere: boolean = isInstalled(program);

/** For the title of what is skipped without it. */
export const withoutRedis: string = isRedisHere
  ? ''
  : ' (skipped: there is no redis-server here; REDIS_SERVER_PATH can name one)';

// The title is seen where skipped specs are listed; this is seen everywhere.
if (!isRedisHere) process.stderr.write(`Nothing was tried with a real Redis${withoutRedis}.\n`);

/** Makes a server that is not started. @param password - Clients need it, where it is given. */
export async function redisServer(password = ''): Promise<StoppableServer> {
  const directory = mkdtempSync(join(tmpdir(), 'corosock-redis-'));
  const inMemory = ['--dir', directory, '--save', '', '--appendonly', 'no'];
  // A subscriber that does not read is killed soon.
  const limits = ['--client-output-buffer-limit', 'pubsub 4mb 1mb 1'];
  return await StoppableServer.make(program, (port) =>
    ['--port', `${port}`, '--bind', '127.0.0.1', '--requirepass', password].concat(inMemory, limits),
  );
}

/** Reconnects soon, so that specs are quick. */
export const retryStrategy = (): number => 50;
export const PUBLISHES: Readonly<Record<string, unknown>> = {
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  retryStrategy,
};

function stateOf(client: RedisClient): string {
  if ('status' in client) return client.status;
  return client.isReady ? 'ready' : 'not ready';
}

/** Makes a node, and what closes its clients. */
export function nodeOf(clients: RedisClients, end: (client: never) => void): RealNode {
  return {
    broker: redisBroker(clients),
    describe: () => `publisher ${stateOf(clients.publisher)}, subscriber ${stateOf(clients.subscriber)}`,
    async close() {
      for (const client of Object.values(clients)) end(client as never);
    },
  };
}

/** Redis with ioredis 5. */
export const realRedis: RealBroker = {
  server: () => redisServer(),
  hasTwoLinks: true,
  node: (port, publisherPort = port) =>
    nodeOf(
      { publisher: new Redis(publisherPort, PUBLISHES), subscriber: new Redis(port, { retryStrategy }) },
      (client: Redis) => client.disconnect(),
    ),
};
