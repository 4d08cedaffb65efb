// One session that is held here: when it expires, when the store is told of
// activity, and what its end does. Time is moved by hand, to the millisecond.

import { settle } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { NotedMember } from './session-fixtures.ts';
import { HandClock } from '../time/hand-clock.ts';
import { PendingWork } from '../../src/session/pending-work.ts';
import { ActiveSession } from '../../src/session/active-session.ts';
import type { Membership } from '../../src/session/session-place.ts';
import { Deadlines } from '../../src/time/deadlines.ts';

const TIMEOUT_MS = 1000;

interface Scene {
  readonly clock: HandClock;
  readonly live: ActiveSession;
  /** What happened, in order: `expiry`, `free`, `touch 1000`. */
  readonly events: string[];
  readonly reports: unknown[];
  /** Lets a socket join that leaves when it is closed. */
  readonly join: () => { readonly member: NotedMember; readonly membership: Membership };
  fail: Error | undefined;
}

function setUp(timeoutMs: number = TIMEOUT_MS): Scene {
  const clock = new HandClock();
  const events: string[] = [];
  const reports: unknown[] = [];
  const store = {
    touch: async (id: string, ms: number): Promise<void> => {
      events.push(`${clock.nowMs}: touch ${id} ${ms}`);
      if (scene.fail !== undefined) throw scene.fail;
    },
  };
  const live = new ActiveSession(
    'id',
    {
      store,
      clock,
      deadlines: new Deadlines(clock),
      timeoutMs,
      pendingWork: new PendingWork(clock, (error) => reports.push(error)),
    },
    {
      sessionOnExpiry: (session) => {
        events.push(`${clock.nowMs}: expiry`);
        session.finish();
      },
      sessionOnFree: () => void events.push(`${clock.nowMs}: free`),
    },
  );
  const join = (): ReturnType<Scene['join']> => {
    live.hold();
    const member = new NotedMember();
    member.membership = live.join(member);
    return { member, membership: member.membership };
  };
  const scene: Scene = { clock, live, events, reports, join, fail: undefined };
  return scene;
}

/** A session that has just begun, with a socket in it. */
function begun(
  timeoutMs?: number,
): Scene & { readonly member: NotedMember; readonly membership: Membership } {
  const scene = setUp(timeoutMs);
  scene.live.hold();
  scene.live.began(scene.clock.nowMs);
  const member = new NotedMember();
  member.membership = scene.live.join(member);
  return { ...scene, member, membership: member.membership };
}

describe('a live session', () => {
  it('expires at its last activity + timeoutMs, to the millisecond', () => {
    const { clock, membership, events, member } = begun();
    clock.tick(700);
    membership.active();
    clock.tick(999);
    expect(member.closed).toBe(0);
    clock.tick(1);
    expect(events.at(-1)).toBe('1700: expiry');
    expect([member.closed, clock.timers]).toEqual([1, 0]);
  });

  it('expires timeoutMs after it has begun when nothing is said', () => {
    const { clock, events } = begun();
    clock.tick(TIMEOUT_MS);
    expect(events).toEqual(['1000: expiry']);
  });

  it('lives as long as any of its sockets is active, and ends them all', () => {
    const { clock, live, member, join } = begun();
    const [quiet, busy] = [join(), join()];
    for (let n = 0; n < 10; n += 1) {
      clock.tick(900);
      busy.membership.active();
    }
    expect(live.isOver).toBe(false);
    clock.tick(TIMEOUT_MS);
    expect([member, quiet.member, busy.member].map(({ closed }) => closed)).toEqual([1, 1, 1]);
  });

  it('R14: goes on when a message comes at the last moment', () => {
    const { clock, live, membership } = begun();
    clock.tick(TIMEOUT_MS - 1);
    membership.active();
    clock.tick(TIMEOUT_MS - 1);
    expect(live.isOver).toBe(false);
    clock.tick(1);
    expect(live.isOver).toBe(true);
  });

  it.each([TIMEOUT_MS, 5 * TIMEOUT_MS])(
    'R14: is over when a message comes %d ms after the last one, before an deadline that is late',
    (atMs) => {
      const { clock, membership, member, events } = begun();
      clock.nowMs = atMs;
      membership.active();
      membership.active();
      clock.tick(TIMEOUT_MS);
      expect([events, member.closed, clock.timers]).toEqual([[`${atMs}: expiry`], 1, 0]);
    },
  );

  it('R14: goes on when the store has it still, though an deadline is late', () => {
    const { clock, live, membership, events } = begun();
    clock.nowMs = 5 * TIMEOUT_MS;
    live.active();
    membership.active();
    clock.tick(TIMEOUT_MS - 1);
    expect([live.isOver, events]).toEqual([false, ['5000: touch id 1000']]);
  });

  it('never expires, and has no timer, when timeoutMs is Infinity', () => {
    const { clock, live, membership, events } = begun(Infinity);
    clock.tick(1e12);
    membership.active();
    membership.leave();
    expect([live.isOver, clock.waits, events]).toEqual([false, [], ['1000000000000: free']]);
  });

  it('expires in its handshake, too; a socket that joins then is closed, not inside the call', async () => {
    const { clock, live, join } = setUp();
    live.hold();
    live.began(0);
    clock.tick(TIMEOUT_MS);
    expect(live.isOver).toBe(true);
    const { member } = join();
    expect(member.closed).toBe(0);
    await settle();
    expect(member.closed).toBe(1);
  });

  it('does not close a socket that joined too late and has left already', async () => {
    const { live, join } = setUp();
    live.finish();
    const { member, membership } = join();
    membership.leave();
    await settle();
    expect(member.closed).toBe(0);
  });

  it('ends once, and aborts what waits for it', () => {
    const { live, member, clock } = begun();
    const { signal } = live.over;
    let closed = 0;
    live.hold();
    live.join({ close: () => void (closed += 1) });
    live.finish();
    live.finish();
    expect([member.closed, closed, clock.timers, signal.aborted]).toEqual([1, 1, 0, true]);
    expect(signal.reason).toMatchObject({ name: 'UsageError', code: 'COROSOCK_SESSION_OVER' });
    expect(() => live.refuseIfOver()).toThrow(expect.objectContaining({ code: 'COROSOCK_SESSION_OVER' }));
  });

  it('does nothing any more once it is over', async () => {
    const { clock, live, events } = begun();
    const stubborn = { close: (): void => {} };
    live.hold();
    const membership = live.join(stubborn);
    live.finish();
    membership.active();
    live.stored(clock.nowMs);
    clock.tick(10 * TIMEOUT_MS);
    membership.leave();
    expect([events, clock.timers]).toEqual([[], 0]);
  });

  it('costs a look at the clock for a message, and no timer', () => {
    const { clock, membership } = begun();
    const before = [clock.looks, clock.waits.length];
    for (let n = 0; n < 1000; n += 1) membership.active();
    expect([clock.looks, clock.waits.length]).toEqual([(before[0] as number) + 1000, before[1]]);
  });

  it('has one timer at most', () => {
    const { clock, membership, live } = begun();
    for (let n = 0; n < 50; n += 1) {
      clock.tick(70);
      membership.active();
      if (n % 7 === 0) live.stored(clock.nowMs);
      expect(clock.timers).toBe(1);
    }
  });
});

describe('the holders of a live session', () => {
  it('make it free when the last of them has gone, sockets and handshakes alike', () => {
    const { live, events, membership, join } = begun();
    const second = join();
    live.hold();
    membership.leave();
    second.membership.leave();
    expect(events).toEqual([]);
    live.release();
    expect(events).toEqual(['0: free']);
  });

  it('may leave twice', () => {
    const { live, events, membership } = begun();
    live.hold();
    membership.leave();
    membership.leave();
    expect(events).toEqual([]);
    live.release();
    membership.leave();
    expect(events).toEqual(['0: free']);
  });

  it('leave no timer behind', () => {
    const { clock, live, membership } = begun();
    membership.leave();
    expect(clock.timers).toBe(0);
    live.stored(clock.nowMs);
    expect(clock.timers).toBe(0);
  });

  it('are told apart: was there ever a socket?', () => {
    const { live } = setUp();
    live.hold();
    live.release();
    expect(live.hadMembers).toBe(false);
    expect(begun().live.hadMembers).toBe(true);
  });
});

describe('the store of a live session', () => {
  it('is told at once of a session that was found there', () => {
    const { live, events, clock } = setUp();
    live.hold();
    live.active();
    expect(events).toEqual(['0: touch id 1000']);
    expect(clock.timers).toBe(1);
  });

  it('is told of activity at most once in a fourth of the time-out, first and last', () => {
    const { clock, membership, events } = begun();
    // Begun at 0, so that the store counts from there.
    for (let n = 0; n < 30; n += 1) {
      clock.tick(10);
      membership.active();
    }
    clock.tick(TIMEOUT_MS);
    expect(events).toEqual(['250: touch id 990', '500: touch id 800', '1300: expiry']);
  });

  it('is told at once of activity after a quiet while', () => {
    const { clock, membership, events } = begun();
    clock.tick(600);
    membership.active();
    expect(events).toEqual(['600: touch id 1000']);
  });

  it('forgets the session when it expires here, not before', () => {
    const { clock, membership, events } = begun();
    for (const ms of [10, 300, 10, 200, 700]) {
      clock.tick(ms);
      membership.active();
    }
    clock.tick(TIMEOUT_MS);
    const touches = events.filter((event) => event.includes('touch'));
    const [atMs, remainingMs] = (touches.at(-1) ?? '').split(': touch id ').map(Number);
    expect(Number(atMs) + Number(remainingMs)).toBe(2220);
    expect(events.at(-1)).toBe('2220: expiry');
  });

  it('is told of the last activity when the last socket leaves', () => {
    const { clock, membership, events } = begun();
    clock.tick(100);
    membership.active();
    clock.tick(50);
    membership.leave();
    expect(events).toEqual(['150: free', '150: touch id 950']);
  });

  it('is told nothing when the last socket leaves a session that has ended by that', () => {
    const clock = new HandClock();
    const touches: string[] = [];
    const store = { touch: async (id: string): Promise<void> => void touches.push(id) };
    const live = new ActiveSession(
      'id',
      {
        store,
        clock,
        deadlines: new Deadlines(clock),
        timeoutMs: TIMEOUT_MS,
        pendingWork: new PendingWork(clock, () => {}),
      },
      {
        sessionOnExpiry: () => {},
        sessionOnFree: (session) => session.finish(),
      },
    );
    live.hold();
    live.began(0);
    const membership = live.join({ close() {} });
    clock.tick(10);
    membership.active();
    membership.leave();
    expect(touches).toEqual([]);
  });

  it('is told nothing for a while after it was written', () => {
    const { clock, live, membership, events } = begun();
    clock.tick(240);
    membership.active();
    live.stored(clock.nowMs);
    // The deadline of 250 rings, and it is not yet time.
    clock.tick(5);
    membership.active();
    clock.tick(225);
    membership.active();
    clock.tick(20);
    // 250 after the write at 240: of the activity at 470.
    expect(events).toEqual(['490: touch id 980']);
  });

  it('is written, which renews the session from when it began', () => {
    const { clock, live, events } = begun();
    clock.tick(900);
    const sinceMs = live.renew();
    clock.tick(50);
    live.stored(sinceMs);
    clock.tick(949);
    expect([sinceMs, events]).toEqual([900, []]);
    clock.tick(1);
    expect(events).toEqual(['1900: expiry']);
  });

  it('is told at its next turn what it failed to write: that the session is renewed', () => {
    const { clock, live, events } = begun();
    clock.tick(200);
    live.renew();
    clock.tick(50);
    expect(events).toEqual(['250: touch id 950']);
  });

  it.each(['leaves', 'is active'])(
    'is never told of a time that is over, when the last socket %s after a blocked loop',
    (what) => {
      const { clock, live, membership, events } = begun();
      clock.tick(100);
      membership.active();
      clock.nowMs = 5000;
      if (what === 'leaves') membership.leave();
      else membership.active();
      expect([events.filter((event) => event.includes('touch')), live.isOver]).toEqual([[], true]);
    },
  );

  it('S7: that is down is reported and asked again, and closes nothing', async () => {
    const scene = setUp();
    const { clock, live, events, reports } = scene;
    const failure = new Error('the store is down');
    scene.fail = failure;
    live.hold();
    live.active();
    const member = new NotedMember();
    live.join(member);
    await settle();
    scene.fail = undefined;
    clock.tick(250);
    clock.tick(740);
    await settle();
    expect(events).toEqual(['0: touch id 1000', '250: touch id 750']);
    expect([reports, member.closed]).toEqual([[failure], 0]);
  });
});
