// What `natsBroker` refuses, and how a broker of a promise fails.

import { describe, expect, it } from 'vitest';
import { natsBroker } from 'corosock/nats';
import type { NatsConnection } from 'corosock/nats';

const SOUND = { noEcho: true, maxReconnectAttempts: -1, ignoreAuthErrorAbort: true, reconnect: true };

/** A connection without a server. */
function connectionWith(options: object, isClosed = true): NatsConnection {
  const connection = {
    options,
    publish() {},
    subscribe: () => ({ unsubscribe() {} }),
    flush: () => Promise.reject(new Error('no server')),
    reconnect: () => Promise.resolve(),
    isClosed: () => isClosed,
    closed: () => new Promise<unknown>(() => {}),
    async *status() {},
  };
  return connection;
}

describe('natsBroker', () => {
  it.each([
    [undefined, 'undefined'],
    [{ publish() {} }, 'an object'],
    [connectionWith({ ...SOUND, noEcho: undefined }), 'one without noEcho: true'],
    [connectionWith({ ...SOUND, reconnect: false }), 'one with reconnect: false'],
    [connectionWith({ ...SOUND, maxReconnectAttempts: 10 }), 'one with maxReconnectAttempts: 10'],
    [connectionWith({ ...SOUND, ignoreAuthErrorAbort: false }), 'one without ignoreAuthErrorAbort: true'],
  ])('refuses %s, and names the package and the command', (connection, got) => {
    expect(() => natsBroker(connection as NatsConnection)).toThrow(
      'natsBroker(): expected a connection of @nats-io/transport-node 3 (npm install @nats-io/transport-node): ' +
        'connect({ servers, noEcho: true, maxReconnectAttempts: -1, ignoreAuthErrorAbort: true, ' +
        `reconnectTimeWait: 250, waitOnFirstConnect: true }), got ${got}`,
    );
  });

  it.each(['', 'a b', 'a..b', '*', 'x'.repeat(101)])('refuses the prefix %j', (prefix) => {
    expect(() => natsBroker(connectionWith(SOUND), { prefix })).toThrow(
      /^natsBroker\(\): expected prefix to be/,
    );
  });

  it('rejects calls with the UsageError where a promise gives a wrong connection', async () => {
    const broker = natsBroker(Promise.resolve(connectionWith({})));
    const subscribing = broker.subscribe(
      'a',
      () => {},
      () => {},
    );
    await expect(subscribing).rejects.toMatchObject({ code: 'COROSOCK_ARGUMENT' });
    await expect(broker.publish('a', new Uint8Array(0))).rejects.toMatchObject({ code: 'COROSOCK_ARGUMENT' });
  });

  it('rejects calls with the cause where the connection could not be made', async () => {
    const cause = new Error('no such host');
    const broker = natsBroker(Promise.reject(cause));
    const subscribing = broker.subscribe(
      'a',
      () => {},
      () => {},
    );
    await expect(subscribing).rejects.toMatchObject({ code: 'COROSOCK_BROKER', cause });
  });

  it('stays down over a connection that is closed', async () => {
    const broker = natsBroker(connectionWith(SOUND));
    expect(broker.isUp).toBe(false);
    await broker.close();
  });

  it('rejects a subscription that the server refuses', async () => {
    const cause = new Error('Permissions Violation');
    let refuse = (): void => {};
    const connection: NatsConnection = {
      ...connectionWith(SOUND, false),
      subscribe(_, { callback }) {
        refuse = () => callback(cause, { data: new Uint8Array(0) });
        return { unsubscribe() {} };
      },
      flush: async () => refuse(),
    };
    const broker = natsBroker(connection);
    const subscribing = broker.subscribe(
      'a',
      () => {},
      () => {},
    );
    await expect(subscribing).rejects.toMatchObject({ code: 'COROSOCK_BROKER', cause });
    await broker.close();
  });

  it('acknowledges all messages of one turn by one PING behind them', async () => {
    const order: string[] = [];
    const connection: NatsConnection = {
      ...connectionWith(SOUND, false),
      publish: (_, bytes) => order.push(`${bytes.length}`),
      flush: async () => void order.push('ping'),
    };
    const broker = natsBroker(connection);
    await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([1, 2, 3].map((bytes) => broker.publish('a', new Uint8Array(bytes))));
    await broker.publish('a', new Uint8Array(4));
    expect(order).toEqual(['1', '2', '3', 'ping', '4', 'ping']);
    await broker.close();
  });

  it('ignores what a connection tells after it was closed', async () => {
    let tell: (() => void) | undefined;
    const told = new Promise<void>((resolve) => (tell = resolve));
    const connection: NatsConnection = {
      ...connectionWith(SOUND, false),
      async *status() {
        await told;
        yield { type: 'ping' };
        yield { type: 'reconnect' };
      },
    };
    const broker = natsBroker(connection);
    await broker.close();
    tell?.();
    await new Promise((resolve) => setImmediate(resolve));
    expect(broker.isUp).toBe(false);
  });

  it.each([
    ['the reason', new Error('Authorization Violation'), 'Authorization Violation'],
    ['no reason', undefined, 'The connection was closed'],
  ])('ends with its connection, which gives %s', async (_, reason, message) => {
    let end: (reason: unknown) => void = () => {};
    const ended = new Promise<unknown>((resolve) => (end = resolve));
    const broker = natsBroker({
      ...connectionWith(SOUND, false),
      flush: () => Promise.resolve(),
      closed: () => ended,
    });
    const told: boolean[] = [];
    broker.onChange((isUp) => told.push(isUp));
    await broker.subscribe(
      'a',
      () => {},
      () => {},
    );
    end(reason);
    await new Promise((resolve) => setImmediate(resolve));
    await expect(broker.publish('a', new Uint8Array(0))).rejects.toMatchObject({
      message: 'The connection has ended for good',
      cause: { message },
    });
    expect([broker.isUp, told]).toEqual([false, [false]]);
    await broker.close();
  });

  it('says while it is down what the server has said last', async () => {
    const cause = new Error('Authorization Violation');
    const broker = natsBroker({
      ...connectionWith(SOUND, false),
      async *status() {
        yield { type: 'disconnect' };
        yield { type: 'error', error: cause };
        // What the server says of one subject is not why it is down.
        yield { type: 'error', error: new Error('Permissions Violation for Publish to "a"') };
      },
    });
    await new Promise((resolve) => setImmediate(resolve));
    const publishing = broker.publish('a', new Uint8Array(0));
    await expect(publishing).rejects.toMatchObject({ message: 'The broker is down', cause });
    await broker.close();
  });

  it('ignores a connection that comes after it was closed', async () => {
    let flushes = 0;
    const connection = { ...connectionWith(SOUND, false), flush: async () => void (flushes += 1) };
    const broker = natsBroker(Promise.resolve(connection));
    await broker.close();
    await Promise.resolve();
    expect([broker.isUp, flushes]).toEqual([false, 0]);
  });
});
