// The brokers that the chat can run over: all that differs between one process and many. Each
// imports its package only when it is asked for. same-machine.ts has those that need no server.

import type { NatsConnection } from '@nats-io/transport-node';
import type { Broker } from 'corosock';
import { natsBroker } from 'corosock/nats';
import { redisBroker } from 'corosock/redis';

/** A broker, and what ends it with its links. */
export interface OpenBroker extends AsyncDisposable {
  readonly broker: Broker;
}

/** At most a second between two attempts, so that a node is back within two. */
const delayMs = (attempt: number): number => Math.min(attempt * 50, 1000);

/** Opens a broker over Redis or Valkey. @param url - `redis://127.0.0.1:6379`, for example. */
export async function overRedis(url: string): Promise<OpenBroker> {
  const { Redis } = await needed('ioredis', import('ioredis'));
  const noQueue = { enableOfflineQueue: false, autoResendUnfulfilledCommands: false };
  const publisher = new Redis(url, { ...noQueue, retryStrategy: delayMs });
  const subscriber = new Redis(url, { retryStrategy: delayMs });
  const broker = redisBroker({ publisher, subscriber }, { prefix: 'chat' });
  return {
    broker,
    async [Symbol.asyncDispose]() {
      await broker.close();
      publisher.disconnect();
      subscriber.disconnect();
    },
  };
}

/** Opens the same over the package `redis`. Both kinds of node can share one server. */
export async function overNodeRedis(url: string): Promise<OpenBroker> {
  const { createClient } = await needed('redis', import('redis'));
  const socket = { reconnectStrategy: delayMs, socketTimeout: 5000 };
  const publisher = createClient({ url, socket, disableOfflineQueue: true });
  const subscriber = createClient({ url, socket });
  const broker = redisBroker({ publisher, subscriber }, { prefix: 'chat' });
  // Not awaited: a node may begin before its server.
  for (const client of [publisher, subscriber]) client.connect().catch(() => {});
  return {
    broker,
    async [Symbol.asyncDispose]() {
      await broker.close();
      for (const client of [publisher, subscriber]) if (client.isOpen) client.destroy();
    },
  };
}

/** Opens a broker over NATS. @param url - `nats://127.0.0.1:4222`, for example. */
export async function overNats(url: string): Promise<OpenBroker> {
  const { connect } = await needed('@nats-io/transport-node', import('@nats-io/transport-node'));
  const options = {
    noEcho: true,
    maxReconnectAttempts: -1,
    ignoreAuthErrorAbort: true,
    reconnectTimeWait: 250,
    waitOnFirstConnect: true,
  };
  const connecting = connect({ servers: url, ...options });
  const broker = natsBroker(connecting, { prefix: 'chat' });
  // Undefined until the server has been there for the first time.
  let connection: NatsConnection | undefined;
  void connecting.then((made) => (connection = made), tellRefusal);
  return {
    broker,
    async [Symbol.asyncDispose]() {
      await broker.close();
      await connection?.close();
    },
  };
}

function tellRefusal({ message }: Error): void {
  console.error(`NATS takes no connection: ${message}`);
}

/** Waits for the import of a package. Where it is not installed, ends the process with one sentence. */
async function needed<Module>(name: string, importing: Promise<Module>): Promise<Module> {
  try {
    return await importing;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    console.error(`This broker needs a package that is not installed: npm install ${name}`);
    process.exit(1);
  }
}
