// What handlers and hooks hold as `session`: load, regenerate and end, in order, at
// the same time, and after the end. Updates are session-update.spec.ts's.

import { settle, virtualClock } from 'corosock/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { cookieOf, held, NotedSocket, outcomeOf, setScene } from './session-fixtures.ts';
import { recordCrashes } from '../fixtures/process-events.ts';
import type { Session, SessionData } from '../../src/session/session.ts';

const OVER = 'COROSOCK_SESSION_OVER';

const count = (data: SessionData): void => {
  data['n'] = Number(data['n'] ?? 0) + 1;
};

describe('load', () => {
  it('gives a fresh copy of the data', async () => {
    const { join } = setScene();
    const { session } = await join();
    expect(await session.load()).toEqual({});
    await session.update((data) => void (data['list'] = [1]));
    (await session.load())['list'] = 'changed';
    expect(await session.load()).toEqual({ list: [1] });
  });

  it('never waits for an update', async () => {
    const { join } = setScene();
    const { session } = await join();
    const changing = held();
    const update = session.update(async (data) => {
      count(data);
      await changing.promise;
    });
    await settle();
    expect(await session.load()).toEqual({});
    changing.resolve();
    expect([await update, await session.load()]).toEqual(['ok', { n: 1 }]);
  });

  it('ends the session here when the store does not have it any more', async () => {
    const { join, store, sessions } = setScene();
    const { session, socket } = await join();
    await store.delete(session.id);
    expect(await outcomeOf(session.load())).toBe(OVER);
    expect([socket.closed, sessions.size]).toEqual([1, 0]);
  });

  it('rejects when the session ends while the store is asked', async () => {
    const { join, store } = setScene();
    const { session } = await join();
    const asked = held();
    store.answers.get = () => asked.promise;
    const load = outcomeOf(session.load());
    const end = session.end();
    asked.resolve();
    expect(await load).toBe(OVER);
    await end;
  });

  it('S7: rejects with what the store says, and closes nothing', async () => {
    const { join, store } = setScene();
    const { session, socket } = await join();
    store.answers.get = () => Promise.reject(new Error('the store is down'));
    expect(await outcomeOf(session.load())).toBe('the store is down');
    expect(socket.closed).toBe(0);
  });
});

describe('regenerate', () => {
  it('S3: moves the data to a fresh id; what lives under the old one ends', async () => {
    const { sessions, store, join } = setScene();
    const { session: old, socket } = await join();
    await old.update(count);
    const opened = await sessions.open(cookieOf(old.id), false);
    await opened.regenerate();
    expect(opened.id).not.toBe(old.id);
    expect([await store.get(old.id), await opened.load()]).toEqual([undefined, { n: 1 }]);
    expect([socket.closed, await outcomeOf(old.load())]).toEqual([1, OVER]);
    const fresh = new NotedSocket();
    opened.join(fresh);
    expect([await opened.update(count), fresh.closed, sessions.size]).toEqual(['ok', 0, 1]);
  });

  it('rejects after onPreServer', async () => {
    const { sessions, join } = setScene();
    const { session } = await join();
    expect(await outcomeOf(session.regenerate())).toBe('COROSOCK_TOO_LATE');
    const refused = await sessions.open(undefined, false);
    refused.release();
    expect(await outcomeOf(refused.regenerate())).toBe('COROSOCK_TOO_LATE');
  });

  it('waits for an update until the handshake is over, and no longer', async () => {
    const { sessions, join } = setScene();
    const { session } = await join();
    const opened = await sessions.open(cookieOf(session.id), false);
    void session.update(() => new Promise(() => {}));
    const regenerating = outcomeOf(opened.regenerate());
    await settle();
    opened.release();
    expect([await regenerating, opened.id]).toEqual(['COROSOCK_TOO_LATE', session.id]);
  });

  it.each(['set', 'delete'] as const)(
    'is undone when the handshake ends while the store is at %s: the client knows no other id',
    async (name) => {
      const { sessions, store, join } = setScene();
      const { session, socket } = await join();
      await session.update(count);
      const opened = await sessions.open(cookieOf(session.id), false);
      const asked = held();
      store.answers[name] = () => asked.promise;
      const regenerating = outcomeOf(opened.regenerate());
      await settle();
      expect(opened.refuse()).toBe(undefined);
      asked.resolve();
      expect(await regenerating).toBe('COROSOCK_TOO_LATE');
      await settle();
      expect([await store.get(session.id), opened.id]).toEqual([{ n: 1 }, session.id]);
      expect([sessions.size, socket.closed, await session.load()]).toEqual([1, 0, { n: 1 }]);
      const written = new Set(store.calls.map((call) => call.split(' ')[1] as string));
      for (const id of written) expect(await store.get(id)).toEqual(id === session.id ? { n: 1 } : undefined);
    },
  );

  it('leaves nothing of a fresh session that is released while it is regenerated', async () => {
    const { sessions, store } = setScene();
    const opened = await sessions.open(undefined, false);
    const deleting = held();
    store.answers.delete = () => deleting.promise;
    void opened.regenerate();
    await settle();
    opened.release();
    deleting.resolve();
    await settle();
    const written = store.calls.map((call) => call.split(' ')[1] as string);
    expect(await Promise.all(written.map((id) => store.get(id)))).toEqual(written.map(() => undefined));
    expect([sessions.size, sessions.locks]).toEqual([0, 0]);
  });

  it('can be done twice, and keeps what was updated in between', async () => {
    const { sessions } = setScene();
    const session = await sessions.open(undefined, false);
    await session.regenerate();
    await session.update(count);
    await session.regenerate();
    expect(await session.load()).toEqual({ n: 1 });
  });

  it('rejects when the session is over', async () => {
    const { sessions, join, store } = setScene();
    const { session } = await join();
    const opened = await sessions.open(cookieOf(session.id), false);
    await session.end();
    store.calls.length = 0;
    expect([await outcomeOf(opened.regenerate()), store.calls]).toEqual([OVER, []]);
  });

  it.each(['get', 'set', 'delete'] as const)(
    'S7: changes nothing when the store fails at %s',
    async (name) => {
      const { sessions, store, join } = setScene();
      const { session: old, socket } = await join();
      const opened = await sessions.open(cookieOf(old.id), false);
      store.answers[name] = () => Promise.reject(new Error('the store is down'));
      expect(await outcomeOf(opened.regenerate())).toBe('the store is down');
      delete store.answers[name];
      await settle();
      expect([opened.id, socket.closed, sessions.size]).toEqual([old.id, 0, 1]);
      expect([await opened.load(), opened.writeCookie()]).toEqual([{}, undefined]);
    },
  );
});

describe('end', () => {
  it('closes every socket of the session at once, and deletes it', async () => {
    const { join, store, sessions } = setScene();
    const first = await join();
    const second = await join(cookieOf(first.session.id));
    const end = first.session.end();
    expect([first.socket.closed, second.socket.closed]).toEqual([1, 1]);
    await end;
    expect([await store.get(first.session.id), sessions.size]).toEqual([undefined, 0]);
  });

  it('can be called again, and from any socket', async () => {
    const { join } = setScene();
    const { session, socket } = await join();
    const other = (await join(cookieOf(session.id))).session;
    await Promise.all([session.end(), session.end(), other.end()]);
    await session.end();
    expect(socket.closed).toBe(1);
  });

  it.each<[call: string, run: (session: Session) => Promise<unknown>]>([
    ['load', (session) => session.load()],
    ['update', (session) => session.update(count)],
  ])('makes %s reject, and nothing bring it back', async (_, run) => {
    const { join, store } = setScene();
    const { session } = await join();
    await session.end();
    store.calls.length = 0;
    expect([await outcomeOf(run(session)), store.calls]).toEqual([OVER, []]);
    await settle();
    expect(await store.get(session.id)).toBe(undefined);
  });

  it('gives up what is being changed, and what waits for it', async () => {
    const { join, store } = setScene();
    const { session } = await join();
    const changing = held();
    const updates = [session.update(() => changing.promise), session.update(count)].map(outcomeOf);
    await settle();
    await session.end();
    expect(await Promise.all(updates)).toEqual([OVER, OVER]);
    changing.resolve();
    await settle();
    expect(await store.get(session.id)).toBe(undefined);
  });

  it('deletes behind a write that is under way', async () => {
    const { join, store } = setScene();
    const { session } = await join();
    const writing = held();
    store.answers.set = () => writing.promise;
    const update = session.update(count);
    await settle();
    const end = session.end();
    await settle();
    writing.resolve();
    expect(await update).toBe('ok');
    await end;
    expect(await store.get(session.id)).toBe(undefined);
  });

  it('ends also the sockets of handshakes that opened it again after its last socket had closed', async () => {
    const { join, store } = setScene();
    const { session, member } = await join();
    member.release();
    const { socket } = await join(cookieOf(session.id));
    await session.end();
    expect([socket.closed, await store.get(session.id)]).toEqual([1, undefined]);
  });

  it('waits no longer than 10 000 ms for the holder of the lock', async () => {
    const { join, store, clock } = setScene();
    const { session, member } = await join();
    member.release();
    // The handle of a socket that has left is in no live session: nothing tells its change.
    void session.update(() => new Promise(() => {}));
    await join(cookieOf(session.id));
    const other = (await join(cookieOf(session.id))).session;
    const end = other.end();
    await clock.advance(9999);
    expect(await store.get(other.id)).toEqual({});
    await clock.advance(1);
    await end;
    expect(await store.get(other.id)).toBe(undefined);
  });

  it('S7: rejects when the store is down; the sockets are closed all the same', async () => {
    const { join, store } = setScene();
    const { session, socket } = await join();
    store.answers.delete = () => Promise.reject(new Error('the store is down'));
    expect(await outcomeOf(session.end())).toBe('the store is down');
    expect([socket.closed, await outcomeOf(session.load())]).toEqual([1, OVER]);
  });
});

describe('a call that is not awaited', () => {
  it('A5: causes no unhandled rejection', async () => {
    using crashes = recordCrashes();
    const clock = virtualClock();
    onTestFinished(() => clock.advance(20_000));
    const { join, store } = setScene({}, { clock });
    const { session } = await join();
    void session.update(() => Promise.reject(new Error('mine')));
    void session.update('no function' as never);
    store.answers.get = () => Promise.reject(new Error('the store is down'));
    store.answers.delete = store.answers.get;
    void session.load();
    void session.regenerate();
    void session.end();
    void session.load();
    await settle();
    expect(crashes.errors).toEqual([]);
  });
});
