// A lock for the sessions of several processes, in the Redis that holds them: the
// simplest that keeps the promise. `SET NX PX` takes it, only its holder gives it back, and it
// expires when its holder dies.

import { randomUUID } from 'node:crypto';
import type { SessionStore } from 'corosock';
import type { RedisClientType } from 'redis';

/** More than any update should take. */
const LOCK_MS = 10_000;

const GIVE_BACK = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`;

/** Gives a store the lock that it lacks. */
export function withRedisLock(store: SessionStore, redis: RedisClientType): SessionStore {
  return {
    get: (id) => store.get(id),
    set: (id, data, timeoutMs) => store.set(id, data, timeoutMs),
    touch: (id, timeoutMs) => store.touch(id, timeoutMs),
    delete: (id) => store.delete(id),
    async lock(id, { signal }) {
      const key = `lock:${id}`;
      const token = randomUUID();
      const take = (): Promise<unknown> =>
        redis.set(key, token, { condition: 'NX', expiration: { type: 'PX', value: LOCK_MS } });
      const giveBack = async (): Promise<void> => {
        await redis.eval(GIVE_BACK, { keys: [key], arguments: [token] });
      };
      do {
        signal.throwIfAborted();
      } while ((await take()) === null);
      if (!signal.aborted) return giveBack;
      await giveBack();
      throw signal.reason;
    },
  };
}
