// One session that this process holds: when it is over, when the store is told of activity, and what
// its end does. Time is moved by hand, to the millisecond. Its members are session-members.spec.ts's.

import { settle } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { begun, setActiveScene, TIMEOUT_MS } from './active-scene.ts';
import { held, NotedSocket, outcomeOf } from './session-fixtures.ts';

describe('ActiveSession', () => {
  it('expires at its last activity + timeoutMs, to the millisecond', () => {
    const { clock, member, events, socket } = begun();
    clock.tick(700);
    member.active();
    clock.tick(999);
    expect(socket.closed).toBe(0);
    clock.tick(1);
    expect(events.at(-1)).toBe('1700: over');
    expect([socket.closed, clock.timers]).toEqual([1, 0]);
  });

  it('expires timeoutMs after it has begun when no message comes', () => {
    const { clock, events } = begun();
    clock.tick(TIMEOUT_MS);
    expect(events).toEqual(['1000: over']);
  });

  it('lives as long as any of its sockets is active, and closes all of them when it expires', () => {
    const { clock, session, socket, join } = begun();
    const [quiet, busy] = [join(), join()];
    for (let n = 0; n < 10; n += 1) {
      clock.tick(900);
      busy.member.active();
    }
    expect(session.isOver).toBe(false);
    clock.tick(TIMEOUT_MS);
    expect([socket, quiet.socket, busy.socket].map(({ closed }) => closed)).toEqual([1, 1, 1]);
  });

  it('R14: goes on when a message comes at the last moment', () => {
    const { clock, session, member } = begun();
    clock.tick(TIMEOUT_MS - 1);
    member.active();
    clock.tick(TIMEOUT_MS - 1);
    expect(session.isOver).toBe(false);
    clock.tick(1);
    expect(session.isOver).toBe(true);
  });

  it.each([TIMEOUT_MS, 5 * TIMEOUT_MS])(
    'R14: is over when a message comes %d ms after the last one, before a deadline that is late',
    (atMs) => {
      const { clock, member, socket, events } = begun();
      clock.nowMs = atMs;
      member.active();
      member.active();
      clock.tick(TIMEOUT_MS);
      expect([events, socket.closed, clock.timers]).toEqual([[`${atMs}: over`], 1, 0]);
    },
  );

  it('R14: goes on when a handshake finds it in the store, though the deadline is late', () => {
    const { clock, session, member, events } = begun();
    clock.nowMs = 5 * TIMEOUT_MS;
    session.renew();
    member.active();
    clock.tick(TIMEOUT_MS - 1);
    expect([session.isOver, events]).toEqual([false, ['5000: touch id 1000']]);
  });

  it('never expires, and has no timer, when timeoutMs is Infinity', () => {
    const { clock, session, member, events } = begun({ timeoutMs: Infinity });
    clock.tick(1e12);
    member.active();
    member.release();
    expect([session.isOver, clock.waits, events]).toEqual([false, [], ['1000000000000: free']]);
  });

  it('expires during a handshake; a socket that joins then is closed after the call', async () => {
    const { clock, session, join } = setActiveScene();
    session.hold();
    session.began(0);
    clock.tick(TIMEOUT_MS);
    expect(session.isOver).toBe(true);
    const { socket } = join();
    expect(socket.closed).toBe(0);
    await settle();
    expect(socket.closed).toBe(1);
  });

  it('does not close a socket that joined too late and has released it since', async () => {
    const { session, join } = setActiveScene();
    session.evict();
    const { socket, member } = join();
    member.release();
    await settle();
    expect(socket.closed).toBe(0);
  });

  it('ends once, and aborts its signal', () => {
    const { session, socket, clock } = begun();
    const { signal } = session.over;
    let closed = 0;
    session.hold();
    session.join({ isEnding: false, close: () => void (closed += 1) });
    session.evict();
    session.evict();
    expect([socket.closed, closed, clock.timers, signal.aborted]).toEqual([1, 1, 0, true]);
    expect(signal.reason).toMatchObject({ name: 'UsageError', code: 'COROSOCK_SESSION_OVER' });
    expect(() => session.refuseIfOver()).toThrow(expect.objectContaining({ code: 'COROSOCK_SESSION_OVER' }));
  });

  it('does nothing any more once it is over', async () => {
    const { clock, session, events } = begun();
    session.hold();
    const member = session.join(new NotedSocket());
    session.evict();
    member.active();
    await session.write({});
    clock.tick(10 * TIMEOUT_MS);
    member.release();
    expect([events, clock.timers]).toEqual([['0: over'], 0]);
  });

  it('costs a look at the clock for a message, and no timer', () => {
    const { clock, member } = begun();
    const before = [clock.looks, clock.waits.length];
    for (let n = 0; n < 1000; n += 1) member.active();
    expect([clock.looks, clock.waits.length]).toEqual([(before[0] as number) + 1000, before[1]]);
  });

  it('has one timer at most', async () => {
    const { clock, member, session } = begun();
    for (let n = 0; n < 50; n += 1) {
      clock.tick(70);
      member.active();
      if (n % 7 === 0) await session.write({});
      expect(clock.timers).toBe(1);
    }
  });
});

describe('the holders of an active session', () => {
  it('leave it free when the last of them releases it, sockets and handshakes alike', () => {
    const { session, events, member, join } = begun();
    const second = join();
    session.hold();
    member.release();
    second.member.release();
    expect(events).toEqual([]);
    session.release();
    expect(events).toEqual(['0: free']);
  });

  it('may release it twice', () => {
    const { session, events, member } = begun();
    session.hold();
    member.release();
    member.release();
    expect(events).toEqual([]);
    session.release();
    member.release();
    expect(events).toEqual(['0: free']);
  });

  it('leave no timer behind', async () => {
    const { clock, session, member } = begun();
    member.release();
    expect(clock.timers).toBe(0);
    await session.write({});
    expect(clock.timers).toBe(0);
  });

  it('destroy the session with endOnClose when they were sockets, not when they were handshakes', async () => {
    const [refused, served] = [setActiveScene({ endOnClose: true }), setActiveScene({ endOnClose: true })];
    refused.session.hold();
    refused.session.release();
    served.join().member.release();
    await settle();
    expect([refused.events, served.events]).toEqual([['0: free'], ['0: over', '0: delete id']]);
  });
});

describe('the store of an active session', () => {
  it('is told at once of a session that was found there', () => {
    const { session, events, clock } = setActiveScene();
    session.hold();
    session.renew();
    expect(events).toEqual(['0: touch id 1000']);
    expect(clock.timers).toBe(1);
  });

  it('is told of activity at most once in a quarter of the time-out, and of the last activity', () => {
    const { clock, member, events } = begun();
    // Begun at 0, so that the store counts from there.
    for (let n = 0; n < 30; n += 1) {
      clock.tick(10);
      member.active();
    }
    clock.tick(TIMEOUT_MS);
    expect(events).toEqual(['250: touch id 990', '500: touch id 800', '1300: over']);
  });

  it('is told at once of activity after a quarter of the time-out without any', () => {
    const { clock, member, events } = begun();
    clock.tick(600);
    member.active();
    expect(events).toEqual(['600: touch id 1000']);
  });

  it('drops its copy when the session expires here, not before', () => {
    const { clock, member, events } = begun();
    for (const ms of [10, 300, 10, 200, 700]) {
      clock.tick(ms);
      member.active();
    }
    clock.tick(TIMEOUT_MS);
    const touches = events.filter((event) => event.includes('touch'));
    const [atMs, remainingMs] = (touches.at(-1) ?? '').split(': touch id ').map(Number);
    expect(Number(atMs) + Number(remainingMs)).toBe(2220);
    expect(events.at(-1)).toBe('2220: over');
  });

  it('is told of the last activity when the last socket releases the session', () => {
    const { clock, member, events } = begun();
    clock.tick(100);
    member.active();
    clock.tick(50);
    member.release();
    expect(events).toEqual(['150: free', '150: touch id 950']);
  });

  it('is told of no activity when the last socket ends the session with endOnClose', async () => {
    const { clock, member, events } = begun({ endOnClose: true });
    clock.tick(10);
    member.active();
    member.release();
    await settle();
    expect(events).toEqual(['10: over', '10: delete id']);
  });

  it('is told nothing for a quarter of the time-out after a write', async () => {
    const { clock, session, member, events } = begun();
    clock.tick(240);
    member.active();
    await session.write({});
    // The deadline of 250 fires, and no touch is due yet.
    clock.tick(5);
    member.active();
    clock.tick(225);
    member.active();
    clock.tick(20);
    // 250 after the write at 240: of the activity at 470.
    expect(events).toEqual(['490: touch id 980']);
  });

  it('gets a write that renews the session from the moment when it begins', async () => {
    const writing = held();
    const { clock, session, events } = begun({ set: () => writing.promise });
    clock.tick(900);
    const written = session.write({});
    clock.tick(50);
    writing.resolve();
    await written;
    clock.tick(949);
    expect(events).toEqual([]);
    clock.tick(1);
    expect(events).toEqual(['1900: over']);
  });

  it('is told of the renewal by a write that failed, a quarter of the time-out later', async () => {
    const down = (): Promise<never> => Promise.reject(new Error('the store is down'));
    const { clock, session, events } = begun({ set: down });
    clock.tick(200);
    expect(await outcomeOf(session.write({}))).toBe('the store is down');
    clock.tick(50);
    expect(events).toEqual(['250: touch id 950']);
  });

  it.each(['releases it', 'is active'])(
    'is never told of a time-out that has passed, when the last socket %s after a blocked event loop',
    (what) => {
      const { clock, session, member, events } = begun();
      clock.tick(100);
      member.active();
      clock.nowMs = 5000;
      if (what === 'releases it') member.release();
      else member.active();
      expect([events.filter((event) => event.includes('touch')), session.isOver]).toEqual([[], true]);
    },
  );

  it('S7: is reported when it is down, and told again later; no socket closes', async () => {
    const scene = setActiveScene();
    const { clock, session, events, reports } = scene;
    const failure = new Error('the store is down');
    scene.fail = failure;
    session.hold();
    session.renew();
    const socket = new NotedSocket();
    session.join(socket);
    await settle();
    scene.fail = undefined;
    clock.tick(250);
    clock.tick(740);
    await settle();
    expect(events).toEqual(['0: touch id 1000', '250: touch id 750']);
    expect([reports, socket.closed]).toEqual([[failure], 0]);
  });
});
