// The token bucket behind limits of a rate, and the check of its option.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from 'corosock';
import { checkRateWindow, FULL_BUCKET, takeTokens, waitForTokens } from '../../src/core/rate-window.ts';
import type { RateWindow } from '../../src/core/rate-window.ts';

/** Takes one token at a time. @returns The times at which the bucket had one. */
function takenAt(window: RateWindow, times: readonly number[]): readonly number[] {
  let fullMs = FULL_BUCKET;
  return times.filter((nowMs) => {
    if (waitForTokens(window, fullMs, nowMs, 1) > 0) return false;
    fullMs = takeTokens(window, fullMs, nowMs, 1);
    return true;
  });
}

describe('a bucket', () => {
  it('has its burst at once, and then a token each perMs / count', () => {
    const times = [0, 0, 0, 0, 499, 500, 501, 999, 1000, 1500];
    expect(takenAt({ count: 2, perMs: 1000, burst: 3 }, times)).toEqual([0, 0, 0, 500, 1000, 1500]);
  });

  it('has `count` at once where no burst is given, also for fractions', () => {
    expect(takenAt({ count: 3, perMs: 1000 }, [7, 7, 7, 7, 340, 341])).toEqual([7, 7, 7, 341]);
  });

  it('saves no more than its burst', () => {
    expect(takenAt({ count: 1, perMs: 10, burst: 2 }, [0, 9999, 9999, 9999])).toEqual([0, 9999, 9999]);
  });

  it('says how long until it has so many', () => {
    const window = { count: 2, perMs: 1000, burst: 4 };
    const fullMs = takeTokens(window, FULL_BUCKET, 100, 4);
    expect([1, 2, 4].map((tokens) => waitForTokens(window, fullMs, 100, tokens))).toEqual([500, 1000, 2000]);
    expect(waitForTokens(window, fullMs, 600, 1)).toBe(0);
    expect(fullMs).toBe(2100);
  });

  it('gives in no span of time more than its burst and what comes back within the span', () => {
    const window = fc.record({
      count: fc.integer({ min: 1, max: 50 }),
      perMs: fc.integer({ min: 1, max: 10_000 }),
      burst: fc.integer({ min: 1, max: 50 }),
    });
    const steps = fc.array(fc.integer({ min: 0, max: 2000 }), { maxLength: 200 });
    fc.assert(
      fc.property(window, steps, (given, gaps) => {
        let nowMs = 0;
        const taken = takenAt(
          given,
          gaps.map((gap) => (nowMs += gap)),
        );
        for (const [i, from] of taken.entries()) {
          for (let j = i; j < taken.length; j++) {
            const spanMs = (taken[j] as number) - from;
            expect(j - i + 1).toBeLessThanOrEqual(given.burst + (spanMs * given.count) / given.perMs + 1e-3);
          }
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('checkRateWindow', () => {
  it.each([
    [{ count: 1, perMs: 1 }],
    [{ count: 2 ** 31 - 1, perMs: 2 ** 31 - 1, burst: 1 }],
    [{ count: 5, perMs: 0.5 + 1, burst: undefined }],
  ])('takes %j', (window) => {
    expect(() => checkRateWindow('f()', 'rate', window)).not.toThrow();
  });

  it.each([
    [undefined, 'f(): expected rate to be { count, perMs, burst }, got undefined'],
    [5, 'f(): expected rate to be { count, perMs, burst }, got 5'],
    [{ count: 1, perMs: 1, per: 1 }, 'f(), rate: unknown option "per". The options are count, perMs, burst'],
    [{ perMs: 1 }, 'f(): expected rate.count to be an integer from 1 to 2147483647, got undefined'],
    [{ count: 0.5, perMs: 1 }, 'f(): expected rate.count to be an integer from 1 to 2147483647, got 0.5'],
    [
      { count: 1, perMs: Infinity },
      'f(): expected rate.perMs to be a number of milliseconds from 1 to 2147483647, got Infinity',
    ],
    [
      { count: 1, perMs: 1, burst: 0 },
      'f(): expected rate.burst to be an integer from 1 to 2147483647, got 0',
    ],
  ])('C1: refuses %j', (window, text) => {
    expect(() => checkRateWindow('f()', 'rate', window)).toThrow(new UsageError('COROSOCK_ARGUMENT', text));
  });
});
