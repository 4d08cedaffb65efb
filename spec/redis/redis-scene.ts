// Servers and nodes for the specs over Redis: Debian's redis-server, and each client as users make it.

import { Redis as IoRedis6 } from 'ioredis6';
import { Redis as IoValkey } from 'iovalkey';
import { createClient as createClient6 } from 'redis';
import { createClient as createClient5 } from 'redis5';
import { nodeOf, PUBLISHES, realRedis, retryStrategy } from './ioredis-scene.ts';
import type { RealBroker } from '../brokers/broker-stories.ts';

export { isRedisHere, withoutRedis } from './ioredis-scene.ts';

const { server } = realRedis;

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
  'ioredis 5': realRedis,
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
