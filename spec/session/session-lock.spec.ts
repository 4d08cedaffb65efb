// The lock of a session: order, time-outs, aborts, the store's lock behind it, and
// that nothing is kept of who has gone.

import { settle, virtualClock } from 'corosock/testing';
import type { VirtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { held, outcomeOf } from './session-fixtures.ts';
import { PendingWork } from '../../src/session/pending-work.ts';
import { LockWait } from '../../src/session/lock-wait.ts';
import { SessionLock } from '../../src/session/session-lock.ts';
import type { SessionStore } from '../../src/session/session-store.ts';
import { Deadlines } from '../../src/time/deadlines.ts';

interface Scene {
  readonly clock: VirtualClock;
  readonly lock: SessionLock;
  readonly reports: unknown[];
  readonly wait: (timeoutMs?: number, ...signals: readonly AbortSignal[]) => LockWait;
}

function setUp(store: Pick<SessionStore, 'lock'> = {}): Scene {
  const clock = virtualClock();
  const reports: unknown[] = [];
  const lock = new SessionLock(store, new PendingWork(clock, (error) => reports.push(error)));
  return {
    clock,
    lock,
    reports,
    wait: (timeoutMs = Infinity, ...signals) => new LockWait(new Deadlines(clock), timeoutMs, signals),
  };
}

describe('SessionLock', () => {
  it('lets one task at a time hold an id, in the order in which they asked', async () => {
    const { lock, wait } = setUp();
    const turns = ['first', 'second', 'third'].map((name) => ({ name, done: held() }));
    const order: string[] = [];
    const holds = turns.map(({ name, done }) =>
      lock.hold('id', wait(), async () => {
        order.push(name);
        await done.promise;
      }),
    );
    const other = lock.hold('another', wait(), async () => order.push('another'));
    await other;
    expect(order).toEqual(['first', 'another']);
    turns[0]?.done.resolve();
    turns[1]?.done.resolve();
    await Promise.all(holds.slice(0, 2));
    await settle();
    expect(order).toEqual(['first', 'another', 'second', 'third']);
    turns[2]?.done.resolve();
    await holds[2];
  });

  it('says who is held or wanted, and keeps nothing of who has gone', async () => {
    const { lock, wait } = setUp();
    const done = held();
    const hold = lock.hold('id', wait(), () => done.promise);
    expect([lock.isTaken('id'), lock.isTaken('another'), lock.size]).toEqual([true, false, 1]);
    done.resolve();
    await hold;
    await settle();
    expect([lock.isTaken('id'), lock.size]).toEqual([false, 0]);
  });

  it('gives the task its turn after one that fails, and passes the failure on', async () => {
    const { lock, wait } = setUp();
    const failing = lock.hold('id', wait(), () => Promise.reject(new Error('mine')));
    const next = lock.hold('id', wait(), async () => 'next');
    expect(await outcomeOf(failing)).toBe('mine');
    expect(await next).toBe('next');
  });

  it('gives a wait up at its time; the task is never run, the next one is', async () => {
    const { clock, lock, wait } = setUp();
    const done = held();
    const ran: string[] = [];
    const hold = lock.hold('id', wait(), () => done.promise);
    const late = wait(1000);
    const gone = lock.hold('id', late, async () => ran.push('gone')).catch((error: unknown) => error);
    const next = lock.hold('id', wait(), async () => ran.push('next'));
    await clock.advance(1000);
    expect(late.isTimeout(await gone)).toBe(true);
    done.resolve();
    await Promise.all([hold, next]);
    expect([ran, clock.timers, lock.size]).toEqual([['next'], 0, 0]);
  });

  it('gives a wait up when its signal aborts', async () => {
    const { lock, wait } = setUp();
    const done = held();
    const controller = new AbortController();
    const hold = lock.hold('id', wait(), () => done.promise);
    const gone = lock.hold('id', wait(Infinity, controller.signal), async () => 'never');
    controller.abort('my reason');
    await expect(gone).rejects.toBe('my reason');
    done.resolve();
    await hold;
  });

  it('does not hold the time against who has the lock', async () => {
    const { clock, lock, wait } = setUp();
    const done = held();
    const hold = lock.hold('id', wait(1000), async (untilWriting) => {
      await untilWriting(done.promise);
      return 'done';
    });
    await clock.advance(5000);
    done.resolve();
    expect(await hold).toBe('done');
  });

  it('goes to the next one when what comes before the write is given up', async () => {
    const { lock, wait } = setUp();
    const controller = new AbortController();
    const written: string[] = [];
    const gone = lock.hold('id', wait(Infinity, controller.signal), async (untilWriting) => {
      await untilWriting(new Promise(() => {}));
      written.push('gone');
    });
    const next = lock.hold('id', wait(), async () => written.push('next'));
    await settle();
    controller.abort('my reason');
    await expect(gone).rejects.toBe('my reason');
    await next;
    expect(written).toEqual(['next']);
  });

  it('stays with a write that is under way, whatever aborts', async () => {
    const { lock, wait } = setUp();
    const controller = new AbortController();
    const write = held();
    const order: string[] = [];
    const hold = lock.hold('id', wait(Infinity, controller.signal), async (untilWriting) => {
      await untilWriting(Promise.resolve());
      await write.promise;
      order.push('written');
    });
    const next = lock.hold('id', wait(), async () => order.push('next'));
    await settle();
    controller.abort('too late');
    await settle();
    expect(order).toEqual([]);
    write.resolve();
    await Promise.all([hold, next]);
    expect(order).toEqual(['written', 'next']);
  });
});

describe('SessionLock over a store with a lock', () => {
  it('takes it behind its own, and gives it back before the next one asks', async () => {
    const order: string[] = [];
    const { lock, wait } = setUp({
      async lock(id) {
        order.push(`lock ${id}`);
        return async () => void order.push(`unlock ${id}`);
      },
    });
    const holds = ['first', 'second'].map((name) => lock.hold('id', wait(), async () => order.push(name)));
    await Promise.all(holds);
    expect(order).toEqual(['lock id', 'first', 'unlock id', 'lock id', 'second', 'unlock id']);
  });

  it('hands its signal on, so that the store stops waiting', async () => {
    const { clock, lock, wait, reports } = setUp({
      lock: (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        }),
    });
    const late = wait(1000);
    const gone = lock.hold('id', late, async () => 'never').catch((error: unknown) => error);
    await clock.advance(1000);
    expect(late.isTimeout(await gone)).toBe(true);
    await settle();
    expect([lock.size, reports]).toEqual([0, []]);
  });

  it('does not wait for a store that ignores the signal, and gives back what comes late', async () => {
    const coming = held<() => Promise<void>>();
    const { lock, wait } = setUp({ lock: () => coming.promise });
    const controller = new AbortController();
    const gone = lock.hold('id', wait(Infinity, controller.signal), async () => 'never');
    await settle();
    controller.abort('my reason');
    await expect(gone).rejects.toBe('my reason');
    let isBack = false;
    coming.resolve(async () => {
      isBack = true;
    });
    await settle();
    expect([isBack, lock.size]).toEqual([true, 0]);
  });

  it('rejects with what the store says that has no lock to give', async () => {
    const { lock, wait } = setUp({ lock: () => Promise.reject(new Error('the store is down')) });
    expect(await outcomeOf(lock.hold('id', wait(), async () => 'never'))).toBe('the store is down');
    await settle();
    expect(lock.size).toBe(0);
  });

  it('reports a lock that could not be given back, and fails nobody', async () => {
    const failure = new Error('the store is down');
    const { lock, wait, reports } = setUp({ lock: async () => () => Promise.reject(failure) });
    expect(await lock.hold('id', wait(), async () => 'done')).toBe('done');
    await settle();
    expect(reports).toEqual([failure]);
  });
});
