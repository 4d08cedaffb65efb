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
});
