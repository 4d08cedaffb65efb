// Several hosts and clients in one world: their order comes from one seed, their time its clock's.

import { describe, expect, it, vi } from 'vitest';
import type { Handler, Host } from 'corosock';
import { runServer, world } from 'corosock/testing';
import { Lane } from '../../../../src/testing/simulation/seeded/agenda.ts';
import { SeededWorld } from '../../../../src/testing/simulation/world/world.ts';

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

describe('world', () => {
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

  it('settles when all that is ready has run', async () => {
    await using w = world();
    const ws = await w.connect(w.serve(echo));
    await ws.write('a');
    await w.settle();
    expect(ws.queued.messages).toBe(1);
  });

  it('takes links that have closed, and those of refused clients, out of its agenda', async () => {
    const w = new SeededWorld({ seed: 1, faults: 'none' });
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

describe('a world that gets what it does not take', () => {
  const w = world({ seed: 1 });
  const code = 'COROSOCK_ARGUMENT';

  it.each<[string, () => unknown]>([
    ['world(): expected seed to be a safe integer ≥ 0, got -1', () => world({ seed: -1 })],
    ['world(): expected seed to be a safe integer ≥ 0, got 0.5', () => world({ seed: 0.5 })],
    ["world(): expected fidelity to be 'messages' or 'wire'", () => world({ fidelity: 'bytes' as never })],
    ['w.spawn(): expected name to be a string', () => w.spawn(1 as never, async () => {})],
    ['w.spawn(): expected script to be a function', () => w.spawn('a', 1 as never)],
    ['w.serve(): ', () => w.serve(idle, { clock: w.clock })],
  ])('refuses: %s', (message, call) => {
    expect(call).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) as string }),
    );
  });

  it('refuses a host of another world, and names both seeds', async () => {
    const other = world({ seed: 2 });
    await expect(w.connect(other.serve(idle))).rejects.toMatchObject({
      code,
      message: 'w.connect(): expected a host of this world (seed 1), got one of another (seed 2)',
    });
  });

  it('refuses to go on after its end', async () => {
    const ended = world({ seed: 3 });
    const host = ended.serve(idle);
    await ended[Symbol.asyncDispose]();
    const text = (call: string): string =>
      `${call}: expected a world that lives, got that of seed 3, which has ended`;
    expect(() => ended.serve(idle)).toThrow(expect.objectContaining({ code, message: text('w.serve()') }));
    const spawning = (): unknown => ended.spawn('ada', async () => {});
    expect(spawning).toThrow(expect.objectContaining({ code, message: text('w.spawn()') }));
    await expect(ended.connect(host)).rejects.toMatchObject({ code, message: text('w.connect()') });
  });

  it('refuses a host of no world', async () => {
    await using run = runServer(idle);
    await expect(w.connect(run.host)).rejects.toMatchObject({ code });
    await expect(w.connect({} as Host)).rejects.toMatchObject({ code });
  });
});
