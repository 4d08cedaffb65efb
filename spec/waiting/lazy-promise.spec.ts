// A promise that is made on first use.

import { describe, expect, it } from 'vitest';
import { LazyPromise } from '../../src/waiting/lazy-promise.ts';

describe('LazyPromise', () => {
  it('resolves a promise that was read before', async () => {
    const lazy = new LazyPromise<{ n: number }>();
    const asked = lazy.promise;
    lazy.resolve({ n: 1 });
    expect(await asked).toEqual({ n: 1 });
  });

  it('gives a resolved promise after resolve()', async () => {
    const lazy = new LazyPromise<{ n: number }>();
    lazy.resolve({ n: 1 });
    expect(await lazy.promise).toEqual({ n: 1 });
  });

  it('gives the same promise each time', () => {
    const lazy = new LazyPromise<object>();
    expect(lazy.promise).toBe(lazy.promise);
  });

  it('resolves once: further calls do nothing', async () => {
    const asked = new LazyPromise<{ n: number }>();
    void asked.promise;
    const unasked = new LazyPromise<{ n: number }>();
    for (const lazy of [asked, unasked]) {
      lazy.resolve({ n: 1 });
      lazy.resolve({ n: 2 });
    }
    expect([await asked.promise, await unasked.promise]).toEqual([{ n: 1 }, { n: 1 }]);
  });

  it('gives the resolver of its promise while that is pending', async () => {
    const lazy = new LazyPromise<{ n: number }>();
    const before = lazy.resolver;
    const promise = lazy.promise;
    lazy.resolver?.({ n: 1 } as never);
    expect([before, await promise]).toEqual([undefined, { n: 1 }]);
  });
});
