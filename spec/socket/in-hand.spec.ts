// R15: whether the holder of a socket may still answer a message
// (docs/internals/decisions/last-words.md). What follows from it: server/last-words.spec.ts.

import { describe, expect, it } from 'vitest';
import { select } from 'corosock';
import { MessageSocket } from '../../src/socket/message-socket.ts';
import { scripted } from '../conversation/scripted-transport.ts';
import { turn } from '../time/hand-clock.ts';

const { hasInHand } = MessageSocket;

describe('R15: a socket has', () => {
  it('nothing in hand before its holder reads, whatever is queued', () => {
    const { link, ws } = scripted();
    link.arrive('a');
    expect(hasInHand(ws)).toBe(false);
  });

  it.each<readonly [how: string, read: (ws: MessageSocket) => Promise<unknown>]>([
    ['a read', (ws) => ws.read(1)],
    ['a read that waited', (ws) => ws.readMessage()],
    ['readJson', (ws) => ws.readJson().catch(() => {})],
    ['select', (ws) => select({ ws })],
  ])('a message in hand that %s has given, and none while it waits again', async (how, read) => {
    const { link, ws } = scripted();
    if (how !== 'a read that waited') link.arrive('a');
    const reading = read(ws);
    link.arrive('a');
    await reading;
    expect(hasInHand(ws)).toBe(true);
    while ((await ws.read(9, 0))[1] === 'ok') continue;
    expect(hasInHand(ws)).toBe(true);
    void read(ws);
    await turn();
    expect(hasInHand(ws)).toBe(false);
  });

  it('a message in hand that is still queued, once it has asked for one', async () => {
    const { link, ws } = scripted();
    expect([await ws.read(9, 0), hasInHand(ws)]).toEqual([[undefined, 'timeout'], false]);
    link.arrive('a');
    expect(hasInHand(ws)).toBe(true);
  });
});
