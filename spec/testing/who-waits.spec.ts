// The words for who waits where.

import { describe, expect, it } from 'vitest';
import { channel, memoryBroker, select } from 'corosock';
import type { Broker, Handler, ServerSocket } from 'corosock';
import { fakeSocket, settle, virtualClock } from 'corosock/testing';
import { machineRandomness } from '../../src/platform/random-ids.ts';
import { MessageSocket } from '../../src/socket/message-socket.ts';
import { MemoryServer } from '../../src/testing/memory-server.ts';
import { begin } from '../../src/testing/opening.ts';
import { handlersWaiting, socketsWaiting } from '../../src/testing/who-waits.ts';

const HERE = /who-waits\.spec\.ts:\d+/g;
/** One that is collected is waited for no longer. */
const held = channel();

/** What is said of one handler, in a server of its own. */
async function saidOf(
  handler: Handler,
  options: {
    readonly writeBufferBytes?: number;
    readonly queueMessages?: number;
    readonly broker?: Broker;
  } = {},
): Promise<readonly string[]> {
  const server = new MemoryServer('runServer()', handler, { clock: virtualClock(), ...options });
  await begin(server, server.first);
  await settle();
  return handlersWaiting(server, () => undefined).map((text) => text.replaceAll(HERE, 'HERE'));
}

describe('who waits where', () => {
  it.each<[string, Handler]>([
    ['waits in read at HERE', async (ws) => void (await ws.read())],
    ['waits in select at HERE', async (ws) => void (await select({ ws }))],
    ['waits in close at HERE', async (ws) => void (await ws.closed)],
    ['waits at HERE', async () => void (await held.take())],
    ['waits in no call of this package', async () => await new Promise(() => {})],
  ])('says: handler %s', async (expected, handler) => {
    expect(await saidOf(handler)).toEqual([`handler ${expected}`]);
  });

  it('says where a handler and its child task wait', async () => {
    const said = await saidOf(async (ws) => {
      await ws.spawn(async function poll() {
        await ws.read();
      });
    });
    expect(said).toEqual(['handler waits in task at HERE', "task 'poll' of handler waits in read at HERE"]);
  });

  it('says that a handler waits in join, for other nodes', async () => {
    const said = await saidOf(async (ws) => void (await ws.join('lobby')), { broker: memoryBroker().node() });
    expect(said).toEqual(['handler waits in join at HERE']);
  });

  it('says that a write waits for a reader', async () => {
    const said = await saidOf(
      async (ws) => {
        for (;;) await ws.write('x');
      },
      { writeBufferBytes: 1, queueMessages: 1 },
    );
    expect(said).toEqual(['handler waits in write at HERE']);
  });

  it('names the route of a handler, and the client where there are several', async () => {
    const routes = { '/chat': async (ws: ServerSocket) => void (await ws.read()) };
    const server = new MemoryServer('w.serve()', routes, {}, machineRandomness);
    const request = server.requestOf('w.connect()', { url: 'ws://localhost/chat' });
    for (let client = 0; client < 2; client += 1) await begin(server, request);
    await settle();
    expect(handlersWaiting(server, (index) => `client ${index}`)).toEqual([
      expect.stringMatching('^handler of /chat of client 0 waits in read at '),
      expect.stringMatching('^handler of /chat of client 1 waits in read at '),
    ]);
  });

  it('says what a test awaits of a socket, and not who listens to its end', async () => {
    const { ws, client } = fakeSocket();
    const sockets = [ws, client].map((socket, index) => ({
      name: `socket ${index}`,
      conversation: MessageSocket.conversationOf(socket as unknown as MessageSocket),
    }));
    const wait = async (): Promise<unknown> => await client.closed;
    void ws.closed;
    void wait();
    void ws.read();
    await settle();
    const said = socketsWaiting(sockets).map((text) => text.replaceAll(HERE, 'HERE'));
    expect(said).toEqual(['socket 0 waits in read at HERE', 'socket 1 waits in close at HERE']);
  });

  it('gives no line where nothing awaits the call', async () => {
    const { ws } = fakeSocket({ writeBufferBytes: 1, queueMessages: 1 });
    for (let message = 0; message < 9; message += 1) void ws.write('x');
    await settle();
    const conversation = MessageSocket.conversationOf(ws as unknown as MessageSocket);
    expect(socketsWaiting([{ name: 'ws', conversation }])).toContain('ws waits in write');
  });
});
