// The decisions of a run: from a seed, and plain ones after the last.

import { describe, expect, it } from 'vitest';
import { Choices, seededRandom } from '../../../../src/testing/simulation/seeded/choices.ts';

describe('Choices', () => {
  it('decides the same for the same seed, and otherwise for another', () => {
    const drawn = (seed: number): readonly number[] => {
      const choices = new Choices(seed);
      return Array.from({ length: 50 }, () => choices.below(1000));
    };
    expect(drawn(1)).toEqual(drawn(1));
    expect(drawn(1)).not.toEqual(drawn(2));
  });

  it('gives integers within the limits, each of them', () => {
    const choices = new Choices(3);
    const below = new Set(Array.from({ length: 200 }, () => choices.below(4)));
    const between = new Set(Array.from({ length: 200 }, () => choices.between(5, 7)));
    expect(below).toEqual(new Set([0, 1, 2, 3]));
    expect(between).toEqual(new Set([5, 6, 7]));
  });

  it('takes no decision where there is none to take', () => {
    const choices = new Choices(4);
    expect(choices.below(1)).toBe(0);
    expect(choices.between(9, 9)).toBe(9);
    expect(choices.isLikely(0)).toBe(false);
    expect(choices.taken).toBe(0);
  });

  it('is as likely as it is asked to be', () => {
    const choices = new Choices(5);
    const count = Array.from({ length: 1000 }, () => choices.isLikely(0.25)).filter(Boolean).length;
    expect(count).toBeGreaterThan(200);
    expect(count).toBeLessThan(300);
    expect(new Choices(5).isLikely(1)).toBe(true);
  });

  it('decides as before up to the last random decision, and plainly from then on', () => {
    const all = new Choices(6);
    const some = new Choices(6, 10);
    const drawn = Array.from({ length: 10 }, () => all.between(1, 1000));
    expect(Array.from({ length: 10 }, () => some.between(1, 1000))).toEqual(drawn);
    expect([some.below(1000), some.between(7, 1000), some.isLikely(0.999)]).toEqual([0, 7, false]);
    expect(some.taken).toBe(13);
  });
});

describe('seededRandom', () => {
  const drawn = (seed: number, salt?: number): string => {
    const random = seededRandom(seed, salt);
    return Array.from({ length: 4 }, random).join();
  };

  it('gives other numbers to seeds that differ in any of their 53 bits, and to each salt', () => {
    const seeds = Array.from({ length: 53 }, (_, bit) => 2 ** bit);
    const all = [0, ...seeds, Number.MAX_SAFE_INTEGER].flatMap((seed) => [drawn(seed), drawn(seed, 7)]);
    expect(new Set(all).size).toBe(110);
  });

  it('gives half of all numbers above a half, also to seeds beyond 2³²', () => {
    for (const seed of [5, 2 ** 32 + 5, 2 ** 52 + 5]) {
      const random = seededRandom(seed);
      const high = Array.from({ length: 1000 }, random).filter((number) => number >= 0.5).length;
      expect(Math.abs(high - 500)).toBeLessThan(80);
    }
  });

  it('gives the same numbers for the same seed, from 0 to below 1', () => {
    const [one, other] = [seededRandom(7), seededRandom(7)];
    for (let draw = 0; draw < 100; draw += 1) {
      const number = one();
      expect(number).toBe(other());
      expect(number).toBeGreaterThanOrEqual(0);
      expect(number).toBeLessThan(1);
    }
  });
});
