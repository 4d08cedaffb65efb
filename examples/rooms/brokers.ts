// The brokers that the chat can run over: all that differs between one process and many.

import { fork } from 'node:child_process';
import { connect } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { Redis } from 'ioredis';
import type { Broker } from 'corosock';
import { ipcBroker } from 'corosock/ipc';
import { natsBroker } from 'corosock/nats';
import { redisBroker } from 'corosock/redis';

/** A broker, and what ends it with its links. */
export interface OpenBroker extends AsyncDisposable {
  readonly broker: Broker;
}

/** At most a second between two attempts, so that a node is back within two. */
const retryStrategy = (attempt: number): number => Math.min(attempt * 50, 1000);

/** Opens a broker over Redis or Valkey. @param url - `redis://127.0.0.1:6379`, for example. */
export function overRedis(url: string): OpenBroker {
  const noQueue = { enableOfflineQueue: false, autoResendUnfulfilledCommands: false };
  const publisher = new Redis(url, { ...noQueue, retryStrategy });
  const subscriber = new Redis(url, { retryStrategy });
  // Without a listener each failed attempt to connect is printed. server.ts prints each outage once.
  for (const client of [publisher, subscriber]) client.on('error', () => {});
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

/** Opens a broker over NATS. @param url - `nats://127.0.0.1:4222`, for example. */
export function overNats(url: string): OpenBroker {
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

/**
 * Opens a broker between this process and a second one, which it starts. The second one calls it,
 * too. Without the channel between them it is told `disconnect`, and ends.
 *
 * @param program - Of the second process.
 * @param port - Its `PORT`.
 */
export function overProcesses(program: string, port: number): OpenBroker {
  const isFirst = process.send === undefined;
  const env = { ...process.env, PORT: `${port}` };
  const other = isFirst ? fork(program, ['processes'], { env }) : undefined;
  const broker = ipcBroker({ prefix: 'chat', parent: !isFirst });
  if (other !== undefined) broker.adopt(other);
  const channel = other ?? process;
  return {
    broker,
    async [Symbol.asyncDispose]() {
      await broker.close();
      if (channel.connected) channel.disconnect?.();
    },
  };
}
