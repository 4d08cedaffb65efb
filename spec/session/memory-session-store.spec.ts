// The store in memory: it keeps the contract, is bounded, and drops what has expired.

import { virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { MAX_MEMORY_SESSIONS, MemorySessionStore } from '../../src/session/memory-session-store.ts';
import { sessionStoreContract } from '../../src/testing/session-store-contract.ts';
import type { SessionStoreUnderTest } from '../../src/testing/session-store-contract.ts';

function makeStore(): SessionStoreUnderTest {
  const clock = virtualClock();
  return {
    store: new MemorySessionStore(clock),
    pass: (ms) => clock.advance(ms),
    async [Symbol.asyncDispose]() {},
  };
}

describe('MemorySessionStore keeps the promise', () => {
  it.each(sessionStoreContract)('$name', async ({ run }) => {
    await expect(run(makeStore)).resolves.toBe(undefined);
  });
});

describe('MemorySessionStore', () => {
  it('keeps a session to the last millisecond, and not for another', async () => {
    const clock = virtualClock();
    const store = new MemorySessionStore(clock);
    await store.set('id', { n: 1 }, 1000);
    await clock.advance(999);
    expect(await store.get('id')).toEqual({ n: 1 });
    await clock.advance(1);
    expect(await store.get('id')).toBe(undefined);
  });

  it('has no timer', async () => {
    const clock = virtualClock();
    const store = new MemorySessionStore(clock);
    await store.set('id', {}, 1000);
    await store.touch('id', 2000);
    expect(clock.timers).toBe(0);
  });

  it('lets go of an expired session when it is asked for it', async () => {
    const clock = virtualClock();
    const store = new MemorySessionStore(clock);
    await store.set('a', {}, 1000);
    await clock.advance(1000);
    expect([await store.get('a'), store.size]).toEqual([undefined, 0]);
  });

  it('lets go of expired sessions when another one is set', async () => {
    const clock = virtualClock();
    const store = new MemorySessionStore(clock);
    for (const id of ['a', 'b', 'c']) await store.set(id, {}, 1000);
    await clock.advance(500);
    await store.touch('a', 1000);
    await clock.advance(500);
    expect(store.size).toBe(3);
    await store.set('d', {}, 1000);
    expect([store.size, await store.get('a')]).toEqual([2, {}]);
  });

  it('lets the one go that was touched longest ago when there are too many', async () => {
    const clock = virtualClock();
    const store = new MemorySessionStore(clock, 3);
    for (const id of ['a', 'b', 'c']) await store.set(id, { id }, Infinity);
    await store.touch('a', Infinity);
    await store.set('b', { id: 'b again' }, Infinity);
    await store.set('d', { id: 'd' }, Infinity);
    const kept = await Promise.all(['a', 'b', 'c', 'd'].map((id) => store.get(id)));
    expect(kept).toEqual([{ id: 'a' }, { id: 'b again' }, undefined, { id: 'd' }]);
  });

  it('holds 100 000 sessions by default', async () => {
    const store = new MemorySessionStore(virtualClock());
    for (let n = 0; n <= MAX_MEMORY_SESSIONS; n += 1) await store.set(`${n}`, {}, Infinity);
    expect([store.size, await store.get('0'), await store.get('1')]).toEqual([100_000, undefined, {}]);
  });
});
