// A handle between the request and its answer: when the store gets the session, the cookie of the
// answer, and what is left when no socket comes of the handshake.

import { parseSetCookie } from 'cookie';
import { settle, virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { sessionSettingsOf } from '../../src/session/session-options.ts';
import { Sessions } from '../../src/session/sessions.ts';
import { cookieOf, held, NotedSocket, outcomeOf, SECRET, setScene, unlimited } from './session-fixtures.ts';

const mark = (data: Record<string, unknown>): void => {
  data['n'] = 1;
};

describe('commit', () => {
  it('gives the store a fresh session, which it has not heard of before', async () => {
    const { sessions, store } = setScene();
    const opened = await sessions.open(undefined, false);
    expect([store.calls, await opened.load()]).toEqual([[], {}]);
    await opened.commit();
    expect(store.calls).toEqual([`set ${opened.id} {} 900000`]);
  });

  it('keeps what the hook has stored, also in an update that the hook did not await', async () => {
    const { sessions, store } = setScene();
    const updated = await sessions.open(undefined, false);
    await updated.update(mark);
    const updating = await sessions.open(undefined, false);
    void updating.update(async (data) => {
      await settle();
      mark(data);
    });
    store.calls.length = 0;
    await Promise.all([updated.commit(), updating.commit()]);
    expect(store.calls).toEqual([`set ${updating.id} {"n":1} 900000`]);
    expect(await updated.load()).toEqual({ n: 1 });
  });

  it('gives the store a fresh session all the same where an update of the hook fails', async () => {
    const { sessions, store } = setScene();
    const opened = await sessions.open(undefined, false);
    const update = opened.update(async () => {
      await settle();
      throw new Error('changed its mind');
    });
    await Promise.all([opened.commit(), expect(update).rejects.toThrow('changed its mind')]);
    expect(store.calls).toEqual([`set ${opened.id} {} 900000`]);
  });

  it('gives the store nothing where the hook ends the session while it updates it', async () => {
    const { sessions, store } = setScene();
    const opened = await sessions.open(undefined, false);
    const changing = held();
    const update = opened.update(() => changing.promise);
    const decided = opened.commit();
    const ended = opened.end();
    expect(await outcomeOf(update)).toBe('COROSOCK_SESSION_OVER');
    changing.resolve();
    await Promise.all([decided, ended]);
    expect(await store.get(opened.id)).toBe(undefined);
  });

  it('calls no store for a session that the client knew, or that is over', async () => {
    const { sessions, store, join } = setScene();
    const { session } = await join();
    const known = await sessions.open(cookieOf(session.id), false);
    const ended = await sessions.open(undefined, false);
    await ended.end();
    store.calls.length = 0;
    await Promise.all([known.commit(), ended.commit()]);
    expect(store.calls).toEqual([]);
  });

  it('S3: waits for a regenerate that is under way; a later one rejects', async () => {
    const { sessions, store, join } = setScene();
    const { session } = await join();
    const opened = await sessions.open(cookieOf(session.id), false);
    const deleting = held();
    store.answers.delete = () => deleting.promise;
    void opened.regenerate();
    let isDecided = false;
    const decided = opened.commit()?.then(() => (isDecided = true));
    await settle();
    expect([isDecided, await outcomeOf(opened.regenerate())]).toEqual([false, 'COROSOCK_TOO_LATE']);
    deleting.resolve();
    await decided;
    expect(opened.writeCookie()).toContain(encodeURIComponent(`s:${opened.id}.`));
    expect(opened.id).not.toBe(session.id);
  });

  it('stores a fresh session within the call where the store is the one in memory', async () => {
    const clock = virtualClock();
    const report = (): void => {};
    const settings = sessionSettingsOf('serve()', { secret: SECRET }, clock);
    const sessions = new Sessions(settings, { clock, report, peerFaults: unlimited(report) });
    const opened = await sessions.open(undefined, false);
    expect(opened.commit()).toBe(undefined);
    expect(opened.writeCookie()).toContain(encodeURIComponent(`s:${opened.id}.`));
    opened.join(new NotedSocket()).release();
    const known = await sessions.open(cookieOf(opened.id), false);
    expect([known.id, await known.load()]).toEqual([opened.id, {}]);
    known.release();
    expect(sessions.size).toBe(0);
  });

  it('S7: rejects when the store is down', async () => {
    const { sessions, store } = setScene();
    const opened = await sessions.open(undefined, false);
    store.answers.set = () => Promise.reject(new Error('the store is down'));
    expect(await outcomeOf(opened.commit())).toBe('the store is down');
    opened.release();
    expect([sessions.size, opened.writeCookie()]).toEqual([0, undefined]);
  });

  it('leaves nothing of a session whose handshake ends while it is stored', async () => {
    const { sessions, store } = setScene();
    const opened = await sessions.open(undefined, false);
    const storing = held();
    store.answers.set = () => storing.promise;
    const decided = opened.commit();
    await settle();
    expect(opened.refuse()).toBe(undefined);
    storing.resolve();
    await decided;
    await settle();
    expect([await store.get(opened.id), sessions.size, sessions.locks]).toEqual([undefined, 0, 0]);
  });
});

describe('writeCookie', () => {
  it.each([false, true])('gives the cookie of a fresh session (over TLS: %s)', async (isSecure) => {
    const { sessions } = setScene();
    const opened = await sessions.open(undefined, isSecure);
    await opened.commit();
    const { name, value, secure = false } = parseSetCookie(opened.writeCookie() ?? '');
    expect([`${name}=${encodeURIComponent(value ?? '')}`, secure]).toEqual([cookieOf(opened.id), isSecure]);
  });

  it('gives nothing to a client that has the cookie', async () => {
    const { sessions, join } = setScene();
    const { session } = await join();
    expect((await sessions.open(cookieOf(session.id), false)).writeCookie()).toBe(undefined);
  });

  it('S3: gives the cookie of a fresh id after regenerate', async () => {
    const { sessions, join } = setScene();
    const { session } = await join();
    const opened = await sessions.open(cookieOf(session.id), false);
    await opened.regenerate();
    expect(opened.writeCookie()).toContain(encodeURIComponent(`s:${opened.id}.`));
  });

  it('gives nothing for a session that the hook has ended', async () => {
    const { sessions } = setScene();
    const opened = await sessions.open(undefined, false);
    await opened.end();
    expect(opened.writeCookie()).toBe(undefined);
  });
});

describe('join', () => {
  it('soon closes a socket whose session has ended during the handshake', async () => {
    const { sessions, join } = setScene();
    const { session } = await join();
    const opened = await sessions.open(cookieOf(session.id), false);
    await session.end();
    const socket = new NotedSocket();
    opened.join(socket);
    await settle();
    expect(socket.closed).toBe(1);
  });
});

describe('refuse', () => {
  it('gives no cookie for a fresh session that the hook did not use, and leaves nothing of it', async () => {
    const { sessions, store } = setScene();
    const opened = await sessions.open(undefined, false);
    expect([opened.refuse(), store.calls, sessions.size]).toEqual([undefined, [], 0]);
    expect(await outcomeOf(opened.update(mark))).toBe('COROSOCK_SESSION_OVER');
  });

  it('gives the cookie of a fresh session that the hook has updated, and keeps the session', async () => {
    const { sessions, store } = setScene();
    const opened = await sessions.open(undefined, false);
    await opened.update(mark);
    expect(opened.refuse()).toContain(encodeURIComponent(`s:${opened.id}.`));
    await settle();
    expect([await store.get(opened.id), sessions.size]).toEqual([{ n: 1 }, 0]);
  });

  it('S3: gives the cookie of the fresh id after regenerate, and keeps the session', async () => {
    const { sessions, store, join } = setScene();
    const { session } = await join();
    await session.update(mark);
    const opened = await sessions.open(cookieOf(session.id), false);
    await opened.regenerate();
    expect(opened.refuse()).toContain(encodeURIComponent(`s:${opened.id}.`));
    await settle();
    expect([await store.get(opened.id), sessions.size]).toEqual([{ n: 1 }, 0]);
  });

  it('keeps a session whose cookie the client has, and gives no cookie', async () => {
    const { sessions, store, join } = setScene();
    const { session: first, socket } = await join();
    const opened = await sessions.open(cookieOf(first.id), false);
    expect(opened.refuse()).toBe(undefined);
    await settle();
    expect([await store.get(first.id), socket.closed]).toEqual([{}, 0]);
  });
});

describe('release', () => {
  it('deletes a fresh session that the store has: the client has no cookie of it', async () => {
    const { sessions, store } = setScene();
    const opened = await sessions.open(undefined, false);
    await opened.commit();
    opened.release();
    await settle();
    expect([await store.get(opened.id), sessions.size]).toEqual([undefined, 0]);
  });

  it('deletes what an update that was under way writes afterwards', async () => {
    const { sessions, store } = setScene();
    const opened = await sessions.open(undefined, false);
    const writing = held();
    store.answers.set = () => writing.promise;
    void opened.update(mark);
    await settle();
    opened.release();
    writing.resolve();
    await settle();
    expect([await store.get(opened.id), sessions.size]).toEqual([undefined, 0]);
  });

  it('keeps a session whose cookie the client has, also after regenerate', async () => {
    const { sessions, store, join } = setScene();
    const { session: first, socket } = await join();
    const opened = await sessions.open(cookieOf(first.id), false);
    opened.release();
    await settle();
    expect([await store.get(first.id), socket.closed]).toEqual([{}, 0]);
    const moved = await sessions.open(cookieOf(first.id), false);
    await moved.regenerate();
    moved.release();
    await settle();
    expect([await store.get(moved.id), sessions.size]).toEqual([{}, 0]);
  });

  it('reports a store that cannot delete', async () => {
    const { sessions, store, reports } = setScene();
    const opened = await sessions.open(undefined, false);
    await opened.commit();
    store.answers.delete = () => Promise.reject(new Error('the store is down'));
    opened.release();
    await settle();
    expect(reports).toEqual(['session: the store is down']);
  });
});
