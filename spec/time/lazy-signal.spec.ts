// A signal that is not made until somebody asks for it.

import { describe, expect, it } from 'vitest';
import { LazySignal } from '../../src/time/lazy-signal.ts';

describe('LazySignal', () => {
  it('aborts the signal of who asked before', () => {
    const lazy = new LazySignal();
    const { signal } = lazy;
    const reason = new Error('over');
    expect([lazy.aborted, signal.aborted]).toEqual([false, false]);
    lazy.abort(() => reason);
    expect([lazy.aborted, signal.aborted]).toEqual([true, true]);
    expect(signal.reason).toBe(reason);
  });

  it('gives an aborted signal to who asks after', () => {
    const lazy = new LazySignal();
    const reason = new Error('over');
    lazy.abort(() => reason);
    expect(lazy.signal.aborted).toBe(true);
    expect(lazy.signal.reason).toBe(reason);
  });

  it('gives everybody the same signal', () => {
    const lazy = new LazySignal();
    expect(lazy.signal).toBe(lazy.signal);
  });

  it('makes no reason until somebody comes for it, and then one', () => {
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

  describe('explains', () => {
    const reason = new Error('over');
    const aborted = new LazySignal();
    void aborted.signal;
    aborted.abort(() => reason);

    it.each([
      ['its reason', reason, true],
      ['an error that its reason caused', new Error('delay', { cause: reason }), true],
      ['another error', new Error('over'), false],
      ['another cause', new Error('delay', { cause: new Error('over') }), false],
      ['a string', 'over', false],
      ['undefined', undefined, false],
    ])('tells of %s', (_, error, explained) => {
      expect(aborted.explains(error)).toBe(explained);
    });

    it('explains nothing before it has aborted, nor when nobody held it', () => {
      const live = new LazySignal();
      void live.signal;
      const unheld = new LazySignal();
      unheld.abort(() => reason);
      expect([live.explains(undefined), unheld.explains(reason)]).toEqual([false, false]);
    });
  });
});
