// Ids: their form, and that they cannot be guessed.

import { describe, expect, it } from 'vitest';
import { SocketIds } from '../../src/server/socket-id.ts';

describe('SocketIds', () => {
  it('names a node with 48 random bits that can stand in a URL', () => {
    const { nodeId } = new SocketIds();
    expect(nodeId).toMatch(/^[\w-]{8}$/);
    expect(nodeId).not.toBe(new SocketIds().nodeId);
  });

  it('names a socket with the id of the node and 128 random bits', () => {
    const ids = new SocketIds();
    const name = ids.next();
    expect([name.slice(0, 9), name.slice(9)]).toEqual([
      `${ids.nodeId}.`,
      expect.stringMatching(/^[\w-]{22}$/),
    ]);
  });

  it('never gives the same id twice', () => {
    const ids = new SocketIds();
    const names = Array.from({ length: 1000 }, () => ids.next());
    expect(new Set(names).size).toBe(1000);
  });

  it('gives each bit of an id by chance', () => {
    const ids = new SocketIds();
    const all = Array.from({ length: 200 }, () => Buffer.from(ids.next().slice(9), 'base64url'));
    for (let bit = 0; bit < 128; bit += 1) {
      const ones = all.filter((bytes) => ((bytes[bit >> 3] as number) >> (bit & 7)) & 1).length;
      // Beyond 7 standard deviations: less often than once in 10¹¹.
      expect(Math.abs(ones - 100)).toBeLessThan(50);
    }
  });
});
