// `readAlone`: the right to read a socket alone, and what the host is told of the message in hand.

import { describe, expect, it } from 'vitest';
import { fakeSocket, runServer } from 'corosock/testing';
import { scripted } from '../conversation/scripted-transport.ts';
import { MessageSocket } from '../../src/socket/message-socket.ts';
import { readAlone } from '../../src/socket/sole-reader.ts';

describe('readAlone', () => {
  it('gives whole messages, which no other call can read any more', async () => {
    const { link, ws } = scripted();
    const { port } = readAlone(ws, 'relay()');
    link.arrive('a', 'b');
    expect([port.take(), port.take(), port.ready()]).toEqual([['a', 'ok'], ['b', 'ok'], false]);
    await expect(ws.read()).rejects.toMatchObject({ code: 'COROSOCK_CONCURRENT_READ' });
  });

  it('takes the sockets of handlers and of clients', () => {
    const { ws, client } = fakeSocket();
    expect([readAlone(ws, 'relay()').ws, readAlone(client, 'relay()').ws]).toEqual([ws, client]);
  });

  it.each([[undefined], ['ws://localhost'], [{}], [Object.create(MessageSocket.prototype)]])(
    'refuses what is no socket: %o',
    (value) => {
      expect(() => readAlone(value, 'relay()')).toThrow('relay(): expected a socket, got');
    },
  );

  it('has nothing in hand at first, a message where it says so, and what is unread', () => {
    const { link, ws } = scripted();
    const reader = readAlone(ws, 'relay()');
    const seen = [MessageSocket.hasInHand(ws)];
    reader.setInHand('message');
    seen.push(MessageSocket.hasInHand(ws));
    reader.setInHand('nothing');
    seen.push(MessageSocket.hasInHand(ws));
    link.arrive('a');
    seen.push(MessageSocket.hasInHand(ws));
    expect(seen).toEqual([false, true, false, true]);
  });

  it('expects of a handler, for one turn, that it awaits what it has to', async () => {
    const expected: unknown[] = [];
    await using run = runServer(async (ws) => {
      const { owner } = readAlone(ws, 'relay()', 'it').conversation.reader;
      expected.push(owner?.expected?.goOn, String(owner?.expected?.trace.stack).includes('sole-reader.spec'));
      await ws.closed;
      expected.push(owner?.expected);
    });
    await (await run.client).close();
    await run.done;
    expect(expected).toEqual(['it', true, undefined]);
  });

  it('expects nothing of a client, which has no handler', () => {
    const { client } = fakeSocket();
    expect(readAlone(client, 'relay()', 'it').conversation.reader.owner).toMatchObject({
      call: 'relay()',
      expected: undefined,
    });
  });
});
