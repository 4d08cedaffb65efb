// Shared sockets as a whole: what outlives the handler, what onClientMessage gets
// and when, and how all of it ends (I2, I6, docs/internals/decisions/shared-sockets.md).
// How a host closes them: shut-down-shared.spec.ts.

import { UsageError } from 'corosock';
import type { Data, ServerSocket, WebSocketServer } from 'corosock';
import { runServer, settle, virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { Held, say, visit } from '../fixtures/held-server.ts';
import { gist, MemoryHost } from '../fixtures/memory-host.ts';
import type { MemoryVisit } from '../fixtures/memory-host.ts';

const until = async (ws: ServerSocket): Promise<void> => void (await ws.closed);

describe('a shared socket', () => {
  it('outlives its handler', async () => {
    const { run, ws, client } = visit({ server: () => {} });
    await settle();
    expect([run.isHandlerRunning, ws.closeInfo]).toEqual([false, undefined]);
    await ws.write('later');
    expect(await client.read()).toEqual(['later', 'ok']);
  });

  it.each([
    [true, undefined],
    [false, 1000],
  ])('is what onPreServer says: sharedConnection %s', async (sharedConnection, code) => {
    await using run = runServer(
      {
        onPreServer: (handshake) => void (handshake.sharedConnection = sharedConnection),
        server: () => {},
        onClientMessage: () => false,
      },
      { clock: virtualClock(), report: () => {} },
    );
    const client = await run.client;
    await settle();
    expect(client.closeInfo?.code).toBe(code);
  });

  it('cannot be made shared later', async () => {
    const { ws } = new MemoryHost().visit(until).run;
    expect(() => void Reflect.set(ws, 'sharedConnection', true, ws)).toThrow(UsageError);
    expect(ws.sharedConnection).toBe(false);
  });

  it('closes with 1011 when its handler throws', async () => {
    const { run, memory } = visit({ server: () => Promise.reject(new Error('no')) });
    expect(gist((await run.outcome).end)).toEqual([1011, 'handler', true]);
    expect(memory.reports).toMatchObject([[{ message: 'no' }, { phase: 'server' }]]);
  });

  it('pauses its link when there is neither a reader nor onClientMessage', async () => {
    const { ws, client } = visit({ server: () => {} }, { queueMessages: 2 });
    await say(client, '1', '2', '3', '4');
    expect(ws.queued.messages).toBeLessThan(4);
    for (const text of ['1', '2', '3', '4']) expect(await ws.read()).toEqual([text, 'ok']);
  });
});

describe('onClientMessage', () => {
  it('consumes the messages that it returns true for; the rest is read, in order', async () => {
    const { ws, client } = visit({
      server: () => {},
      onClientMessage: (_, data) => data !== 'b' && data !== 'd',
    });
    await say(client, 'a', 'b', 'c', 'd', 'e');
    expect([ws.queued.messages, await ws.read(), await ws.read()]).toEqual([2, ['b', 'ok'], ['d', 'ok']]);
  });

  it('gets bytes where ws.binaryData is true; a handle that reads the rest has a binaryData of its own', async () => {
    const offered: Data[] = [];
    const { ws, memory, client } = visit({
      server: (socket) => void (socket.binaryData = true),
      onClientMessage: (_, data) => {
        offered.push(data);
        return false;
      },
    });
    const [handle] = await memory.host.openServer(ws.id);
    await say(client, '€', 'b');
    expect(offered).toEqual([Buffer.from('€'), Buffer.from('b')]);
    expect([await handle?.read(), await ws.read()]).toEqual([
      ['€', 'ok'],
      [Buffer.from('b'), 'ok'],
    ]);
    ws.binaryData = false;
    await say(client, 'c');
    expect(offered.at(-1)).toBe('c');
  });

  it('is not called for a dedicated socket', async () => {
    const server = new Held();
    const { client } = new MemoryHost().visit({
      onClientMessage: server.onClientMessage.bind(server),
      server: until,
    });
    await say(client, 'a');
    expect(server.calls).toEqual([]);
  });

  it('keeps `this`, and gets the socket of the handler', async () => {
    const seen: unknown[] = [];
    const server: WebSocketServer = {
      server: () => {},
      onClientMessage(socket) {
        seen.push(this, socket);
        return true;
      },
    };
    const { ws, client } = visit(server);
    await say(client, 'a');
    expect([seen.length, seen[0] === server, seen[1] === ws]).toEqual([2, true, true]);
  });

  it('is called for one message at a time and in order for each socket', async () => {
    const server = new Held();
    const { client } = visit(server);
    await say(client, 'a', 'b', 'c');
    expect(server.calls).toEqual(['a']);
    await server.answer();
    await server.answer(false);
    await server.answer();
    expect([server.calls, server.mostAtOnce]).toEqual([['a', 'b', 'c'], 1]);
  });

  it('is called poolSize times at once over all sockets', async () => {
    const server = new Held();
    const memory = new MemoryHost({ poolSize: 2 });
    const clients = Array.from({ length: 5 }, () => memory.visit(server, 'shared').client);
    for (const [index, client] of clients.entries()) await say(client, `${index}a`, `${index}b`);
    expect(server.calls).toEqual(['0a', '1a']);
    for (let n = 0; n < 10; n += 1) await server.answer();
    expect([server.calls.length, server.mostAtOnce]).toEqual([10, 2]);
    for (const index of clients.keys()) {
      expect(server.calls.filter((data) => String(data).startsWith(`${index}`))).toEqual([
        `${index}a`,
        `${index}b`,
      ]);
    }
  });

  it.each<[string, () => Promise<boolean>]>([
    ['throws', (): never => raise(new Error('secret'))],
    ['rejects', async () => raise(new Error('secret'))],
  ])('A1: closes with 1011 when it %s, and is not called again', async (_, fail) => {
    const calls: Data[] = [];
    const { run, memory, client } = visit({
      server: () => {},
      onClientMessage: (_ws, data) => {
        calls.push(data);
        return fail();
      },
    });
    await say(client, 'a', 'b');
    const { end } = await run.outcome;
    expect([gist(end), end.unread, calls]).toEqual([[1011, 'handler', true], 2, ['a']]);
    expect(await client.closed).toMatchObject({ code: 1011, reason: '' });
    expect(memory.reports).toMatchObject([
      [{ message: 'secret' }, { socketId: run.ws.id, phase: 'onClientMessage' }],
    ]);
    expect(memory.clock.timers).toBe(0);
  });

  it('is not reported for the end of its socket, nor for the request to finish', async () => {
    for (const [signal, act, code] of [
      ['signal', ({ client }: MemoryVisit) => client.terminate(), 1006],
      ['draining', ({ run }: MemoryVisit) => run.askToFinish(), 1001],
    ] as const) {
      const all = visit({
        server: until,
        onClientMessage: async (ws) => (await ws.read({ signal: ws[signal] }))[1] === 'ok',
      });
      await say(all.client, 'a');
      act(all);
      expect((await all.run.outcome).end.code).toBe(code);
      expect(all.memory.reports).toEqual([]);
    }
  });

  it('A3: is reported after 30 s, releases its permit, and keeps its socket in order', async () => {
    const server = new Held();
    const memory = new MemoryHost({ poolSize: 1 });
    const [slow, other] = [memory.visit(server, 'shared'), memory.visit(server, 'shared')];
    await say(slow.client, 'slow 1', 'slow 2');
    await say(other.client, 'other');
    await memory.clock.advance(29_999);
    expect([server.calls, memory.reports]).toEqual([['slow 1'], []]);
    await memory.clock.advance(1);
    expect(server.calls).toEqual(['slow 1', 'other']);
    expect(memory.reports).toMatchObject([
      [
        {
          message: expect.stringMatching(
            /^onClientMessage has not settled in 30 s, and has left the pool/,
          ) as string,
        },
        { socketId: slow.run.ws.id, phase: 'onClientMessage' },
      ],
    ]);
    await server.answer(true, 'other');
    expect(server.calls).toEqual(['slow 1', 'other']);
    await server.answer(false, 'slow 1');
    await server.answer(true, 'slow 2');
    expect([server.calls, await slow.run.ws.read()]).toEqual([
      ['slow 1', 'other', 'slow 2'],
      ['slow 1', 'ok'],
    ]);
    expect(slow.client.closeInfo).toBe(undefined);
  });

  it('A3: is reported to wait for ever where it awaits a read of its own socket', async () => {
    const calls: Data[] = [];
    const { memory, ws, client } = visit({
      server: () => {},
      onClientMessage: async (socket, data) => {
        calls.push(data);
        return (await socket.read(undefined, Infinity))[1] === 'ok';
      },
    });
    await say(client, 'a', 'b');
    await memory.clock.advance(60_000);
    expect([calls, ws.queued.messages]).toEqual([['a'], 2]);
    expect(memory.reports.map(([error]) => String(error))).toEqual([
      expect.stringContaining('Where it awaits a read of its own socket, it waits for ever'),
    ]);
  });

  it('pauses the link while too much waits for it', async () => {
    const server = new Held();
    const { ws, client } = visit(server, { queueMessages: 2 });
    const all = Array.from({ length: 10 }, (_, n) => String(n));
    await say(client, ...all);
    expect(ws.queued.messages).toBeLessThan(10);
    for (const _ of all) await server.answer();
    expect([server.calls, ws.queued.messages]).toEqual([all, 0]);
  });

  it('is still called for what came before the end; then comes closed, then onPostServer', async () => {
    const server = new Held();
    const { ws, run, client } = visit(server);
    await say(client, 'a', 'b', 'c');
    const reads = [ws.read(), ws.read()];
    client.terminate();
    await settle();
    await server.answer();
    await server.answer(false);
    expect([server.calls, await reads[0]]).toEqual([
      ['a', 'b', 'c'],
      ['b', 'ok'],
    ]);
    expect(ws.closeInfo?.unread).toBe(1);
    await server.answer();
    expect([await reads[1], await ws.read()]).toEqual([
      [undefined, 'closed'],
      [undefined, 'closed'],
    ]);
    await run.outcome;
    expect([server.calls, server.ends]).toMatchObject([
      ['a', 'b', 'c', 'onPostServer'],
      [{ code: 1006, unread: 0 }],
    ]);
  });

  it('leaves its time-out to a read that waits, after the end, for an offered message', async () => {
    const server = new Held();
    const { ws, client, memory } = visit(server);
    await say(client, 'a');
    const read = ws.read(undefined, 700);
    client.terminate();
    await settle();
    await memory.clock.advance(699);
    let status: unknown = 'none yet';
    void read.then((result) => ([, status] = result));
    await settle();
    expect(status).toBe('none yet');
    await memory.clock.advance(1);
    expect(await read).toEqual([undefined, 'timeout']);
    await server.answer(false);
    expect([await ws.read(), await ws.read(), memory.clock.timers]).toEqual([
      ['a', 'ok'],
      [undefined, 'closed'],
      0,
    ]);
  });

  it('A3: is abandoned closeTimeoutMs after the end, and holds nothing open', async () => {
    const server = new Held();
    const { ws, run, client, memory } = visit(server, { closeTimeoutMs: 700 });
    await say(client, 'a', 'b');
    client.terminate();
    await settle();
    await memory.clock.advance(700);
    expect([(await run.outcome).kind, server.calls, ws.closeInfo?.unread]).toEqual([
      'returned',
      ['a', 'onPostServer'],
      2,
    ]);
    expect(memory.reports).toMatchObject([
      [
        { message: 'onClientMessage still runs 700 ms after its socket has closed' },
        { socketId: ws.id, phase: 'onClientMessage' },
      ],
    ]);
    await server.answer();
    // Until then further ones are counted.
    await memory.clock.advance(60_000);
    expect([server.calls, memory.reports.length, memory.clock.timers]).toEqual([['a', 'onPostServer'], 1, 0]);
  });

  it('A3: is abandoned, too, when it waits for the pool, and is not reported to run', async () => {
    const [busy, server] = [new Held(), new Held()];
    const { memory, client: other } = visit(busy, { closeTimeoutMs: 700, poolSize: 1 });
    await say(other, 'a');
    const { run, client } = memory.visit(server, 'shared');
    await say(client, 'b', 'c');
    client.terminate();
    await settle();
    await memory.clock.advance(700);
    await run.outcome;
    const where = { socketId: run.ws.id, phase: 'onClientMessage' };
    expect(memory.reports).toMatchObject([
      [{ message: 'Messages still wait for onClientMessage 700 ms after its socket has closed' }, where],
    ]);
    await busy.answer();
    expect([server.calls, run.ws.closeInfo?.unread, memory.reports.length]).toEqual([['onPostServer'], 2, 1]);
  });

  it('A3: is abandoned together with a handler, each by its name', async () => {
    const server = Object.assign(new Held(), { server: () => new Promise<void>(() => {}) });
    const { run, client, memory } = visit(server, { closeTimeoutMs: 700 });
    await say(client, 'a');
    client.terminate();
    await settle();
    await memory.clock.advance(700);
    expect((await run.outcome).kind).toBe('abandoned');
    expect(memory.reports.map(([error, { phase }]) => [(error as Error).message, phase])).toEqual([
      ['The handler still runs 700 ms after its socket has closed', 'server'],
      ['onClientMessage still runs 700 ms after its socket has closed', 'onClientMessage'],
    ]);
  });
});

function raise(error: unknown): never {
  throw error;
}
