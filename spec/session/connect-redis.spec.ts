// The contract of a session store over connect-redis and a real Redis. Time passes by shortening
// the time that each key has left to live.

import { RedisStore } from 'connect-redis';
import { virtualClock } from 'corosock/testing';
import { createClient } from 'redis';
import type { RedisClientType } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withRedisLock } from './redis-lock.ts';
import { isRedisHere, startRedis, withoutRedis } from './redis-server.ts';
import type { RedisServer } from './redis-server.ts';
import { cookieOf, setScene } from './session-fixtures.ts';
import { expressSessionStore } from '../../src/session/express-session-store.ts';
import { sessionStoreContract } from '../../src/testing/contracts/session-store-contract.ts';
import type { SessionStoreUnderTest } from '../../src/testing/contracts/session-store-contract.ts';

describe.skipIf(!isRedisHere)(`expressSessionStore over connect-redis${withoutRedis}`, () => {
  let redis: RedisServer;
  let client: RedisClientType;

  beforeAll(async () => {
    redis = await startRedis();
    client = createClient({ url: redis.url });
    await client.connect();
  }, 30_000);

  afterAll(async () => {
    client.destroy();
    await redis[Symbol.asyncDispose]();
  });

  async function makeStore(): Promise<SessionStoreUnderTest> {
    await client.flushAll();
    return {
      store: expressSessionStore(new RedisStore({ client })),
      pass: (ms) => pass(client, ms),
      async [Symbol.asyncDispose]() {},
    };
  }

  it.each(sessionStoreContract)('keeps the promise: $name', async ({ run }) => {
    await expect(run(makeStore)).resolves.toBe(undefined);
  });

  it.each(sessionStoreContract)('keeps the promise with a lock in Redis: $name', async ({ run }) => {
    const makeLocking = async (): Promise<SessionStoreUnderTest> => {
      const tested = await makeStore();
      return { ...tested, store: withRedisLock(tested.store, client) };
    };
    await expect(run(makeLocking)).resolves.toBe(undefined);
  });

  it('loses no update of two hosts with a lock in Redis', async () => {
    await using tested = await makeStore();
    const store = withRedisLock(tested.store, client);
    await store.set('id', {}, 60_000);
    const clock = virtualClock();
    const hosts = [setScene({}, { clock, store }), setScene({}, { clock, store })];
    const joined = await Promise.all(hosts.map(({ join }) => join(cookieOf('id'))));
    const updates = Array.from({ length: 50 }, (_, n) =>
      joined[n % 2]?.session.update((data) => void (data['n'] = Number(data['n'] ?? 0) + 1)),
    );
    expect(new Set(await Promise.all(updates.map(async (update) => await update)))).toEqual(new Set(['ok']));
    expect(await store.get('id')).toEqual({ n: 50 });
  });

  it('has Redis forget a session when its time is over', async () => {
    await using tested = await makeStore();
    await tested.store.set('id', { n: 1 }, 900_000);
    expect(await client.ttl('sess:id')).toBe(900);
    await tested.store.touch('id', 60_000);
    expect(await client.ttl('sess:id')).toBe(60);
    await tested.store.delete('id');
    expect(await client.exists('sess:id')).toBe(0);
  });

  it('rejects when Redis is down, and serves again when it is back', async () => {
    await using other = await startRedis();
    const lost = createClient({ url: other.url, disableOfflineQueue: true });
    lost.on('error', () => {});
    await lost.connect();
    const store = expressSessionStore(new RedisStore({ client: lost }));
    await store.set('id', { n: 1 }, 60_000);
    expect(await store.get('id')).toEqual({ n: 1 });
    lost.destroy();
    for (const call of [
      store.get('id'),
      store.set('id', {}, 1000),
      store.touch('id', 1000),
      store.delete('id'),
    ]) {
      await expect(call).rejects.toThrow('closed');
    }
    await lost.connect();
    expect(await store.get('id')).toEqual({ n: 1 });
    lost.destroy();
  });
});

/** Lets time pass for all keys of a Redis. */
async function pass(client: RedisClientType, ms: number): Promise<void> {
  for (const key of await client.keys('*')) {
    const leftMs = await client.pTTL(key);
    if (leftMs >= 0) await client.pExpire(key, leftMs - ms);
  }
}
