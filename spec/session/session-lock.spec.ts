// The lock of a session: order, time-outs, aborts, the store's lock behind it, and that nothing is
// kept of waits that were given up. Then one wait alone: what ends it, and in which order.

import { getEventListeners } from 'node:events';
import { settle, virtualClock } from 'corosock/testing';
import type { VirtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { held, outcomeOf } from './session-fixtures.ts';
import { recordCrashes, recordWarnings } from '../fixtures/process-events.ts';
import { PendingWork } from '../../src/session/pending-work.ts';
import { LockWait, SessionLock } from '../../src/session/session-lock.ts';
import type { SessionStore } from '../../src/session/session-store.ts';
import { Deadlines } from '../../src/time/deadline.ts';

const listenersOf = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;
const never = (): Promise<never> => new Promise(() => {});

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

  it('knows which ids are held, and keeps nothing of an id that is free', async () => {
    const { lock, wait } = setUp();
    const done = held();
    const hold = lock.hold('id', wait(), () => done.promise);
    expect([lock.isTaken('id'), lock.isTaken('another'), lock.size]).toEqual([true, false, 1]);
    done.resolve();
    await hold;
    await settle();
    expect([lock.isTaken('id'), lock.size]).toEqual([false, 0]);
  });

  it('runs the next task after one that fails, and rejects with the failure', async () => {
    const { lock, wait } = setUp();
    const failing = lock.hold('id', wait(), () => Promise.reject(new Error('mine')));
    const next = lock.hold('id', wait(), async () => 'next');
    expect(await outcomeOf(failing)).toBe('mine');
    expect(await next).toBe('next');
  });

  it('gives a wait up at its time-out: its task never runs, and the next one does', async () => {
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

  it('does not count the time-out while the task holds the lock', async () => {
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

  it('goes to the next task when a task is given up before its write', async () => {
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

  it('stays with a task whose write is under way when its signal aborts', async () => {
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
  it('takes it after its own lock, and gives it back before the next task asks for it', async () => {
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

  it('rejects with what the lock of the store rejects with', async () => {
    const { lock, wait } = setUp({ lock: () => Promise.reject(new Error('the store is down')) });
    expect(await outcomeOf(lock.hold('id', wait(), async () => 'never'))).toBe('the store is down');
    await settle();
    expect(lock.size).toBe(0);
  });

  it('reports a lock that could not be given back; no task fails', async () => {
    const failure = new Error('the store is down');
    const { lock, wait, reports } = setUp({ lock: async () => () => Promise.reject(failure) });
    expect(await lock.hold('id', wait(), async () => 'done')).toBe('done');
    await settle();
    expect(reports).toEqual([failure]);
  });
});

describe('LockWait', () => {
  it('gives what comes in time', async () => {
    const wait = new LockWait(new Deadlines(virtualClock()), 1000, []);
    expect(await wait.until(Promise.resolve('in time'))).toBe('in time');
  });

  it('passes a failure on', async () => {
    const wait = new LockWait(new Deadlines(virtualClock()), 1000, []);
    await expect(wait.until(Promise.reject(new Error('mine')))).rejects.toThrow('mine');
  });

  it('is given up at its time-out, with an error that it recognises and that is named AbortError', async () => {
    const clock = virtualClock();
    const wait = new LockWait(new Deadlines(clock), 1000, []);
    const outcome = wait.until(never()).catch((error: unknown) => error);
    await clock.advance(999);
    expect(wait.over.signal.aborted).toBe(false);
    await clock.advance(1);
    const error = await outcome;
    expect([wait.isTimeout(error), wait.isTimeout(new Error('another')), wait.isTimeout(undefined)]).toEqual([
      true,
      false,
      false,
    ]);
    expect(error).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR' });
  });

  it('sets no timer for Infinity', () => {
    const clock = virtualClock();
    const wait = new LockWait(new Deadlines(clock), Infinity, []);
    expect([clock.timers, wait.isTimeout(undefined)]).toEqual([0, false]);
  });

  it('is given up with the reason of the first signal that aborts', async () => {
    const [a, b] = [new AbortController(), new AbortController()];
    const wait = new LockWait(new Deadlines(virtualClock()), 1000, [a.signal, b.signal]);
    const outcome = wait.until(never());
    b.abort('reason of b');
    a.abort('reason of a');
    await expect(outcome).rejects.toBe('reason of b');
    expect(wait.isTimeout('reason of b')).toBe(false);
  });

  it('hands what comes late to `late`, and drops it without one', async () => {
    const controller = new AbortController();
    const wait = new LockWait(new Deadlines(virtualClock()), 1000, [controller.signal]);
    const [asked, dropped, failed] = [held<string>(), held<string>(), held<string>()];
    const late: string[] = [];
    const outcomes = [
      wait.until(asked.promise, (value) => late.push(value)),
      wait.until(dropped.promise),
      wait.until(failed.promise, (value) => late.push(value)),
    ].map(outcomeOf);
    controller.abort('given up');
    expect(await Promise.all(outcomes)).toEqual(['given up', 'given up', 'given up']);
    asked.resolve('late');
    dropped.resolve('late, too');
    failed.reject(new Error('late as well'));
    await settle();
    expect(late).toEqual(['late']);
  });

  it('hands on, or drops, what comes after a wait that was given up before', async () => {
    using crashes = recordCrashes();
    const controller = new AbortController();
    const wait = new LockWait(new Deadlines(virtualClock()), 1000, [controller.signal]);
    controller.abort('given up');
    const late: string[] = [];
    const outcomes = [
      wait.until(Promise.resolve('late'), (value) => late.push(value)),
      wait.until(Promise.reject(new Error('late, too'))),
    ].map(outcomeOf);
    expect(await Promise.all(outcomes)).toEqual(['given up', 'given up']);
    await settle();
    expect([late, crashes.errors]).toEqual([['late'], []]);
  });

  it('is still given up by its signals after its clock is stopped, not by its time-out', async () => {
    const clock = virtualClock();
    const controller = new AbortController();
    const wait = new LockWait(new Deadlines(clock), 1000, [controller.signal]);
    wait.stopClock();
    expect(clock.timers).toBe(0);
    const outcome = wait.until(never());
    controller.abort('my reason');
    await expect(outcome).rejects.toBe('my reason');
  });

  it('leaves no timer and no listener when it is stopped', () => {
    const clock = virtualClock();
    const controller = new AbortController();
    const wait = new LockWait(new Deadlines(clock), 1000, [controller.signal]);
    expect([clock.timers, listenersOf(controller.signal)]).toEqual([1, 1]);
    wait.stop();
    expect([clock.timers, listenersOf(controller.signal)]).toEqual([0, 0]);
    controller.abort();
    expect(wait.over.signal.aborted).toBe(false);
  });

  it('is stopped when the promise before the write resolves', async () => {
    const clock = virtualClock();
    const controller = new AbortController();
    const wait = new LockWait(new Deadlines(clock), 1000, [controller.signal]);
    expect(await wait.untilWriting(Promise.resolve('data'))).toBe('data');
    expect([clock.timers, listenersOf(controller.signal)]).toEqual([0, 0]);
  });

  it('gives up a promise that has resolved when the signal aborts before the next line runs', async () => {
    const controller = new AbortController();
    const wait = new LockWait(new Deadlines(virtualClock()), 1000, [controller.signal]);
    const coming = held<string>();
    const outcome = wait.untilWriting(coming.promise);
    coming.resolve('data');
    // Between the answer and the caller's next line lie some microtasks.
    void coming.promise.then(() => controller.abort('just in time'));
    await expect(outcome).rejects.toBe('just in time');
  });

  it('lets any number of waits listen to one signal without a warning', async () => {
    using warnings = recordWarnings();
    const { signal } = new AbortController();
    const waits = Array.from(
      { length: 20 },
      () => new LockWait(new Deadlines(virtualClock()), 1000, [signal]),
    );
    await settle();
    for (const wait of waits) wait.stop();
    expect(warnings.texts).toEqual([]);
  });
});
