import { describe, expect, it } from 'vitest';
import { p99, percentile, Ticks } from '../../bench/ticks.ts';

describe('Ticks', () => {
  it('are due at an even distance from the first', () => {
    const ticks = new Ticks(100, 2.5);
    expect([...ticks.due(107.4)]).toEqual([100, 102.5, 105]);
    expect([...ticks.due(107.5)]).toEqual([107.5]);
  });

  it('are all taken by a caller that comes late, each with its own time', () => {
    const ticks = new Ticks(0, 1);
    ticks.take(0);
    expect([...ticks.due(4)]).toEqual([1, 2, 3, 4]);
  });

  it('are taken once', () => {
    const ticks = new Ticks(0, 1);
    expect([ticks.take(1), ticks.take(1), ticks.take(1)]).toEqual([0, 1, undefined]);
  });

  it('are not taken before they are due', () => {
    expect(new Ticks(5, 1).take(4.9)).toBeUndefined();
  });
});

describe('percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, at) => 100 - at);

  it.each([
    [0.5, 50],
    [0.75, 75],
    [1, 100],
  ])('of a share of %s is not exceeded by so many', (share, expected) => {
    expect(percentile(hundred, share)).toBe(expected);
  });
});

describe('p99', () => {
  it('is exceeded by one of a hundred', () => {
    const hundred = Array.from({ length: 100 }, (_, at) => 100 - at);
    expect(p99(hundred)).toBe(99);
    expect(p99([...hundred, ...hundred])).toBe(99);
  });

  it('is the greatest of fewer', () => {
    expect(p99([3, 1, 2])).toBe(3);
  });

  it('is none of nothing', () => {
    expect(p99([])).toBeNaN();
  });
});
