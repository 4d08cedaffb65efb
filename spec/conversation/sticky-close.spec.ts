// Loops over calls that cannot wait (docs/internals/decisions/fairness.md): from the third in a row
// such a call lets the event loop have a turn, and the hundredth read after the end throws.

import { describe, expect, it } from 'vitest';
import { CLOSED_BY_PEER, scripted } from './scripted-transport.ts';
import type { MessageSocket } from '../../src/socket/message-socket.ts';
import { LAST_CLOSED_READ } from '../../src/conversation/read-mistakes.ts';
import { yieldsOf } from '../time/yields-of.ts';

const closedSocket = (): MessageSocket => {
  const { link, ws } = scripted();
  link.end(CLOSED_BY_PEER);
  return ws;
};

describe('a call that cannot wait', () => {
  it.each([
    ['read after the end', closedSocket, (ws: MessageSocket) => ws.read()],
    ['readMessage after the end', closedSocket, (ws: MessageSocket) => ws.readMessage(Infinity)],
    ['write after the end', closedSocket, (ws: MessageSocket) => ws.write('a')],
    ['read of 0 ms', () => scripted().ws, (ws: MessageSocket) => ws.read(10, 0)],
    [
      'write of 0 ms without room',
      () => {
        const { ws } = scripted({ writeBufferBytes: 1 });
        void ws.write('a');
        return ws;
      },
      (ws: MessageSocket) => ws.write('b', { timeoutMs: 0 }),
    ],
  ])('yields to the event loop from the third in a row on: %s', async (_, make, call) => {
    const ws = make();
    expect(await yieldsOf(5, () => call(ws))).toEqual([false, false, true, true, true]);
  });

  it('counts anew after a read that took something', async () => {
    const { link, ws } = scripted();
    const read = (): Promise<unknown> => ws.read(10, 0);
    await yieldsOf(4, read);
    link.arrive('a');
    expect(await yieldsOf(4, read)).toEqual([false, false, false, true]);
  });

  it('counts anew after a read that got a message while the event loop had a turn', async () => {
    const { link, ws } = scripted();
    const read = (): Promise<unknown> => ws.read(10, 0);
    await yieldsOf(2, read);
    const yielding = read();
    link.arrive('a');
    expect(await yielding).toEqual(['a', 'ok']);
    expect(await yieldsOf(3, read)).toEqual([false, false, true]);
  });

  it('counts anew after a read that waited', async () => {
    const { clock, ws } = scripted();
    const read = (): Promise<unknown> => ws.read(10, 0);
    await yieldsOf(4, read);
    const waiting = ws.read(10, 5);
    clock.tick(5);
    await waiting;
    expect(await yieldsOf(3, read)).toEqual([false, false, true]);
  });

  it('counts anew after a write that was accepted, and after one that waited', async () => {
    const { link, ws } = scripted({ writeBufferBytes: 1 });
    const write = (): Promise<unknown> => ws.write('b', { timeoutMs: 0 });
    await ws.write('a');
    await yieldsOf(4, write);
    link.take();
    await ws.write('c');
    expect(await yieldsOf(3, write)).toEqual([false, false, true]);
    const waiting = ws.write('d');
    link.take();
    await waiting;
    expect(await yieldsOf(3, write)).toEqual([false, false, true]);
  });

  it('gets a message that comes during the turn of the event loop', async () => {
    const { link, ws } = scripted();
    await yieldsOf(2, () => ws.read(10, 0));
    const read = ws.read(10, 0);
    link.arrive('a');
    expect(await read).toEqual(['a', 'ok']);
  });

  it('gets closed when the end comes during that turn', async () => {
    const { link, ws } = scripted();
    await yieldsOf(2, () => ws.read(10, 0));
    const read = ws.read(10, 0);
    link.end();
    expect(await read).toEqual([undefined, 'closed']);
  });
});

describe('the hundredth closed read in a row', () => {
  const mistake = {
    name: 'UsageError',
    code: 'COROSOCK_READ_AFTER_CLOSE',
    message: `ws.read(): expected the loop to end at 'closed', but this is its read number 100 after the end`,
  };

  async function readNinetyNine(ws: MessageSocket): Promise<void> {
    for (let n = 1; n < LAST_CLOSED_READ; n += 1) expect(await ws.read()).toEqual([undefined, 'closed']);
  }

  it('throws, and so do all that follow', async () => {
    const ws = closedSocket();
    await readNinetyNine(ws);
    await expect(ws.read()).rejects.toMatchObject(mistake);
    const named = mistake.message.replace('ws.read()', 'ws.readMessage()');
    await expect(ws.readMessage()).rejects.toMatchObject({ code: mistake.code, message: named });
  });

  it('yields to the event loop first: a loop that catches the error starves no timer either', async () => {
    const ws = closedSocket();
    await readNinetyNine(ws);
    expect(await yieldsOf(3, () => ws.read().catch(() => 'caught'))).toEqual([true, true, true]);
  });

  it('throws in iterations too', async () => {
    const ws = closedSocket();
    const iterate = async (): Promise<void> => {
      for await (const message of ws) throw new Error(`received ${String(message)}`);
    };
    for (let n = 1; n < LAST_CLOSED_READ; n += 1) await iterate();
    await expect(iterate()).rejects.toMatchObject({ code: mistake.code });
  });
});
