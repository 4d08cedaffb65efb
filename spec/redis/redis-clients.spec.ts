// What `redisBroker` refuses, and what it does with clients that are not connected.

import { describe, expect, it } from 'vitest';
import { redisBroker } from 'corosock/redis';
import type { RedisClients } from 'corosock/redis';
import { settle } from 'corosock/testing';
import { FakeIoRedis, SOUND } from './fake-ioredis.ts';

type Client = RedisClients['publisher'];

function clientsOf(publisher: object, subscriber: object = new FakeIoRedis({})): RedisClients {
  return { publisher: publisher as Client, subscriber: subscriber as Client };
}

const withoutStatus = { on() {}, off() {}, publish() {}, subscribe() {}, unsubscribe() {}, ping() {} };
const socket = { reconnectStrategy: 50, socketTimeout: 5000 };
const nodeRedisOf = (options: object): object => ({ ...withoutStatus, isReady: true, options });
const same = new FakeIoRedis();
const ended = (): FakeIoRedis => Object.assign(new FakeIoRedis({}), { status: 'end' });

describe('redisBroker', () => {
  it.each([
    [undefined, /^redisBroker\(\): expected clients to be \{ publisher, subscriber \}, got undefined/],
    [{}, /expected publisher to be a client of redis 5 or 6 .*\(npm install iovalkey\), got undefined/],
    [new FakeIoRedis(), /expected publisher to be a client of redis 5 or 6 .*got undefined/],
    [
      clientsOf({ publish() {} }),
      /expected publisher to be a client of redis 5 or 6 \(npm install redis\), ioredis 5 or 6 \(npm install ioredis\)/,
    ],
    [clientsOf(withoutStatus), /expected publisher to be a client of redis 5 or 6 .*got an object/],
    [clientsOf(new FakeIoRedis(), {}), /expected subscriber to be a client of redis 5 or 6/],
    [clientsOf(same, same), /expected subscriber to be another client than publisher/],
    [clientsOf(new FakeIoRedis({})), /expected publisher to be new Redis\(url, \{ enableOfflineQueue: false/],
    [clientsOf(new FakeIoRedis({ enableOfflineQueue: false })), /got one that keeps commands/],
    [clientsOf(new FakeIoRedis({ ...SOUND, keyPrefix: 'x:' })), /a client without keyPrefix/],
    [clientsOf(new FakeIoRedis({ ...SOUND, retryStrategy: null })), /got one with retryStrategy: null/],
    [clientsOf(new FakeIoRedis(), ended()), /expected subscriber to be .* that reconnects, got one that has/],
    [
      clientsOf(nodeRedisOf({ socket: { ...socket, reconnectStrategy: false } })),
      /expected publisher to be a client that reconnects, got one with reconnectStrategy: false/,
    ],
    [
      clientsOf(nodeRedisOf({})),
      /that reconnects, got one without reconnectStrategy, whose default gives up/,
    ],
    [
      clientsOf(nodeRedisOf({ socket: { reconnectStrategy: 50 } })),
      /expected publisher to be createClient\(.* socketTimeout: 5000 \} \}\), got one without socketTimeout/,
    ],
    [clientsOf(nodeRedisOf({ socket: { ...socket, socketTimeout: 0 } })), /got one without socketTimeout/],
    [
      clientsOf(nodeRedisOf({ socket })),
      /expected publisher to be createClient\(\{ url, disableOfflineQueue: true \}\), got one with an offline queue/,
    ],
  ])('refuses %s', (clients, text) => {
    expect(() => redisBroker(clients as RedisClients)).toThrow(text);
  });

  it('listens to no client where it refuses one', () => {
    const sound = new FakeIoRedis();
    expect(() => redisBroker(clientsOf(sound, {}))).toThrow('expected subscriber');
    const keeping = new FakeIoRedis({});
    expect(() => redisBroker(clientsOf(keeping))).toThrow('expected publisher');
    expect([...sound.eventNames(), ...keeping.eventNames()]).toEqual([]);
  });

  it('takes clients of redis, which have isReady and no status', async () => {
    const publisher = nodeRedisOf({ socket, disableOfflineQueue: true });
    const broker = redisBroker(clientsOf(publisher, nodeRedisOf({ socket })));
    expect(broker.isUp).toBe(true);
    await broker.close();
  });

  it('is up when both clients are ready, and loses nothing with the publisher alone', async () => {
    const [publisher, subscriber] = [new FakeIoRedis(), new FakeIoRedis({})];
    const broker = redisBroker(clientsOf(publisher, subscriber));
    const told: boolean[] = [];
    let gaps = 0;
    broker.onChange((isUp) => told.push(isUp));
    subscriber.turn('ready');
    await settle();
    await broker.subscribe(
      'a',
      () => {},
      () => (gaps += 1),
    );
    expect(broker.isUp).toBe(false);
    publisher.turn('ready');
    publisher.turn('close');
    await expect(broker.publish('a', new Uint8Array(0))).rejects.toThrow('The broker is down');
    publisher.turn('ready');
    expect([told, gaps]).toEqual([[true, false, true], 0]);
    await broker.close();
    publisher.turn('close');
    expect(subscriber.calls).toEqual(['subscribe corosock:a', 'unsubscribe corosock:a']);
  });

  it('says while it is down what a client has said last, and ends with a client that ends', async () => {
    const [publisher, subscriber] = [new FakeIoRedis(), new FakeIoRedis({})];
    const broker = redisBroker(clientsOf(publisher, subscriber));
    const cause = new Error('ECONNREFUSED');
    subscriber.emit('error', cause);
    const publishing = broker.publish('a', new Uint8Array(0));
    await expect(publishing).rejects.toMatchObject({ message: 'The broker is down', cause });
    subscriber.turn('end');
    const after = broker.publish('a', new Uint8Array(0));
    await expect(after).rejects.toMatchObject({ message: 'A client has ended for good', cause });
    expect([publisher.eventNames(), subscriber.eventNames()]).toEqual([['error'], ['error']]);
  });

  it('names a client that nothing has told to connect, also where another one fails', async () => {
    const [publisher, subscriber] = [new FakeIoRedis(), new FakeIoRedis({})];
    const broker = redisBroker(clientsOf(publisher, subscriber));
    subscriber.status = 'wait';
    publisher.emit('error', new Error('ECONNREFUSED'));
    const causeNow = (): Promise<unknown> =>
      broker.publish('a', new Uint8Array(0)).catch((error: Error) => String(error.cause));
    const seen = [await causeNow()];
    subscriber.turn('connecting');
    seen.push(await causeNow());
    await broker.close();
    expect(seen).toEqual([
      'Error: No connection was asked for: call connect() on the subscriber',
      'Error: ECONNREFUSED',
    ]);
  });

  it('ignores channels that are not its own', async () => {
    const subscriber = new FakeIoRedis({});
    const broker = redisBroker(clientsOf(new FakeIoRedis(), subscriber), { prefix: 'mine' });
    subscriber.turn('ready');
    const got: string[] = [];
    await broker.subscribe(
      'a',
      (bytes) => got.push(new TextDecoder().decode(bytes)),
      () => {},
    );
    subscriber.emit('messageBuffer', Buffer.from('other:a'), Buffer.from('foreign'));
    subscriber.emit('messageBuffer', Buffer.from('mine:a'), Buffer.from('mine'));
    expect(got).toEqual(['mine']);
    await broker.close();
  });
});
