// `readAlone`: the right to read a socket alone, and what the host is told of the message in hand.

import { describe, expect, it } from 'vitest';
import type { Handler, Socket } from 'corosock';
import { fakeSocket, runServer, settle } from 'corosock/testing';
import { recordWarnings } from '../fixtures/process-events.ts';
import { scripted } from '../conversation/scripted-transport.ts';
import { MessageSocket } from '../../src/socket/message-socket.ts';
import { readAlone, reportEarlyReturn } from '../../src/socket/sole-reader.ts';

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
});

describe('reportEarlyReturn', () => {
  const relay = (ws: Socket): void =>
    reportEarlyReturn(readAlone(ws, 'relay()').conversation, 'relay()', 'it');
  const fail = (ws: Socket): void => {
    relay(ws);
    throw new Error('thrown');
  };

  it.each<[string, Handler, readonly string[]]>([
    ['that returns at once, for the first of two clients', relay, ['COROSOCK_FORGOTTEN_AWAIT']],
    ['that goes on: nothing', (ws) => (relay(ws), ws.closed.then(() => {})), []],
    ['that throws: its own errors', fail, ['thrown', 'thrown']],
  ])('reports of a handler %s', async (_, server, reports) => {
    const seen: unknown[] = [];
    const report = (error: unknown): void =>
      void seen.push((error as { code?: string }).code ?? (error as Error).message);
    await using run = runServer(server, { report });
    const clients = [await run.client, await run.connect()];
    await settle();
    const later = await run.connect();
    for (const client of [...clients, later]) await client.close();
    await settle();
    expect(seen.slice(0, 2)).toEqual(reports);
  });

  it('says nothing of a client, which has no handler', async () => {
    using warnings = recordWarnings();
    const { client } = fakeSocket();
    relay(client);
    await client.close();
    await settle();
    expect(warnings.texts).toEqual([]);
  });
});
