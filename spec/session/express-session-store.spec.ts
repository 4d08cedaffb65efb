// Stores of express-session as a SessionStore: the contract over its MemoryStore,
// the cookie in a record, and stores that behave in other ways.

import { UsageError } from 'corosock';
import session from 'express-session';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { expressSessionStore } from '../../src/session/express-session-store.ts';
import type { ExpressSessionStore } from '../../src/session/express-session-store.ts';
import type { SessionStore } from '../../src/session/session-store.ts';
import { sessionStoreContract } from '../../src/testing/contracts/session-store-contract.ts';
import type { SessionStoreUnderTest } from '../../src/testing/contracts/session-store-contract.ts';

const NOW_MS = 1_000_000_000_000;

/** Stops the time of day. */
function stopTime(): void {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW_MS });
  onTestFinished(() => void vi.useRealTimers());
}

const dateAfter = (ms: number): string => new Date(NOW_MS + ms).toISOString();

/** A store that keeps what it is given, as text, and notes its calls. */
class PlainStore implements ExpressSessionStore {
  readonly calls: string[] = [];
  readonly texts = new Map<string, string>();
  /** `cookie.maxAge` of what was set or touched last, which is in no text. */
  maxAge: unknown = 'unset';

  get(id: string, done: (error: unknown, session?: unknown) => void): void {
    this.calls.push('get');
    const text = this.texts.get(id);
    done(null, text === undefined ? null : JSON.parse(text));
  }

  set(id: string, record: unknown, done?: () => void): void {
    this.calls.push('set');
    this.keep(id, record);
    done?.();
  }

  destroy(id: string, done?: () => void): void {
    this.calls.push('destroy');
    this.texts.delete(id);
    done?.();
  }

  record(id: string): unknown {
    return JSON.parse(this.texts.get(id) ?? 'null');
  }

  keep(id: string, record: unknown): void {
    this.maxAge = (record as { cookie: { maxAge?: unknown } }).cookie.maxAge;
    this.texts.set(id, JSON.stringify(record));
  }
}

class TouchableStore extends PlainStore {
  touch(id: string, record: unknown, done?: () => void): void {
    this.calls.push('touch');
    this.keep(id, record);
    done?.();
  }
}

describe('expressSessionStore over the MemoryStore of express-session', () => {
  it.each(sessionStoreContract)('keeps the promise: $name', async ({ run }) => {
    stopTime();
    const makeStore = (): SessionStoreUnderTest => ({
      store: expressSessionStore(new session.MemoryStore()),
      pass: async (ms) => void vi.setSystemTime(Date.now() + ms),
      async [Symbol.asyncDispose]() {},
    });
    await expect(run(makeStore)).resolves.toBe(undefined);
  });
});

describe('expressSessionStore over a store without touch', () => {
  it.each(sessionStoreContract.filter(({ name }) => !/^[23]/.test(name)))(
    'keeps the promise: $name',
    async ({ run }) => {
      const makeStore = (): SessionStoreUnderTest => ({
        store: expressSessionStore(new PlainStore()),
        pass: async () => {},
        async [Symbol.asyncDispose]() {},
      });
      await expect(run(makeStore)).resolves.toBe(undefined);
    },
  );

  it('writes the whole record anew for a touch', async () => {
    stopTime();
    const plain = new PlainStore();
    const store = expressSessionStore(plain);
    await store.set('id', { n: 1 }, 1000);
    await store.touch('id', 5000);
    expect(plain.record('id')).toMatchObject({ n: 1, cookie: { expires: dateAfter(5000) } });
    await store.touch('nothing', 5000);
    expect(plain.calls).toEqual(['get', 'set', 'get', 'set', 'get']);
  });

  it('loses no update to a touch that began before it, and brings no deleted session back', async () => {
    const plain = new PlainStore();
    const store = expressSessionStore(plain);
    await store.set('id', { n: 1 }, 1000);
    const calls = [store.touch('id', 1000), store.set('id', { n: 2 }, 1000)];
    expect(await store.get('id')).toEqual({ n: 2 });
    calls.push(store.touch('id', 1000), store.delete('id'));
    await Promise.all(calls);
    expect(plain.record('id')).toBe(null);
  });
});

describe('the cookie in a record', () => {
  it('is made where there is none, as Express makes it', async () => {
    stopTime();
    const plain = new TouchableStore();
    await expressSessionStore(plain).set('id', { user: 'ann' }, 900_000);
    expect(plain.record('id')).toEqual({
      user: 'ann',
      cookie: { originalMaxAge: 900_000, expires: dateAfter(900_000), httpOnly: true, path: '/' },
    });
  });

  it.each([Infinity, 9e15])('is made without an expiry for %d ms', async (timeoutMs) => {
    const plain = new TouchableStore();
    await expressSessionStore(plain).set('id', {}, timeoutMs);
    expect(plain.record('id')).toEqual({
      cookie: { originalMaxAge: null, expires: null, httpOnly: true, path: '/' },
    });
    expect(plain.maxAge).toBe(null);
  });

  it('is not in what get gives', async () => {
    const plain = new TouchableStore();
    const store = expressSessionStore(plain);
    await store.set('id', { user: 'ann' }, 1000);
    expect(await store.get('id')).toEqual({ user: 'ann' });
  });

  it('is kept by set, its expiry moved', async () => {
    stopTime();
    const plain = new TouchableStore();
    const cookie = { originalMaxAge: 1, expires: dateAfter(1), secure: true, domain: 'x.test', path: '/app' };
    plain.keep('id', { user: 'ann', cookie });
    await expressSessionStore(plain).set('id', { user: 'bob', cookie: 'ours' }, 60_000);
    expect(plain.record('id')).toEqual({ user: 'bob', cookie: { ...cookie, expires: dateAfter(60_000) } });
  });

  it('is moved by touch, with all that is in the record', async () => {
    stopTime();
    const plain = new TouchableStore();
    plain.keep('id', { user: 'ann', cookie: { originalMaxAge: 1, expires: dateAfter(1), path: '/' } });
    await expressSessionStore(plain).touch('id', 60_000);
    expect(plain.calls).toEqual(['get', 'touch']);
    expect(plain.record('id')).toEqual({
      user: 'ann',
      cookie: { originalMaxAge: 1, expires: dateAfter(60_000), path: '/' },
    });
  });

  it.each([null, undefined])(
    'keeps no expiry where Express has given it none (expires: %s)',
    async (expires) => {
      const plain = new TouchableStore();
      plain.keep('id', { cookie: { originalMaxAge: null, expires, httpOnly: true, path: '/' } });
      const before = plain.record('id');
      const store = expressSessionStore(plain);
      await store.touch('id', 60_000);
      await store.set('id', {}, 60_000);
      expect(plain.record('id')).toEqual(before);
    },
  );

  it('has a maxAge for stores that read it, which is not kept', async () => {
    const plain = new TouchableStore();
    const store = expressSessionStore(plain);
    await store.set('id', {}, 60_000);
    expect(plain.maxAge).toBe(60_000);
    await store.touch('id', 30_000);
    expect(plain.maxAge).toBe(30_000);
    expect(plain.texts.get('id')).not.toContain('"maxAge"');
  });

  it('is understood by express-session itself', async () => {
    stopTime();
    const memory = new session.MemoryStore();
    await expressSessionStore(memory).set('id', { user: 'ann' }, 60_000);
    const loaded = await new Promise<session.SessionData | undefined>((resolve, reject) => {
      memory.load('id', (error: Error | null, found) => (error ? reject(error) : resolve(found)));
    });
    expect(loaded).toMatchObject({ user: 'ann' });
    expect(loaded?.cookie).toMatchObject({ originalMaxAge: 60_000, maxAge: 60_000, path: '/' });
  });
});

describe('expressSessionStore', () => {
  const failure = new Error('the store is down');
  const failing = (overrides: Partial<ExpressSessionStore>): ReturnType<typeof expressSessionStore> =>
    expressSessionStore(Object.assign(new TouchableStore(), overrides));

  it('takes ENOENT for nothing there, as express-session does', async () => {
    const store = failing({
      get: (_, done) => done(Object.assign(new Error('no file'), { code: 'ENOENT' })),
    });
    expect(await store.get('id')).toBe(undefined);
    await store.touch('id', 1000);
  });

  const says = (done?: (error: unknown) => void): void => done?.(failure);
  const throws = (): void => {
    throw failure;
  };
  it.each([
    ['says', says],
    ['throws', throws],
  ])('rejects with what the store %s', async (_, fail) => {
    await expect(failing({ get: (_id, done) => fail(done) }).get('id')).rejects.toBe(failure);
    await expect(failing({ set: (_id, _data, done) => fail(done) }).set('id', {}, 1)).rejects.toBe(failure);
    await expect(failing({ destroy: (_id, done) => fail(done) }).delete('id')).rejects.toBe(failure);
    const store = failing({ touch: (_id, _data, done) => fail(done) });
    await store.set('id', {}, 1000);
    await expect(store.touch('id', 1000)).rejects.toBe(failure);
  });

  it('gives a copy even of a store that hands out its own object', async () => {
    const own = { cookie: {}, list: [1] };
    const store = failing({ get: (_, done) => done(null, own) });
    ((await store.get('id')) as { list: number[] }).list.push(2);
    expect(own.list).toEqual([1]);
  });

  it.each([undefined, null, 'redis', {}, { get() {}, set() {} }])('refuses %s', (store) => {
    expect(() => expressSessionStore(store as unknown as ExpressSessionStore)).toThrow(UsageError);
  });
});

describe('a store that never calls back', () => {
  it.each<['get' | 'set' | 'destroy' | 'touch', (store: SessionStore) => Promise<unknown>]>([
    ['get', (store) => store.get('a')],
    ['set', (store) => store.set('a', {}, 1000)],
    ['destroy', (store) => store.delete('a')],
    ['touch', (store) => store.touch('a', 1000)],
  ])('counts as down after five seconds: %s; the next call goes on', async (name, call) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const below = new TouchableStore();
    below.texts.set('a', '{"n":1,"cookie":{}}');
    const store = expressSessionStore(below);
    const answer = vi.spyOn(below, name).mockImplementation(() => {});
    const outcome = call(store).catch((error: unknown) => (error as Error).message);
    await vi.advanceTimersByTimeAsync(4999);
    answer.mockRestore();
    const next = store.get('a');
    await vi.advanceTimersByTimeAsync(1);
    expect(await outcome).toBe('The store of sessions has not answered within 5000 ms');
    expect([await next, vi.getTimerCount()]).toEqual([{ n: 1 }, 0]);
  });
});
