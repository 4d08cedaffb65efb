// One wait: what ends it, in which order, and that nothing is left of it.

import { getEventListeners } from 'node:events';
import { settle, virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { held, outcomeOf } from './session-fixtures.ts';
import { recordCrashes, recordWarnings } from '../fixtures/process-events.ts';
import { LockWait } from '../../src/session/lock-wait.ts';
import { Deadlines } from '../../src/time/deadlines.ts';

const listenersOf = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;
const never = (): Promise<never> => new Promise(() => {});

describe('LockWait', () => {
  it('gives what comes in time', async () => {
    const wait = new LockWait(new Deadlines(virtualClock()), 1000, []);
    expect(await wait.until(Promise.resolve('in time'))).toBe('in time');
  });

  it('passes a failure on', async () => {
    const wait = new LockWait(new Deadlines(virtualClock()), 1000, []);
    await expect(wait.until(Promise.reject(new Error('mine')))).rejects.toThrow('mine');
  });

  it('is given up at its time, with an error that it knows and that is named AbortError', async () => {
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

  it('hands what comes late to who asked for it, and drops it otherwise', async () => {
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

  it('hands on, or drops, what comes to a wait that was given up before', async () => {
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

  it('does not look at the time any more when its clock is stopped, but at its signals', async () => {
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

  it('is stopped by what it waited for before writing', async () => {
    const clock = virtualClock();
    const controller = new AbortController();
    const wait = new LockWait(new Deadlines(clock), 1000, [controller.signal]);
    expect(await wait.untilWriting(Promise.resolve('data'))).toBe('data');
    expect([clock.timers, listenersOf(controller.signal)]).toEqual([0, 0]);
  });

  it('gives up what was there, and not yet looked at, when the abort came', async () => {
    const controller = new AbortController();
    const wait = new LockWait(new Deadlines(virtualClock()), 1000, [controller.signal]);
    const coming = held<string>();
    const outcome = wait.untilWriting(coming.promise);
    coming.resolve('data');
    // Between the answer and the caller's next line lie some microtasks.
    void coming.promise.then(() => controller.abort('just in time'));
    await expect(outcome).rejects.toBe('just in time');
  });

  it('lets any number of waits hang on one signal without a warning', async () => {
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
