// The one door to abort-controller-x: the order of events when a wait settles or aborts, and that
// no listener is left.

import { getEventListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { ForeignPromise } from '../fixtures/patched-promise.ts';
import { turn } from '../time/hand-clock.ts';
import { recordCrashes, recordWarnings } from '../fixtures/process-events.ts';
import { abortable, rejected, rejectWhereAwaited, unattendedThen } from '../../src/waiting/abortable.ts';
import { noop } from '../../src/core/noop.ts';
import { UsageError } from '../../src/core/errors.ts';

const listenersOf = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

describe('abortable', () => {
  it('resolves with the value of the wait, and leaves no listener', async () => {
    const { signal } = new AbortController();
    const events: unknown[] = [['listeners before', listenersOf(signal)]];
    let settle: (value: string) => void = () => {};
    const wait = abortable<string>(signal, (resolve) => {
      events.push('start');
      settle = resolve;
      return () => events.push('cancel');
    });
    events.push(['listeners while it waits', listenersOf(signal)]);
    settle('done');
    events.push(['listeners after', listenersOf(signal)], await wait);
    expect(events).toEqual([
      ['listeners before', 0],
      'start',
      ['listeners while it waits', 1],
      ['listeners after', 0],
      'done',
    ]);
  });

  it('cancels before it rejects with the reason, and leaves no listener', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const events: unknown[] = [];
    const wait = abortable<string>(signal, () => {
      events.push('start');
      return () => events.push('cancel');
    }).catch((error: unknown) => events.push(['rejected', error]));
    events.push('abort');
    controller.abort('my reason');
    events.push(['listeners after', listenersOf(signal)]);
    await wait;
    expect(events).toEqual(['start', 'abort', 'cancel', ['listeners after', 0], ['rejected', 'my reason']]);
  });

  it('rejects with any reason, null included', async () => {
    const controller = new AbortController();
    const wait = abortable(controller.signal, () => () => {});
    controller.abort(null);
    const late = abortable(controller.signal, () => () => {});
    const reasons = [wait, late].map((waiting) => waiting.catch((error: unknown) => ['rejected', error]));
    expect([await Promise.all(reasons), listenersOf(controller.signal)]).toEqual([
      [
        ['rejected', null],
        ['rejected', null],
      ],
      0,
    ]);
  });

  it('does not wait for the result of cancel', async () => {
    const controller = new AbortController();
    const wait = abortable<string>(controller.signal, () => () => new Set().delete('a waiter'));
    controller.abort('my reason');
    await expect(wait).rejects.toBe('my reason');
  });

  it('rejects at once when the signal has aborted before, and does not start', async () => {
    const signal = AbortSignal.abort('my reason');
    let started = false;
    const wait = abortable(signal, () => {
      started = true;
      return () => {};
    });
    await expect(wait).rejects.toBe('my reason');
    expect([started, listenersOf(signal)]).toEqual([false, 0]);
  });

  it('does not cancel a wait that has settled before the abort', async () => {
    const controller = new AbortController();
    let cancelled = false;
    const wait = abortable<string>(controller.signal, (settle) => {
      queueMicrotask(() => settle('done'));
      return () => {
        cancelled = true;
      };
    });
    await turn();
    controller.abort();
    expect([await wait, cancelled]).toEqual(['done', false]);
  });

  it('rejects with what start throws, and leaves no listener', async () => {
    const { signal } = new AbortController();
    const error = new Error('on purpose');
    const wait = abortable(signal, () => {
      throw error;
    });
    await expect(wait).rejects.toBe(error);
    expect(listenersOf(signal)).toBe(0);
  });

  it('gives the resolver of its promise', async () => {
    const { signal } = new AbortController();
    let resolver: (value: never) => unknown = () => {};
    const wait = abortable(signal, (_, __, resolve) => {
      resolver = resolve;
      return () => {};
    });
    resolver('by the resolver' as never);
    expect(await wait).toBe('by the resolver');
  });

  it('resolves with a value that start gives at once', async () => {
    const { signal } = new AbortController();
    const wait = abortable<string>(signal, (settle) => {
      settle('done');
      return () => {};
    });
    expect([await wait, listenersOf(signal)]).toEqual(['done', 0]);
  });

  it('rejects with the error of the wait, and leaves no listener', async () => {
    const { signal } = new AbortController();
    const wait = abortable(signal, (_, fail) => {
      queueMicrotask(() => fail(new Error('broken')));
      return () => {};
    });
    await expect(wait).rejects.toThrow('broken');
    expect(listenersOf(signal)).toBe(0);
  });

  it('causes no warning when more than ten waits share a signal', async () => {
    using warnings = recordWarnings();
    const controller = new AbortController();
    const waits = Array.from({ length: 20 }, () => abortable(controller.signal, () => () => {}));
    await turn();
    controller.abort('over');
    expect(await Promise.allSettled(waits)).toHaveLength(20);
    expect(warnings.texts).toEqual([]);
  });
});

describe('a rejection without a handler', () => {
  it.each([
    ['abortable', () => void abortable(AbortSignal.abort(), () => () => {})],
    ['rejected', () => void rejected(new Error('unseen'))],
  ])('does not reach the process from %s', async (_, call) => {
    using crashes = recordCrashes();
    call();
    await turn();
    await turn();
    expect(crashes.errors).toEqual([]);
  });
});

describe('rejected', () => {
  it('rejects with the error that it is given', async () => {
    const error = new Error('mine');
    await expect(rejected(error)).rejects.toBe(error);
  });
});

describe('unattendedThen', () => {
  const failing = (how: string): Promise<never> => Promise.reject(new Error(how));

  it.each<[string, () => Promise<string>, (value: string) => string | Promise<string>]>([
    ['the wait rejects', async () => await failing('why'), (value) => value],
    ['the change rejects', async () => 'x', async () => await failing('why')],
    ['a change of another realm rejects', async () => 'x', () => ForeignPromise.reject(new Error('why'))],
    ['the change throws', async () => 'x', () => expect.fail('why')],
  ])('rejects where %s, which does not reach the process', async (_, wait, change) => {
    using crashes = recordCrashes();
    const result = unattendedThen(wait(), change);
    await turn();
    await turn();
    expect(crashes.errors).toEqual([]);
    await expect(result).rejects.toThrow('why');
  });

  it.each<[string, (value: string) => string | Promise<string>]>([
    ['a value', (value) => value + value],
    ['a promise', async (value) => value + value],
  ])('gives what the change makes of the wait: %s', async (_, change) => {
    expect(await unattendedThen(Promise.resolve('x'), change)).toBe('xx');
  });
});

describe('rejectWhereAwaited', () => {
  /** Rejects with an error that was made without a caller. */
  async function rejects(error: Error): Promise<unknown> {
    let settle: readonly [resolve: (value: never) => void, reject: (error: unknown) => void] = [noop, noop];
    const promise = new Promise<void>((...both) => void (settle = both as never));
    const waits = async function waiter(): Promise<void> {
      await promise;
    };
    const caught = waits().catch((caughtError: unknown) => caughtError);
    rejectWhereAwaited(error, ...settle);
    return await caught;
  }

  it('takes the stack anew: it shows the function that awaits, and none of ours', async () => {
    const error = new UsageError('COROSOCK_ARGUMENT', 'f(): expected a, got b');
    expect(await rejects(error)).toBe(error);
    expect(error.stack?.split('\n')).toEqual([
      'UsageError: f(): expected a, got b',
      expect.stringMatching(/at async waiter \(.*abortable\.spec\.ts:\d+:\d+\)/),
      ...(error.stack?.split('\n').slice(2) ?? []),
    ]);
  });

  it('rejects with the error as it is where the engine takes no stacks', async () => {
    const capture = vi.spyOn(Error, 'captureStackTrace');
    (Error as { captureStackTrace?: unknown }).captureStackTrace = undefined;
    const error = new Error('as it is');
    const { stack } = error;
    const caught = await rejects(error);
    capture.mockRestore();
    expect([caught, error.stack]).toEqual([error, stack]);
  });
});
