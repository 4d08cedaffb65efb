// A store whose answers are awaited for a bounded time.

import { settle, virtualClock } from 'corosock/testing';
import type { VirtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { held, outcomeOf } from './session-fixtures.ts';
import { MemorySessionStore } from '../../src/session/memory-session-store.ts';
import type { SessionStore } from '../../src/session/session-store.ts';
import { SessionStoreError, TimedStore } from '../../src/session/timed-store.ts';
import { sessionStoreContract } from '../../src/testing/contracts/session-store-contract.ts';

const silent = (): Promise<never> => new Promise(() => {});
const { signal } = new AbortController();

function timed(store: Partial<SessionStore>): { readonly clock: VirtualClock; readonly store: TimedStore } {
  const clock = virtualClock();
  return { clock, store: new TimedStore(store as SessionStore, clock, 500) };
}

describe('TimedStore keeps the promise', () => {
  it.each(sessionStoreContract)('$name', async ({ run }) => {
    const make = () => {
      const clock = virtualClock();
      return {
        store: new TimedStore(new MemorySessionStore(clock), clock, 500),
        pass: (ms: number) => clock.advance(ms),
        async [Symbol.asyncDispose]() {},
      };
    };
    await expect(run(make)).resolves.toBe(undefined);
  });
});

describe('TimedStore', () => {
  it.each<[string, (store: TimedStore) => Promise<unknown>]>([
    ['get', (store) => store.get('id')],
    ['set', (store) => store.set('id', {}, 1)],
    ['touch', (store) => store.touch('id', 1)],
    ['delete', (store) => store.delete('id')],
    ['unlock', async (store) => (await store.lock?.('id', { signal }))?.()],
  ])('rejects a call of %s that has no answer in time', async (name, call) => {
    const below = { get: silent, set: silent, touch: silent, delete: silent, lock: async () => silent };
    const { clock, store } = timed(below);
    let error: unknown;
    void call(store).catch((reason: unknown) => (error = reason));
    await clock.advance(499);
    expect(error).toBe(undefined);
    await clock.advance(1);
    expect([error instanceof SessionStoreError, error, clock.timers]).toMatchObject([
      true,
      {
        name: 'SessionStoreError',
        code: 'COROSOCK_SESSION_STORE',
        message: `The store of sessions has not answered ${name}() within 500 ms`,
      },
      0,
    ]);
  });

  it.each(['an answer', 'an error'])('drops %s that comes late', async (what) => {
    const done = held();
    const { clock, store } = timed({ delete: () => done.promise });
    const outcome = outcomeOf(store.delete('id'));
    await clock.advance(500);
    if (what === 'an answer') done.resolve();
    else done.reject(new Error('late'));
    await settle();
    expect(await outcome).toBe('COROSOCK_SESSION_STORE');
  });

  it('gives answers and errors that come in time, also what is thrown, and leaves no timer', async () => {
    const down = new Error('down');
    const raise = (): never => {
      throw down;
    };
    const { clock, store } = timed({
      get: async () => ({ n: 1 }),
      touch: () => Promise.reject(down),
      delete: raise,
    });
    const outcomes = [store.get('id'), store.touch('id', 1), store.delete('id')].map(outcomeOf);
    expect([await Promise.all(outcomes), clock.timers]).toEqual([[{ n: 1 }, 'down', 'down'], 0]);
  });

  it('has a lock where the store has one, and waits for it as long as its caller', async () => {
    const locking = held<() => Promise<void>>();
    const events: string[] = [];
    const { clock, store } = timed({ lock: () => locking.promise });
    const lock = store.lock?.('id', { signal }).then((unlock) => unlock());
    await clock.advance(60_000);
    locking.resolve(async () => void events.push('unlocked'));
    await lock;
    expect([events, timed({}).store.lock]).toEqual([['unlocked'], undefined]);
  });
});
