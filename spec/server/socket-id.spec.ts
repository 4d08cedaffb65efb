// Ids: their form, and that they cannot be guessed.

import { describe, expect, it } from 'vitest';
import { newNodeId, newSocketId } from '../../src/server/socket-id.ts';

describe('newNodeId', () => {
  it('gives 48 random bits that can stand in a URL', () => {
    expect(newNodeId()).toMatch(/^[\w-]{8}$/);
    expect(newNodeId()).not.toBe(newNodeId());
  });
});

describe('newSocketId', () => {
  it('gives the id of the node and 128 random bits', () => {
    expect(newSocketId('node')).toMatch(/^node\.[\w-]{22}$/);
  });

  it('never gives the same id twice', () => {
    const ids = Array.from({ length: 1000 }, () => newSocketId('node'));
    expect(new Set(ids).size).toBe(1000);
  });
});
