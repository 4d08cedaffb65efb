// A signal that is made on first use.

import { getEventListeners } from 'node:events';
import { runInNewContext } from 'node:vm';
import { settle } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { recordCrashes } from '../fixtures/process-events.ts';
import { LazySignal } from '../../src/waiting/lazy-signal.ts';

describe('LazySignal', () => {
  it('aborts a signal that was read before', () => {
    const lazy = new LazySignal();
    const { signal } = lazy;
    const reason = new Error('over');
    expect([lazy.aborted, lazy.reason, signal.aborted]).toEqual([false, undefined, false]);
    lazy.abort(() => reason);
    expect([lazy.aborted, signal.aborted]).toEqual([true, true]);
    expect([lazy.reason === reason, signal.reason === reason]).toEqual([true, true]);
  });

  it('gives an aborted signal after abort()', () => {
    const lazy = new LazySignal();
    const reason = new Error('over');
    lazy.abort(() => reason);
    expect(lazy.signal.aborted).toBe(true);
    expect(lazy.signal.reason).toBe(reason);
  });

  it('gives the same signal each time', () => {
    const lazy = new LazySignal();
    expect(lazy.signal).toBe(lazy.signal);
  });

  it('makes its reason on first use, and only once', () => {
    const lazy = new LazySignal();
    let made = 0;
    lazy.abort(() => (made += 1));
    expect(made).toBe(0);
    expect([lazy.signal.reason, lazy.signal.reason, made]).toEqual([1, 1, 1]);
  });

  it('aborts once: further calls do nothing', () => {
    const lazy = new LazySignal();
    let aborts = 0;
    lazy.signal.addEventListener('abort', () => (aborts += 1));
    lazy.abort(() => 'first');
    lazy.abort(() => 'second');
    expect([aborts, lazy.signal.reason]).toEqual([1, 'first']);
  });

  describe('until', () => {
    const held = <T>(): {
      coming: Promise<T>;
      resolve: (value: T) => void;
      reject: (error: Error) => void;
    } => {
      let resolve = (_value: T): void => {};
      let reject = (_error: Error): void => {};
      const coming = new Promise<T>((yes, no) => {
        resolve = yes;
        reject = no;
      });
      return { coming, resolve: (value) => resolve(value), reject: (error) => reject(error) };
    };

    it('settles as the promise does', async () => {
      const lazy = new LazySignal();
      expect(await lazy.until(Promise.resolve(1))).toBe(1);
      await expect(lazy.until(Promise.reject(new Error('no')))).rejects.toThrow('no');
    });

    it('rejects all waits with the same reason at the abort, and passes a late value on', async () => {
      const lazy = new LazySignal();
      const late: unknown[] = [];
      const { coming, resolve } = held<string>();
      const waits = [lazy.until(coming, (value) => late.push(value)), lazy.until(held<string>().coming)];
      lazy.abort(() => new Error('over'));
      const [first, second] = await Promise.allSettled(waits);
      expect(first).toEqual({ status: 'rejected', reason: lazy.signal.reason as unknown });
      expect(second).toEqual(first);
      resolve('after all');
      await settle();
      expect(late).toEqual(['after all']);
    });

    it('passes no value on that came before the abort', async () => {
      const lazy = new LazySignal();
      const late: unknown[] = [];
      expect(await lazy.until(Promise.resolve(1), (value) => late.push(value))).toBe(1);
      lazy.abort(() => new Error('over'));
      await settle();
      expect(late).toEqual([]);
    });

    it('ends waits in the order of the calls', async () => {
      const lazy = new LazySignal();
      const order: number[] = [];
      const waits = [1, 2, 3].map((n) => lazy.until(held<string>().coming).catch(() => order.push(n)));
      lazy.abort(() => new Error('over'));
      await Promise.all(waits);
      expect(order).toEqual([1, 2, 3]);
    });

    it('ignores a late error', async () => {
      using crashes = recordCrashes();
      const lazy = new LazySignal();
      const { coming, reject } = held<string>();
      const wait = lazy.until(coming);
      lazy.abort(() => new Error('over'));
      await expect(wait).rejects.toThrow('over');
      reject(new Error('after all'));
      await settle();
      expect(crashes.errors).toEqual([]);
    });

    it('rejects at once when it has aborted before', async () => {
      const lazy = new LazySignal();
      const late: unknown[] = [];
      lazy.abort(() => new Error('over'));
      await expect(lazy.until(Promise.resolve(1), (value) => late.push(value))).rejects.toThrow('over');
      expect(late).toEqual([1]);
    });

    it('explains a reason that was made for a wait alone', async () => {
      const lazy = new LazySignal();
      const wait = lazy.until(held<string>().coming);
      lazy.abort(() => new Error('over'));
      expect(lazy.explains(await wait.catch((error: unknown) => error))).toBe(true);
    });
  });

  describe('onAbort', () => {
    it('calls back once with the reason, behind the listeners of the signal, which it does not join', () => {
      const lazy = new LazySignal();
      const order: unknown[] = [];
      lazy.onAbort((reason) => order.push(reason));
      expect(getEventListeners(lazy.signal, 'abort')).toEqual([]);
      lazy.signal.addEventListener('abort', () => order.push('listener'));
      lazy.abort(() => 'over');
      lazy.abort(() => 'again');
      expect(order).toEqual(['listener', 'over']);
    });

    it('calls back at once when it has aborted before', () => {
      const lazy = new LazySignal();
      const reasons: unknown[] = [];
      lazy.abort(() => 'over');
      lazy.onAbort((reason) => reasons.push(reason))();
      expect(reasons).toEqual(['over']);
    });

    it('does not call back after it was unsubscribed, also by another callback', () => {
      const lazy = new LazySignal();
      const reasons: unknown[] = [];
      const unsubscribes: Array<() => void> = [];
      lazy.onAbort(() => unsubscribes.forEach((unsubscribe) => unsubscribe()));
      for (let i = 0; i < 2; i += 1) unsubscribes.push(lazy.onAbort((reason) => reasons.push(reason)));
      unsubscribes[0]?.();
      lazy.abort(() => 'over');
      expect(reasons).toEqual([]);
    });
  });

  describe('explains', () => {
    const reason = new Error('over');
    const Foreign = runInNewContext('Error') as ErrorConstructor;
    const named = (name: string): Error => Object.assign(new Error('aborted'), { name });
    const aborted = new LazySignal();
    void aborted.signal;
    aborted.abort(() => reason);

    it.each([
      ['its reason', reason, true],
      ['an error that its reason caused', new Error('delay', { cause: reason }), true],
      ['the same of another realm', new Foreign('delay', { cause: reason }), true],
      ['an AbortError that hides its reason', named('AbortError'), true],
      ['an error of another name', named('TimeoutError'), false],
      ['another error', new Error('over'), false],
      ['another cause', new Error('delay', { cause: new Error('over') }), false],
      [
        'an object that throws when it is inspected',
        new Proxy(
          {},
          {
            has: () => {
              throw new Error('no');
            },
          },
        ),
        false,
      ],
      ['a string', 'over', false],
      ['null', null, false],
      ['undefined', undefined, false],
    ])('says whether the abort explains %s', (_, error, explained) => {
      expect(aborted.explains(error)).toBe(explained);
    });

    it('explains no error before the abort, nor when its reason was never made', () => {
      const live = new LazySignal();
      void live.signal;
      expect(live.explains(named('AbortError'))).toBe(false);
      const unheld = new LazySignal();
      unheld.abort(() => reason);
      expect([live.explains(undefined), unheld.explains(reason)]).toEqual([false, false]);
    });
  });
});
