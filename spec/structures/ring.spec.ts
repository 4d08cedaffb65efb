// The ring of a channel: order, growth, and what an empty one holds.

import { describe, expect, it } from 'vitest';
import { Ring } from '../../src/structures/ring.ts';

describe('Ring', () => {
  it('gives values in the order in which they came, however it is filled and emptied', () => {
    const ring = new Ring<number>();
    const taken: number[] = [];
    let put = 0;
    for (const step of [3, -2, 8, -5, 30, -34, 1, -1, 300, -300]) {
      for (let n = 0; n < step; n += 1) ring.push((put += 1));
      for (let n = 0; n > step; n -= 1) taken.push(ring.shift());
    }
    expect(taken).toEqual(Array.from({ length: put }, (_, n) => n + 1));
    expect(ring.length).toBe(0);
  });

  it('keeps undefined as a value like any other', () => {
    const ring = new Ring<undefined>();
    ring.push(undefined);
    expect([ring.length, ring.shift(), ring.length]).toEqual([1, undefined, 0]);
  });
});
