// Servers and nodes for the specs over Redis: Debian's redis-server, and each client as users make it.

import { Redis as IoRedis5 } from 'ioredis';
import { Redis as IoRedis6 } from 'ioredis6';
import { Redis as IoValkey } from 'iovalkey';
import { createClient as createClient6 } from 'redis';
import { createClient as createClient5 } from 'redis5';
import type { IoRedisClient, NodeRedisClient, RedisClients } from 'corosock/redis';
import { nodeOf, PUBLISHES, realRedis, retryStrategy } from './ioredis-scene.ts';
import type { RealBroker } from '../brokers/broker-stories.ts';

export { isRedisHere, withoutRedis } from './ioredis-scene.ts';

/** How clients reach their server. */
export interface ClientSettings {
  readonly port: number;
  /** Of the publisher. Default: `port`. */
  readonly publisherPort?: number;
  readonly password?: string;
  /** Nothing has told them to connect: `lazyConnect` of ioredis, no `connect()` of `redis`. */
  readonly isIdle?: boolean;
}

/** Both clients of a node, and what closes one. */
export interface MadeClients {
  readonly clients: RedisClients;
  readonly end: (client: never) => void;
}

const HOST = '127.0.0.1';

type IoRedisClass = new (port: number, host: string, options: object) => IoRedisClient;
/** Of one version: the types of two differ. */
type CreateClient = (options: object) => NodeRedisClient & { readonly isOpen: boolean };

function ioRedis(Redis: IoRedisClass): (settings: ClientSettings) => MadeClients {
  return ({ port, publisherPort = port, password, isIdle = false }) => {
    const options = { retryStrategy, lazyConnect: isIdle, ...(password !== undefined && { password }) };
    return {
      clients: {
        publisher: new Redis(publisherPort, HOST, { ...PUBLISHES, ...options }),
        subscriber: new Redis(port, HOST, options),
      },
      end: (client: IoRedisClient) => client.disconnect(),
    };
  };
}

function nodeRedis(createClient: CreateClient): (settings: ClientSettings) => MadeClients {
  return ({ port, publisherPort = port, password, isIdle = false }) => {
    const optionsOf = (of: number): object => ({
      socket: { host: HOST, port: of, reconnectStrategy: retryStrategy, socketTimeout: 5000 },
      ...(password !== undefined && { password }),
    });
    const clients = {
      publisher: createClient({ ...optionsOf(publisherPort), disableOfflineQueue: true }),
      subscriber: createClient(optionsOf(port)),
    };
    // Connects without waiting, as a host may that begins before its Redis.
    if (!isIdle) for (const client of Object.values(clients)) client.connect().catch(() => {});
    const end = (client: ReturnType<CreateClient>): void => {
      if (client.isOpen) client.destroy();
    };
    return { clients, end };
  };
}

/** Makes both clients of a node, by the name of their package. */
export const MAKERS: Readonly<Record<string, (settings: ClientSettings) => MadeClients>> = {
  'ioredis 5': ioRedis(IoRedis5),
  'ioredis 6': ioRedis(IoRedis6),
  iovalkey: ioRedis(IoValkey),
  'redis 5': nodeRedis((options) => createClient5(options)),
  'redis 6': nodeRedis((options) => createClient6(options)),
};

/** All clients, by name. */
export const CLIENTS: Readonly<Record<string, RealBroker>> = Object.fromEntries(
  Object.entries(MAKERS).map(([name, make]) => [
    name,
    {
      server: realRedis.server,
      hasTwoLinks: true,
      node: (port: number, publisherPort = port) => {
        const { clients, end } = make({ port, publisherPort });
        return nodeOf(clients, end);
      },
    },
  ]),
);
