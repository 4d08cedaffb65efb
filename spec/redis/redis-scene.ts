// Servers and nodes for the specs over Redis: Debian's redis-server, and each client as users make it.

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis as IoRedis5 } from 'ioredis';
import { Redis as IoRedis6 } from 'ioredis6';
import { Redis as IoValkey } from 'iovalkey';
import { createClient as createClient6 } from 'redis';
import { createClient as createClient5 } from 'redis5';
import { redisBroker } from 'corosock/redis';
import type { RedisClients } from 'corosock/redis';
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

async function server(): Promise<StoppableServer> {
  const directory = mkdtempSync(join(tmpdir(), 'corosock-redis-'));
  const inMemory = ['--dir', directory, '--save', '', '--appendonly', 'no'];
  // A subscriber that does not read is killed soon.
  const limits = ['--client-output-buffer-limit', 'pubsub 4mb 1mb 1'];
  return await StoppableServer.make(program, (port) =>
    ['--port', `${port}`, '--bind', '127.0.0.1'].concat(inMemory, limits),
  );
}

/** Reconnects soon, so that specs are quick. */
const retryStrategy = (): number => 50;
const PUBLISHES = { enableOfflineQueue: false, autoResendUnfulfilledCommands: false, retryStrategy };

function nodeOf(clients: RedisClients, end: (client: never) => void): RealNode {
  return {
    broker: redisBroker(clients),
    async close() {
      for (const client of Object.values(clients)) end(client as never);
    },
  };
}

interface Started {
  on(event: 'error', listener: () => void): unknown;
  connect(): Promise<unknown>;
}

/** Connects without waiting, as a host may that begins before its Redis. */
function started<T extends Started>(client: T): T {
  client.connect().catch(() => {});
  return client;
}

const socketOf = (port: number): object => ({ host: '127.0.0.1', port, reconnectStrategy: retryStrategy });

/** All clients, by name. */
export const CLIENTS: Readonly<Record<string, RealBroker>> = {
  'ioredis 5': {
    server,
    node: (port) =>
      nodeOf(
        { publisher: new IoRedis5(port, PUBLISHES), subscriber: new IoRedis5(port, { retryStrategy }) },
        (client: IoRedis5) => client.disconnect(),
      ),
  },
  'ioredis 6': {
    server,
    node: (port) =>
      nodeOf(
        { publisher: new IoRedis6(port, PUBLISHES), subscriber: new IoRedis6(port, { retryStrategy }) },
        (client: IoRedis6) => client.disconnect(),
      ),
  },
  iovalkey: {
    server,
    node: (port) =>
      nodeOf(
        { publisher: new IoValkey(port, PUBLISHES), subscriber: new IoValkey(port, { retryStrategy }) },
        (client: IoValkey) => client.disconnect(),
      ),
  },
  'redis 5': {
    server,
    node: (port) =>
      nodeOf(
        {
          publisher: started(createClient5({ socket: socketOf(port), disableOfflineQueue: true })),
          subscriber: started(createClient5({ socket: socketOf(port) })),
        },
        (client: { destroy(): void }) => client.destroy(),
      ),
  },
  'redis 6': {
    server,
    node: (port) =>
      nodeOf(
        {
          publisher: started(createClient6({ socket: socketOf(port), disableOfflineQueue: true })),
          subscriber: started(createClient6({ socket: socketOf(port) })),
        },
        (client: { destroy(): void }) => client.destroy(),
      ),
  },
};
