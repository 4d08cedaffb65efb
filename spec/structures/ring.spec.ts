// The ring: order, growth, and memory that is given back.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ring } from '../../src/structures/ring.ts';

describe('Ring', () => {
  it('gives the oldest value first', () => {
    const ring = new Ring<string>();
    ring.push('a');
    ring.push('bc');
    expect([ring.length, ring.first, ring.shift()]).toEqual([2, 'a', 'a']);
    expect([ring.length, ring.first, ring.shift()]).toEqual([1, 'bc', 'bc']);
    expect(ring.length).toBe(0);
  });

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

  it('takes values before the oldest, also when it is full or empty', () => {
    const ring = new Ring<number>();
    for (let n = 1; n <= 20; n += 1) ring.unshift(n);
    ring.push(0);
    expect(Array.from({ length: ring.length }, () => ring.shift())).toEqual([
      ...Array.from({ length: 20 }, (_, n) => 20 - n),
      0,
    ]);
  });

  it('does what an array does, whatever is pushed and shifted', () => {
    const burst = fc.record({ pushes: fc.nat({ max: 300 }), shifts: fc.nat({ max: 300 }) });
    fc.assert(
      fc.property(fc.array(burst, { maxLength: 20 }), (bursts) => {
        const ring = new Ring<number>();
        const list: number[] = [];
        let pushed = 0;
        for (const { pushes, shifts } of bursts) {
          for (let n = 0; n < pushes; n += 1) {
            ring.push(pushed);
            list.push(pushed);
            pushed += 1;
          }
          for (let n = 0; n < shifts && list.length > 0; n += 1) {
            const oldest = list.shift();
            if (ring.first !== oldest || ring.shift() !== oldest) return false;
          }
          if (ring.length !== list.length) return false;
        }
        return true;
      }),
    );
  });

  it('keeps undefined as a value like any other', () => {
    const ring = new Ring<undefined>();
    ring.push(undefined);
    expect([ring.length, ring.shift(), ring.length]).toEqual([1, undefined, 0]);
  });
});
