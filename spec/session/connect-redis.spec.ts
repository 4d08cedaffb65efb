// The contract of a session store over connect-redis and a real Redis. Time is let
// pass by taking it from what each key has left to live.

import { RedisStore } from 'connect-redis';
import { createClient } from 'redis';
import type { RedisClientType } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isRedisHere, startRedis, withoutRedis } from './redis-server.ts';
import type { RedisServer } from './redis-server.ts';
import { expressSessionStore } from '../../src/session/express-session-store.ts';
import { sessionStoreContract } from '../../src/testing/session-store-contract.ts';
import type { SessionStoreUnderTest } from '../../src/testing/session-store-contract.ts';

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
