// Several hosts and clients in one world, and the links between them.

import { describe, expect, it, vi } from 'vitest';
import type { Handler, Host, ServerSocket } from 'corosock';
import { runServer, world } from 'corosock/testing';
import { Lane } from '../../../../src/testing/simulation/seeded/agenda.ts';
import { seededWorld } from '../seeded-worlds.ts';

const echo: Handler = async (ws) => {
  for await (const message of ws) await ws.write(message);
};
const idle: Handler = async (ws) => void (await ws.closed);

/** Sends each message to all other sockets. */
const chat: Handler = async (ws) => {
  for await (const message of ws) {
    for (const other of ws.host.sockets.values()) if (other !== ws) await other.write(message);
  }
};

describe('the hosts of a world', () => {
  it('serves several clients of several hosts', async () => {
    await using w = world();
    const [one, two] = [w.serve(chat), w.serve(echo)];
    const [ada, bob, eve] = [await w.connect(one), await w.connect(one), await w.connect(two)];
    await ada.write('to bob');
    await eve.write('to eve');
    expect([await bob.read(), await eve.read(), one.sockets.size]).toEqual([
      ['to bob', 'ok'],
      ['to eve', 'ok'],
      2,
    ]);
  });

  it('gives sockets ids that do not depend on whose id is read first', async () => {
    const idsOf = async (readFirst: (ws: readonly ServerSocket[]) => unknown): Promise<readonly string[]> => {
      await using w = world({ seed: 7 });
      const host = w.serve(idle);
      await Promise.all([1, 2, 3].map(() => w.connect(host)));
      readFirst([...host.sockets.values()]);
      return Array.from(host.sockets.values(), ({ id }) => id);
    };
    const ids = await idsOf((sockets) => sockets[0]?.id);
    expect(await idsOf((sockets) => sockets[2]?.id)).toEqual(ids);
  });

  it('finds the server of a path, and its params, by patterns', async () => {
    await using w = world();
    const host = w.serve({
      '/chat/:room': async (ws) => void (await ws.writeJson(ws.request.params)),
      '/idle': idle,
    });
    const ws = await w.connect(host, { url: 'ws://localhost/chat/lobby' });
    expect(await ws.read()).toEqual(['{"room":"lobby"}', 'ok']);
    await expect(w.connect(host)).rejects.toMatchObject({ status: 404 });
  });

  it('infers the parameters of patterns', async () => {
    await using w = world();
    const host = w.serve({
      // Compiles only where `room` is known: of any parameters it would be `params['room']`.
      '/chat/:room': async (ws) => void (await ws.write(ws.request.params.room)),
    });
    const ws = await w.connect(host, { url: 'ws://localhost/chat/lobby' });
    expect(await ws.read()).toEqual(['lobby', 'ok']);
  });

  it('gives the headers and subprotocols of a client to its host', async () => {
    await using w = world();
    const host = w.serve(async (ws) => void (await ws.write(String(ws.request.headers['x-mark']))), {
      protocols: ['v1', 'v2'],
    });
    const ws = await w.connect(host, { headers: { 'X-Mark': '!' }, protocols: ['v2'] });
    expect([await ws.read(), ws.protocol]).toEqual([['!', 'ok'], 'v2']);
  });

  it('takes links that have closed, and those of refused clients, out of its agenda', async () => {
    const w = seededWorld();
    const closed = vi.spyOn(Lane.prototype, 'close');
    const host = w.serve({ '/': idle });
    await (await w.connect(host)).close();
    await expect(w.connect(host, { url: 'ws://localhost/none' })).rejects.toMatchObject({ status: 404 });
    await w.settle();
    const before = closed.mock.calls.length;
    await w[Symbol.asyncDispose]();
    expect([before, closed.mock.calls.length]).toEqual([4, 4]);
  });
});

describe('w.serve and w.connect', () => {
  const w = world({ seed: 1 });
  const code = 'COROSOCK_ARGUMENT';

  it('refuse a clock: a world has its own', () => {
    expect(() => w.serve(idle, { clock: w.clock })).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining('w.serve(): ') as string }),
    );
  });

  it('refuses a host of another world, and names both seeds', async () => {
    const other = world({ seed: 2 });
    await expect(w.connect(other.serve(idle))).rejects.toMatchObject({
      code,
      message: 'w.connect(): expected a host of this world (seed 1), got one of another (seed 2)',
    });
  });

  it('refuses a host of no world', async () => {
    await using run = runServer(idle);
    await expect(w.connect(run.host)).rejects.toMatchObject({ code });
    await expect(w.connect({} as Host)).rejects.toMatchObject({ code });
  });
});
