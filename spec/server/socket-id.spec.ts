// The id of a socket: drawn once, and only when it is read.

import { describe, expect, it } from 'vitest';
import { SocketId } from '../../src/server/socket-id.ts';

describe('SocketId', () => {
  it('is drawn when it is first read, once', () => {
    const drawn: unknown[] = [];
    const id = new SocketId((of) => `id ${drawn.push(of)}`);
    const before = [id.isDrawn, drawn.length];
    expect([...before, id.value, id.value, id.isDrawn]).toEqual([false, 0, 'id 1', 'id 1', true]);
    expect(drawn).toEqual([id]);
  });

  it('finds nothing until its socket is open', () => {
    expect(new SocketId(() => 'an id').socket).toBe(undefined);
  });

  it('leaves its slot once, and admits nothing afterwards', () => {
    const calls: unknown[] = [];
    const slot = {
      admit: (id: SocketId) => calls.push(['admit', id]),
      leave: (id: SocketId) => calls.push(['leave', id]),
    };
    const id = new SocketId(() => 'an id', slot);
    id.admit();
    id.leave();
    id.leave();
    id.admit();
    expect(calls).toEqual([
      ['admit', id],
      ['leave', id],
    ]);
  });
});
