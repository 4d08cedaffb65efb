// The waits between attempts: at least the shortest one, at most a ceiling that doubles.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Backoff } from '../../src/client/backoff.ts';

const LIMITS = { minDelayMs: 100, maxDelayMs: 30_000 };

function waits(count: number, random: () => number): readonly number[] {
  const backoff = new Backoff(LIMITS, random);
  return Array.from({ length: count }, () => backoff.nextMs());
}

describe('Backoff', () => {
  it('doubles its ceiling up to maxDelayMs', () => {
    expect(waits(10, () => 1)).toEqual([200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
  });

  it('waits for at least minDelayMs', () => {
    expect(waits(3, () => 0)).toEqual([100, 100, 100]);
  });

  it('spreads its waits over the whole range between: full jitter', () => {
    expect(waits(3, () => 0.5)).toEqual([150, 250, 450]);
  });

  it('begins again after a reset', () => {
    const backoff = new Backoff(LIMITS, () => 1);
    backoff.nextMs();
    backoff.nextMs();
    backoff.reset();
    expect(backoff.nextMs()).toBe(200);
  });

  it('keeps any limits, for any number of attempts', () => {
    const times = fc.tuple(
      fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    );
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 2000 }), ([a, b], attempts) => {
        const [minDelayMs, maxDelayMs] = [Math.min(a, b), Math.max(a, b)];
        const backoff = new Backoff({ minDelayMs, maxDelayMs });
        const all = Array.from({ length: attempts }, () => backoff.nextMs());
        expect(Math.min(...all)).toBeGreaterThanOrEqual(minDelayMs);
        expect(Math.max(...all)).toBeLessThanOrEqual(maxDelayMs);
      }),
      { numRuns: 50 },
    );
  });
});
