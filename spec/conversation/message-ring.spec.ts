// The ring by itself: order, sizes, and memory that is given back.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageRing } from '../../src/conversation/message-ring.ts';

describe('MessageRing', () => {
  it('gives the oldest message first, with its bytes', () => {
    const ring = new MessageRing();
    ring.push('a', 1);
    ring.push('bc', 2);
    expect([ring.length, ring.first, ring.firstBytes]).toEqual([2, 'a', 1]);
    ring.shift();
    expect([ring.length, ring.first, ring.firstBytes]).toEqual([1, 'bc', 2]);
    ring.shift();
    expect(ring.length).toBe(0);
  });

  it('puts something in the place of the oldest message, and leaves the others', () => {
    const ring = new MessageRing();
    ring.push('abc', 3);
    ring.push('d', 1);
    ring.replaceFirst('c', 1);
    expect([ring.length, ring.first, ring.firstBytes]).toEqual([2, 'c', 1]);
    ring.shift();
    expect(ring.first).toBe('d');
  });

  it('is a list to which messages are put and from whose front they are taken', () => {
    const burst = fc.record({ pushes: fc.nat({ max: 300 }), shifts: fc.nat({ max: 300 }) });
    fc.assert(
      fc.property(fc.array(burst, { maxLength: 20 }), (bursts) => {
        const ring = new MessageRing();
        const list: number[] = [];
        let pushed = 0;
        for (const { pushes, shifts } of bursts) {
          for (let n = 0; n < pushes; n += 1) {
            ring.push(String(pushed), pushed);
            list.push(pushed);
            pushed += 1;
          }
          for (let n = 0; n < shifts && list.length > 0; n += 1) {
            const oldest = list.shift();
            if (ring.first !== String(oldest) || ring.firstBytes !== oldest) return false;
            ring.shift();
          }
          if (ring.length !== list.length) return false;
        }
        return true;
      }),
    );
  });
});
