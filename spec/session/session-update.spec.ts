// `session.update`: read, change, write, under the lock; what ends the wait for the lock, and what a
// change leaves that fails or is given up.

import { getEventListeners } from 'node:events';
import { settle } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { cookieOf, held, outcomeOf, setScene } from './session-fixtures.ts';
import type { SessionData } from '../../src/session/session.ts';
import type { WaitOptions } from '../../src/core/wait-options.ts';

const count = (data: SessionData): void => {
  data['n'] = Number(data['n'] ?? 0) + 1;
};

describe('update', () => {
  it('reads, changes and writes', async () => {
    const { join, store } = setScene();
    const { session } = await join();
    store.calls.length = 0;
    expect(await session.update(count)).toBe('ok');
    expect(store.calls).toEqual([`get ${session.id}`, `set ${session.id} {"n":1} 900000`]);
  });

  it('has the store keep what it writes for the whole time-out', async () => {
    const { join, store, clock } = setScene({ timeoutMs: 1000 });
    const { session, member } = await join();
    await clock.advance(100);
    member.active();
    await clock.advance(100);
    await session.update(count);
    store.calls.length = 0;
    // Of the activity at 100 the store is told no more: that would let it forget earlier.
    await clock.advance(700);
    expect(store.calls).toEqual([]);
  });

  it('brings no session back that was deleted while its change ran', async () => {
    const { join, store } = setScene();
    const { session, socket } = await join();
    const update = session.update(async (data) => {
      count(data);
      // As a logout over HTTP does, past the lock.
      await store.delete(session.id);
    });
    expect(await outcomeOf(update)).toBe('COROSOCK_SESSION_OVER');
    expect([await store.get(session.id), socket.closed]).toEqual([undefined, 1]);
  });

  it.each<[string, (data: SessionData) => unknown]>([
    ['at once', (data) => ({ ...data, name: 'ann' })],
    ['later', async (data) => ({ ...data, name: 'ann' })],
  ])('refuses a change that gives new data %s, which would be lost', async (_, change) => {
    const { join, store } = setScene();
    const { session } = await join();
    await session.update(count);
    store.calls.length = 0;
    const update = session.update(change as () => void);
    await expect(update).rejects.toThrow(
      'session.update(): expected a change in place, such as data.name = value, not new data, got an object',
    );
    expect([store.calls.some((call) => call.startsWith('set')), await session.load()]).toEqual([
      false,
      { n: 1 },
    ]);
  });

  it.each<[string, (data: SessionData) => unknown, SessionData]>([
    ['the data itself', (data) => Object.assign(data, { a: 1 }), { n: 1, a: 1 }],
    ['what it has assigned', (data) => (data['a'] = { n: 2 }), { n: 1, a: { n: 2 } }],
    ['a copy of what it has changed', (data) => (count(data), { ...data, more: 1 }), { n: 2 }],
    ['the same data again', (data) => ({ ...data }), { n: 1 }],
    ['an array', () => [1], { n: 1 }],
    ['something else', async () => ({ rows: 1 }), { n: 1 }],
    ['a number', count, { n: 2 }],
  ])('lets a change give %s', async (_, change, after) => {
    const { join } = setScene();
    const { session } = await join();
    await session.update(count);
    expect(await session.update(change as () => void)).toBe('ok');
    expect(await session.load()).toEqual(after);
  });

  it('refuses data that JSON would lose, whatever the store is, and writes nothing', async () => {
    const { join, store } = setScene();
    const { session } = await join();
    store.calls.length = 0;
    const update = session.update((data) => void (data['rooms'] = [new Set(['lobby'])]));
    await expect(update).rejects.toThrow(
      'session.update(): expected a value that JSON can hold, got Set at "value.rooms.0"',
    );
    expect(store.calls).toEqual([`get ${session.id}`]);
  });

  it('waits for an asynchronous change', async () => {
    const { join } = setScene();
    const { session } = await join();
    await session.update(async (data) => {
      await settle();
      count(data);
    });
    expect(await session.load()).toEqual({ n: 1 });
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('mine');
      },
    ],
    ['rejects', () => Promise.reject(new Error('mine'))],
  ])('writes nothing when the change %s, and rejects with that', async (_, fail) => {
    const { join } = setScene();
    const { session } = await join();
    const failing = session.update((data) => {
      count(data);
      return fail();
    });
    expect(await outcomeOf(failing)).toBe('mine');
    expect(await session.load()).toEqual({});
    expect(await session.update(count)).toBe('ok');
  });

  it('loses none of many at once by all sockets of the session, and keeps their order', async () => {
    const { join } = setScene();
    const first = (await join()).session;
    const second = (await join(cookieOf(first.id))).session;
    const updates = Array.from({ length: 50 }, (_, n) =>
      (n % 2 === 0 ? first : second).update((data) => {
        data['order'] = [...((data['order'] ?? []) as number[]), n];
      }),
    );
    expect(new Set(await Promise.all(updates))).toEqual(new Set(['ok']));
    expect(await first.load()).toEqual({ order: Array.from({ length: 50 }, (_, n) => n) });
  });

  it('gives timeout when the lock is not free in time, and has then changed nothing', async () => {
    const { join, clock } = setScene();
    const { session } = await join();
    const changing = held();
    const first = session.update(() => changing.promise);
    const late = session.update(count, { timeoutMs: 500 });
    const patient = session.update(count, { timeoutMs: Infinity });
    await clock.advance(500);
    expect(await late).toBe('timeout');
    changing.resolve();
    expect([await first, await patient, await session.load()]).toEqual(['ok', 'ok', { n: 1 }]);
  });

  it('waits 10 000 ms by default', async () => {
    const { join, clock } = setScene();
    const { session } = await join();
    void session.update(() => new Promise(() => {}));
    const late = session.update(count);
    await clock.advance(9999);
    expect(await Promise.race([late, settle().then(() => 'waits')])).toBe('waits');
    await clock.advance(1);
    expect(await late).toBe('timeout');
  });

  it('with timeoutMs 0 has the lock only when it is free, and no time passes', async () => {
    const { join } = setScene();
    const { session } = await join();
    const now = { timeoutMs: 0 };
    expect([await session.update(count, now), await session.update(count, now)]).toEqual(['ok', 'ok']);
    const changing = held();
    const first = session.update(() => changing.promise);
    expect(await session.update(count, now)).toBe('timeout');
    changing.resolve();
    await first;
    expect([await session.update(count, now), await session.load()]).toEqual(['ok', { n: 3 }]);
  });

  it('waits inside a change for the update that it is in', async () => {
    const { join, clock } = setScene();
    const { session } = await join();
    let inner: unknown;
    const outer = session.update(async (data) => {
      data['outer'] = 1;
      inner = await session.update((late) => void (late['inner'] = 1), { timeoutMs: 700 });
    });
    await clock.advance(699);
    expect(inner).toBe(undefined);
    await clock.advance(1);
    expect([inner, await outer, await session.load()]).toEqual(['timeout', 'ok', { outer: 1 }]);
  });

  it('does not count its time-out once the change has begun', async () => {
    const { join, clock } = setScene();
    const { session } = await join();
    const changing = held();
    const update = session.update(() => changing.promise, { timeoutMs: 10 });
    await clock.advance(1000);
    changing.resolve();
    expect(await update).toBe('ok');
  });

  it('rejects with the reason of a signal that is aborted already, and does not call the store', async () => {
    const { join, store } = setScene();
    const { session } = await join();
    store.calls.length = 0;
    const signal = AbortSignal.abort('my reason');
    await expect(session.update(count, { signal })).rejects.toBe('my reason');
    expect(store.calls).toEqual([]);
  });

  it('rejects with the reason when the signal aborts while it waits, and in the change', async () => {
    const { join } = setScene();
    const { session } = await join();
    const [changing, inLine] = [new AbortController(), new AbortController()];
    const first = session.update(
      async (data) => {
        count(data);
        await new Promise(() => {});
      },
      { signal: changing.signal },
    );
    const second = session.update(count, { signal: inLine.signal });
    const third = session.update((data) => void (data['third'] = true));
    await settle();
    inLine.abort('second');
    await expect(second).rejects.toBe('second');
    changing.abort('first');
    await expect(first).rejects.toBe('first');
    expect([await third, await session.load()]).toEqual(['ok', { third: true }]);
    expect([changing, inLine].map(({ signal }) => getEventListeners(signal, 'abort').length)).toEqual([0, 0]);
  });

  it('writes what it has begun to write, also when the signal aborts', async () => {
    const { join, store } = setScene();
    const { session } = await join();
    const [writing, controller] = [held(), new AbortController()];
    store.answers.set = () => writing.promise;
    const update = session.update(count, { signal: controller.signal });
    await settle();
    controller.abort('too late');
    writing.resolve();
    expect([await update, await session.load()]).toEqual(['ok', { n: 1 }]);
  });

  it('S7: rejects with what the store says, and lets the next one try', async () => {
    const { join, store } = setScene();
    const { session, socket } = await join();
    store.answers.set = () => Promise.reject(new Error('the store is down'));
    expect(await outcomeOf(session.update(count))).toBe('the store is down');
    delete store.answers.set;
    expect([await session.update(count), socket.closed]).toEqual(['ok', 0]);
  });

  it('leaves no timer, no lock and no listener', async () => {
    const { join, clock, sessions } = setScene({ timeoutMs: 0 });
    const { session } = await join();
    await Promise.all([session.update(count), session.update(count)]);
    expect([clock.timers, sessions.locks]).toEqual([0, 0]);
  });

  it.each<[what: string, change: unknown, options?: unknown]>([
    ['no function', { n: 1 }],
    ['options that are none', count, null],
    ['an unknown option', count, { timeout: 1 }],
    ['a negative timeoutMs', count, { timeoutMs: -1 }],
    ['a signal that is none', count, { signal: 'abort' }],
  ])('refuses %s', async (_, change, options) => {
    const { join } = setScene();
    const { session } = await join();
    const update = session.update(change as typeof count, options as WaitOptions);
    expect(await outcomeOf(update)).toBe('COROSOCK_ARGUMENT');
  });
});
