// The sessions of a host, at the level of this room: what a cookie opens, what all sockets of one
// session share, and every way for a session to end.

import { settle, virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import {
  cookieOf,
  held,
  NotedSocket,
  NotedStore,
  outcomeOf,
  setScene,
  unlimited,
} from './session-fixtures.ts';
import { MemorySessionStore } from '../../src/session/memory-session-store.ts';
import type { SessionData } from '../../src/session/session.ts';
import { sessionSettingsOf } from '../../src/session/session-options.ts';
import { Sessions } from '../../src/session/sessions.ts';

const OVER = 'COROSOCK_SESSION_OVER';
const DEFAULT_MS = 900_000;

describe('evict', () => {
  it('ends nothing where no session has the id', () => {
    expect(setScene().sessions.evict('unknown')).toBe(0);
  });
});

describe('socketsOf', () => {
  it('gives the sockets of a session that have not ended, in the order in which they came', async () => {
    const { sessions, join } = setScene();
    const { session, socket, member } = await join();
    const second = await join(cookieOf(session.id));
    await join();
    expect(sessions.socketsOf(session.id)).toEqual([socket, second.socket]);
    member.release();
    expect([sessions.socketsOf(session.id), sessions.socketsOf('unknown')]).toEqual([[second.socket], []]);
  });
});

describe('open', () => {
  it('begins a fresh session for a client without a cookie, and asks the store nothing', async () => {
    const { sessions, store, reports } = setScene();
    const session = await sessions.open(undefined, false);
    expect(session.id).toMatch(/^[\w-]{32}$/);
    expect([store.calls, reports]).toEqual([[], []]);
  });

  it('opens the session that the cookie names, and renews it in the store', async () => {
    const { sessions, store, clock, reports } = setScene();
    await store.set('known', { user: 'ann' }, 1000);
    await clock.advance(999);
    const session = await sessions.open(`x=1; ${cookieOf('known')}`, false);
    expect([session.id, await session.load()]).toEqual(['known', { user: 'ann' }]);
    expect([store.calls.includes(`touch known ${DEFAULT_MS}`), reports]).toEqual([true, []]);
  });

  it('opens one session for all handshakes with its cookie', async () => {
    const { join, sessions } = setScene();
    const first = (await join()).session;
    const others = await Promise.all([join(cookieOf(first.id)), join(cookieOf(first.id))]);
    for (const { session } of others) expect(session.id).toBe(first.id);
    expect(sessions.size).toBe(1);
  });

  it.each([
    ['not signed', 'corosock.sid=abc'],
    ['signed with another secret', cookieOf('known', 'another secret')],
    ['malformed', 'corosock.sid=s%3A%ff.'],
    ['empty', 'corosock.sid='],
  ])(
    'S1: begins a fresh session for a cookie that is %s, and reports it without its text',
    async (_, cookie) => {
      const { sessions, store, reports } = setScene();
      await store.set('known', { user: 'ann' }, Infinity);
      const opened = await sessions.open(cookie, false);
      await opened.commit();
      expect([await opened.load(), opened.writeCookie() === undefined]).toEqual([{}, false]);
      expect(reports).toEqual(['session: COROSOCK_SESSION_COOKIE forged']);
    },
  );

  it.each(['expired', 'deleted', 'never known'])(
    'S1: begins a fresh session for one that is %s',
    async (how) => {
      const { sessions, store, reports, clock } = setScene();
      const id = '-'.repeat(32);
      if (how !== 'never known') await store.set(id, { user: 'ann' }, 1000);
      if (how === 'expired') await clock.advance(1000);
      if (how === 'deleted') await store.delete(id);
      const session = await sessions.open(cookieOf(id), false);
      expect([session.id === id, await session.load(), await store.get(id)]).toEqual([false, {}, undefined]);
      expect([reports, sessions.size]).toEqual([['session: COROSOCK_SESSION_COOKIE unknown'], 1]);
    },
  );

  it('H24: reports errors without the text of the cookie', async () => {
    const reported: unknown[] = [];
    const report = (error: unknown): void => void reported.push(error);
    const { store, clock } = setScene();
    const settings = sessionSettingsOf('spec', { secret: 's', cookie: 'sid', store }, clock);
    const sessions = new Sessions(settings, { clock, report, peerFaults: unlimited(report) });
    for (const cookie of ['sid=s%3Atell-nobody.forged', cookieOf('tell-nobody', 's', 'sid')]) {
      (await sessions.open(cookie, false)).release();
    }
    const texts = reported.map((error) => `${String((error as Error).stack)} ${JSON.stringify(error)}`);
    // The first one is about the secret.
    expect([texts.length, texts.join().includes('tell-nobody')]).toEqual([3, false]);
  });

  it('ends the sockets of a session that the store does not have any more', async () => {
    const { join, store, sessions } = setScene();
    const { session, socket } = await join();
    await store.delete(session.id);
    const again = await sessions.open(cookieOf(session.id), false);
    expect([socket.closed, again.id === session.id, sessions.size]).toEqual([1, false, 1]);
  });

  it('takes null for nothing, as a store that is written in JavaScript may give it', async () => {
    const clock = virtualClock();
    class NullStore extends MemorySessionStore {
      override async get(id: string): Promise<SessionData> {
        return (await super.get(id)) ?? (JSON.parse('null') as SessionData);
      }
    }
    const { join, store, sessions } = setScene({}, { clock, store: new NotedStore(new NullStore(clock)) });
    const { session, socket } = await join();
    await store.delete(session.id);
    expect(await outcomeOf(session.load())).toBe('COROSOCK_SESSION_OVER');
    const again = await sessions.open(cookieOf(session.id), false);
    expect([socket.closed, again.id === session.id]).toEqual([1, false]);
  });

  it('begins a fresh session when the known one ends while the store answers', async () => {
    const clock = virtualClock();
    const answering = held();
    class SlowStore extends MemorySessionStore {
      override async get(id: string): Promise<SessionData | undefined> {
        const data = await super.get(id);
        await answering.promise;
        return data;
      }
    }
    const { join, sessions, reports } = setScene({}, { clock, store: new NotedStore(new SlowStore(clock)) });
    const { session } = await join();
    const opening = sessions.open(cookieOf(session.id), false);
    await settle();
    await session.end();
    answering.resolve();
    expect((await opening).id).not.toBe(session.id);
    expect(reports).toEqual(['session: COROSOCK_SESSION_COOKIE unknown']);
  });

  it('S7: rejects when the store is down, and keeps nothing', async () => {
    const { sessions, store, clock } = setScene();
    const down = (): Promise<never> => Promise.reject(new Error('the store is down'));
    store.answers.get = down;
    expect(await outcomeOf(Promise.resolve(sessions.open(cookieOf('known'), false)))).toBe(
      'the store is down',
    );
    expect([sessions.size, clock.timers, store.calls.some((call) => call.startsWith('touch'))]).toEqual([
      0,
      0,
      false,
    ]);
  });

  it('S7: closes no socket when the store is down', async () => {
    const { join, sessions, store, clock, reports } = setScene();
    const { session, socket, member } = await join();
    const down = (): Promise<never> => Promise.reject(new Error('the store is down'));
    for (const name of ['get', 'set', 'touch', 'delete'] as const) store.answers[name] = down;
    expect(await outcomeOf(Promise.resolve(sessions.open(cookieOf(session.id), false)))).toBe(
      'the store is down',
    );
    await clock.advance(DEFAULT_MS / 2);
    member.active();
    await settle();
    expect([socket.closed, reports]).toEqual([0, ['session: the store is down']]);
  });
});

describe('the time-out', () => {
  it('S8: closes every socket at the last activity of any of them + timeoutMs', async () => {
    const { join, clock } = setScene({ timeoutMs: 1000 });
    const first = await join();
    const second = await join(cookieOf(first.session.id));
    await clock.advance(600);
    second.member.active();
    await clock.advance(999);
    expect([first.socket.closed, second.socket.closed]).toEqual([0, 0]);
    await clock.advance(1);
    expect([first.socket.closed, second.socket.closed]).toEqual([1, 1]);
  });

  it('S8: ends the session in the store at the same moment', async () => {
    const { join, clock, store } = setScene({ timeoutMs: 1000 });
    const { session, member } = await join();
    const { id } = session;
    for (let n = 0; n < 7; n += 1) {
      await clock.advance(130);
      member.active();
    }
    await clock.advance(999);
    expect(await store.get(id)).toEqual({});
    await clock.advance(1);
    expect(await store.get(id)).toBe(undefined);
  });

  it('makes load and update reject, and leaves nothing', async () => {
    const { join, clock, sessions, store } = setScene({ timeoutMs: 1000 });
    const { session } = await join();
    await clock.advance(1000);
    const outcomes = [outcomeOf(session.load()), outcomeOf(session.update(() => {}))];
    expect(await Promise.all(outcomes)).toEqual([OVER, OVER]);
    expect([sessions.size, clock.timers, await store.get(session.id)]).toEqual([0, 0, undefined]);
  });

  it('rejects an update that is under way', async () => {
    const { join, clock, store } = setScene({ timeoutMs: 1000 });
    const { session } = await join();
    const update = outcomeOf(session.update(() => new Promise(() => {})));
    await clock.advance(1000);
    expect([await update, await store.get(session.id)]).toEqual([OVER, undefined]);
  });

  it('starts again with each update, here and in the store alike', async () => {
    const { join, clock, store } = setScene({ timeoutMs: 1000 });
    const { session, socket } = await join();
    for (let n = 0; n < 9; n += 1) {
      await clock.advance(300);
      await session.update((data) => void (data['n'] = n));
    }
    await clock.advance(999);
    expect([socket.closed, await store.get(session.id)]).toEqual([0, { n: 8 }]);
    await clock.advance(1);
    expect([socket.closed, await store.get(session.id)]).toEqual([1, undefined]);
  });

  it('starts again with an update that the store is slow to write', async () => {
    const { join, clock, store } = setScene({ timeoutMs: 1000 });
    const { session, socket } = await join();
    await clock.advance(900);
    const writing = held();
    store.answers.set = () => writing.promise;
    const update = session.update((data) => void (data['n'] = 1));
    await clock.advance(999);
    writing.resolve();
    expect([await update, socket.closed, await store.get(session.id)]).toEqual(['ok', 0, { n: 1 }]);
  });

  it('never comes when timeoutMs is 0', async () => {
    const { join, clock, store } = setScene({ timeoutMs: 0 });
    const { session, socket, member } = await join();
    expect(store.calls).toEqual([`set ${session.id} {} Infinity`]);
    await clock.advance(2 ** 31 - 1);
    member.active();
    expect([socket.closed, await session.load()]).toEqual([0, {}]);
    member.release();
    await settle();
    expect(store.calls.filter((call) => call.startsWith('touch'))).toEqual([]);
  });

  it('keeps the data of a session that another process renews', async () => {
    const clock = virtualClock();
    const here = setScene({ timeoutMs: 1000 }, { clock });
    const there = setScene({ timeoutMs: 1000 }, { clock, store: here.store });
    const { session, socket } = await here.join();
    const far = await there.join(cookieOf(session.id));
    await clock.advance(900);
    far.member.active();
    await clock.advance(100);
    expect([socket.closed, far.socket.closed]).toEqual([1, 0]);
    expect(await far.session.load()).toEqual({});
  });
});

describe('the last socket', () => {
  it('leaves the session to the store by default', async () => {
    const { join, sessions, store, clock } = setScene();
    const { session, member } = await join();
    member.release();
    await settle();
    expect([sessions.size, clock.timers, await store.get(session.id)]).toEqual([0, 0, {}]);
    const again = await join(cookieOf(session.id));
    expect(again.session.id).toBe(session.id);
  });

  it('leaves a handle that can still read and change the session', async () => {
    const { join, clock } = setScene();
    const { session, member } = await join();
    member.release();
    expect(await session.update((data) => void (data['bye'] = true))).toBe('ok');
    expect([await session.load(), clock.timers]).toEqual([{ bye: true }, 0]);
  });

  it('ends the session with endOnClose', async () => {
    const { join, sessions, store } = setScene({ endOnClose: true });
    const first = await join();
    const second = await join(cookieOf(first.session.id));
    first.member.release();
    await settle();
    expect(await store.get(first.session.id)).toEqual({});
    second.member.release();
    await settle();
    expect([await store.get(first.session.id), sessions.size]).toEqual([undefined, 0]);
    expect(await outcomeOf(second.session.load())).toBe(OVER);
  });

  it('does not end a session with endOnClose that a handshake holds', async () => {
    const { join, sessions, store } = setScene({ endOnClose: true });
    const { session, member } = await join();
    const next = await sessions.open(cookieOf(session.id), false);
    member.release();
    await settle();
    expect(await store.get(session.id)).toEqual({});
    next.release();
    await settle();
    expect(await store.get(session.id)).toBe(undefined);
  });

  it('is not a refused handshake: endOnClose keeps the session of that', async () => {
    const { sessions, store } = setScene({ endOnClose: true });
    await store.set('known', { user: 'ann' }, Infinity);
    (await sessions.open(cookieOf('known'), false)).release();
    await settle();
    expect(await store.get('known')).toEqual({ user: 'ann' });
  });

  it('may close by the time-out: endOnClose deletes the session', async () => {
    const { join, store, clock } = setScene({ endOnClose: true, timeoutMs: 1000 });
    const { session, socket } = await join();
    await clock.advance(1000);
    expect([socket.closed, store.calls.at(-1)]).toEqual([1, `delete ${session.id}`]);
  });

  it('ends the session with endOnClose before whenSettled resolves', async () => {
    const { join, sessions, store } = setScene({ endOnClose: true });
    const { session, member } = await join();
    const deleting = held();
    store.answers.delete = () => deleting.promise;
    member.release();
    let isSettled = false;
    const whenSettled = sessions.whenSettled().then(() => (isSettled = true));
    await settle();
    expect(isSettled).toBe(false);
    deleting.resolve();
    await whenSettled;
    expect(await store.get(session.id)).toBe(undefined);
  });

  it('S7: reports a store that cannot delete it', async () => {
    const { join, store, reports } = setScene({ endOnClose: true });
    const { member } = await join();
    store.answers.delete = () => Promise.reject(new Error('the store is down'));
    member.release();
    await settle();
    expect(reports).toEqual(['session: the store is down']);
  });
});

describe('a session with open sockets', () => {
  it('is never locked by them: another host updates it at once', async () => {
    const clock = virtualClock();
    const here = setScene({}, { clock });
    const there = setScene({}, { clock, store: here.store });
    const { session } = await here.join();
    const far = await there.join(cookieOf(session.id));
    expect(await far.session.update((data) => void (data['n'] = 1), { timeoutMs: 0 })).toBe('ok');
    expect(await session.load()).toEqual({ n: 1 });
    expect([here.sessions.locks, there.sessions.locks]).toEqual([0, 0]);
  });

  it('S3: closes the sockets of the old id when a login moves the session', async () => {
    const { sessions, join } = setScene();
    // An attacker has made a victim's browser carry the attacker's cookie.
    const attacker = await join();
    const fixed = cookieOf(attacker.session.id);
    const victim = await sessions.open(fixed, false);
    await victim.update((data) => void (data['user'] = 'victim'));
    await victim.regenerate();
    const socket = new NotedSocket();
    victim.join(socket);
    const again = await sessions.open(fixed, false);
    expect([attacker.socket.closed, socket.closed, await again.load()]).toEqual([1, 0, {}]);
  });
});
