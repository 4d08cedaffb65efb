// The clients of brokers that nodes run over, made as docs/reference/broker-port.md makes them, and
// the same clients without us: what a message costs that only they carry.

import { connect } from '@nats-io/transport-node';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import type { Broker } from 'corosock';
import { natsBroker } from 'corosock/nats';
import { redisBroker } from 'corosock/redis';

/** By the package that is imported; `redis` is called node-redis by all. */
export type BrokerClientName = 'nats' | 'ioredis' | 'node-redis';

const ADDRESS = '127.0.0.1';
const NATS = {
  noEcho: true,
  maxReconnectAttempts: -1,
  ignoreAuthErrorAbort: true,
  reconnectTimeWait: 250,
  waitOnFirstConnect: true,
};

/** The broker of one node. It lives as long as its process. */
export function brokerOver(client: BrokerClientName, port: number): Broker {
  switch (client) {
    case 'nats':
      return natsBroker(connect({ servers: `${ADDRESS}:${port}`, ...NATS }));
    case 'ioredis': {
      const publisher = new Redis(port, { enableOfflineQueue: false, autoResendUnfulfilledCommands: false });
      return redisBroker({ publisher, subscriber: new Redis(port) });
    }
    case 'node-redis': {
      const socket = { host: ADDRESS, port, reconnectStrategy: 50, socketTimeout: 5000 };
      const publisher = createClient({ socket, disableOfflineQueue: true });
      const subscriber = createClient({ socket });
      for (const each of [publisher, subscriber]) each.connect().catch(() => {});
      return redisBroker({ publisher, subscriber });
    }
    default:
      return client satisfies never;
  }
}

/** Sends a message to itself by way of the broker. */
export interface BareClient {
  /** @param receive - Called for each message that comes back. */
  readonly subscribe: (receive: () => void) => Promise<void>;
  readonly publish: (message: Buffer) => void;
}

const SUBJECT = 'bare';

/** The client alone. */
export async function bareClient(client: BrokerClientName, port: number): Promise<BareClient> {
  switch (client) {
    case 'nats': {
      const connection = await connect({ servers: `${ADDRESS}:${port}` });
      return {
        subscribe: async (receive) => {
          connection.subscribe(SUBJECT, { callback: receive });
          await connection.flush();
        },
        publish: (message) => connection.publish(SUBJECT, message),
      };
    }
    case 'ioredis': {
      const [publisher, subscriber] = [new Redis(port), new Redis(port)];
      return {
        subscribe: async (receive) => {
          subscriber.on('messageBuffer', receive);
          await subscriber.subscribe(SUBJECT);
        },
        publish: (message) => void publisher.publish(SUBJECT, message),
      };
    }
    case 'node-redis': {
      const publisher = createClient({ socket: { host: ADDRESS, port } });
      const subscriber = createClient({ socket: { host: ADDRESS, port } });
      await Promise.all([publisher.connect(), subscriber.connect()]);
      return {
        subscribe: (receive) => subscriber.subscribe(SUBJECT, receive, true),
        publish: (message) => void publisher.publish(SUBJECT, message),
      };
    }
    default:
      return client satisfies never;
  }
}
