// Ids of sockets and sessions: their form, and that they cannot be guessed.

import { describe, expect, it } from 'vitest';
import {
  giveRandomness,
  machineRandomness,
  RandomIds,
  randomnessFor,
} from '../../src/platform/random-ids.ts';

describe('RandomIds', () => {
  it.each([1, 6, 16, 24])('makes ids of %d bytes, in base64url', (bytes) => {
    const ids = new RandomIds(bytes);
    for (let n = 0; n < 100; n += 1) {
      const id = ids.next();
      expect(id).toMatch(/^[\w-]+$/);
      expect(Buffer.from(id, 'base64url').length).toBe(bytes);
    }
  });

  it('never makes the same id twice', () => {
    const [one, other] = [new RandomIds(16), new RandomIds(16)];
    const all = Array.from({ length: 1000 }, () => [one.next(), other.next()]).flat();
    expect(new Set(all).size).toBe(2000);
  });

  it('makes each bit at random', () => {
    const ids = new RandomIds(16);
    const all = Array.from({ length: 200 }, () => Buffer.from(ids.next(), 'base64url'));
    for (let bit = 0; bit < 128; bit += 1) {
      const ones = all.filter((bytes) => ((bytes[bit >> 3] as number) >> (bit & 7)) & 1).length;
      // Beyond 7 standard deviations: less often than once in 10¹¹.
      expect(Math.abs(ones - 100)).toBeLessThan(50);
    }
  });

  it('makes them of a given randomness', () => {
    const fill = (bytes: Uint8Array): void => void bytes.fill(255);
    expect(new RandomIds(3, { next: () => 0, fill, idsAtOnce: 1 }).next()).toBe('____');
  });

  it('asks a randomness for as many ids at once as it says', () => {
    const asked: number[] = [];
    const fill = (bytes: Uint8Array): void => void asked.push(bytes.length);
    const ids = new RandomIds(3, { next: () => 0, fill, idsAtOnce: 2 });
    for (let id = 0; id < 3; id += 1) ids.next();
    expect(asked).toEqual([6, 6]);
  });

  it('finds the randomness of a world by an object of it, and that of the machine for all others', () => {
    const [node, other] = [{}, {}];
    const randomness = { next: () => 0, fill: () => {}, idsAtOnce: 1 };
    giveRandomness(node, randomness);
    expect([randomnessFor(node), randomnessFor(other)]).toEqual([randomness, machineRandomness]);
  });
});
