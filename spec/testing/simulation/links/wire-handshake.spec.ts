// Worlds whose links carry the bytes of a port: what differs from whole messages. That all else is
// equal is said by over-wire.spec.ts.

import { describe, expect, it, vi } from 'vitest';
import type { Handler, HostOptions } from 'corosock';
import type { ConnectError } from 'corosock/client';
import { world } from 'corosock/testing';
import { seededWorld } from '../seeded-worlds.ts';

const WIRE = { fidelity: 'wire' } as const;

const idle: Handler = async (ws) => void (await ws.closed);
const echo: Handler = async (ws) => {
  for await (const message of ws) await ws.write(message);
};

describe("w.connect with fidelity: 'wire'", () => {
  it('rejects with the body and the header lines of a refusal', async () => {
    await using w = world(WIRE);
    const host = w.serve({
      '/': {
        onPreServer: () => new Response('not you', { status: 403, headers: { 'x-why': 'no' } }),
        server: idle,
      },
    });
    const error = (await w.connect(host).catch((caught: unknown) => caught)) as ConnectError;
    expect([error.status, error.body, error.headers?.['x-why']]).toEqual([403, 'not you', 'no']);
  });

  it('rejects with the error of ws for subprotocols that it does not send', async () => {
    const w = seededWorld(WIRE);
    await expect(w.connect(w.serve(idle), { protocols: ['a', 'a'] })).rejects.toThrow(SyntaxError);
    await w.settle();
    expect(w.agenda.inFlight).toBe(0);
    await w[Symbol.asyncDispose]();
  });

  it.each(['wss://a.example/chat?x#y', 'https://a.example/chat?x'])(
    'takes the URL %s for TLS',
    async (url) => {
      await using w = world(WIRE);
      const host = w.serve(async (ws) => void (await ws.write(ws.request.url.href)));
      expect(await (await w.connect(host, { url })).read()).toEqual(['wss://a.example/chat?x', 'ok']);
    },
  );

  it('gives a client the limits of its route', async () => {
    await using w = world(WIRE);
    const route = { serve: echo, options: { maxMessageBytes: 2000 } };
    const host = w.serve({ '/large': route, '/': echo }, { maxMessageBytes: 10, report: () => {} });
    const [large, small] = [await w.connect(host, { url: 'ws://localhost/large' }), await w.connect(host)];
    for (const ws of [large, small]) await ws.write('a'.repeat(1000));
    expect([(await large.readText())[0]?.length, (await small.closed).code]).toEqual([1000, 1009]);
  });

  it('rejects after 10 s of its clock where a fault keeps the answer back', async () => {
    await using w = world({ ...WIRE, faults: { halfOpen: 1, nodeDeath: 1, delayMs: [60_000, 60_000] } });
    const connecting = w.connect(w.serve(idle)).catch((error: unknown) => error);
    await w.clock.advance(10_000);
    expect(await connecting).toMatchObject({
      status: undefined,
      message: expect.stringContaining('no answer within 10000 ms') as string,
    });
  });

  it('gives the status of an answer of which only a part has come by then', async () => {
    const statuses = new Set<number | undefined>();
    for (let seed = 0; seed < 40; seed += 1) {
      const w = world({ ...WIRE, seed, faults: { cutChunks: true, delayMs: [1000, 9000] } });
      const host = w.serve({ '/none': idle });
      void w.connect(host).catch((error: unknown) => statuses.add((error as ConnectError).status));
      await w.clock.advance(10_000);
      await w[Symbol.asyncDispose]();
    }
    expect(statuses).toEqual(new Set([404, undefined]));
  });

  it('takes the link of a client that was refused out of the agenda, when the host has dropped it', async () => {
    const w = seededWorld(WIRE);
    await expect(w.connect(w.serve({ '/': idle }), { url: 'ws://localhost/none' })).rejects.toMatchObject({
      status: 404,
    });
    await w.settle();
    expect([w.agenda.inFlight, w.clock.timers]).toEqual([0, 0]);
    await w[Symbol.asyncDispose]();
  });
});

describe("a link with fidelity: 'wire'", () => {
  it('cuts and merges chunks where faults.cutChunks says so, and loses nothing', async () => {
    const run = async (cutChunks: boolean): Promise<readonly [steps: number, got: readonly unknown[]]> => {
      const w = seededWorld({ seed: 3, faults: { cutChunks }, ...WIRE });
      const ws = await w.connect(w.serve(echo));
      const got: unknown[] = [];
      for (let sent = 0; sent < 20; sent += 1) {
        await ws.write(`message ${sent}`);
        got.push(await ws.read());
      }
      await w[Symbol.asyncDispose]();
      return [w.agenda.steps, got];
    };
    const [[whole, plain], [cut, same]] = [await run(false), await run(true)];
    expect(cut).toBeGreaterThan(whole * 1.5);
    expect(same).toEqual(plain);
  });

  it('takes 64 KiB from a writer whose link stalls, and then holds it back', async () => {
    await using w = world(WIRE);
    const ws = await w.connect(w.serve(idle));
    ws.link.stall('out');
    await ws.write(new Uint8Array(60_000));
    await w.settle();
    const taken = ws.bufferedBytes;
    await ws.write(new Uint8Array(60_000));
    await w.settle();
    expect([taken, ws.bufferedBytes > 0]).toEqual([0, true]);
  });

  it('tells a client of the end also while its queue is full, as on a port', async () => {
    await using w = world(WIRE);
    const options: HostOptions = { queueMessages: 2 };
    const host = w.serve(async (ws) => {
      for (const message of ['a', 'b', 'c', 'd']) await ws.write(message);
    }, options);
    const ws = await w.connect(host);
    await w.clock.advance(10_000);
    expect(ws.closeInfo).toMatchObject({ code: 1000, unread: 4 });
  });

  it("sets the close timer of ws on the clock of the world, and leaves none of Node's", async () => {
    const [set, cleared] = [vi.spyOn(globalThis, 'setTimeout'), vi.spyOn(globalThis, 'clearTimeout')];
    const ends: unknown[] = [];
    await using w = world(WIRE);
    const host = w.serve(idle, {
      maxMessageBytes: 10,
      closeTimeoutMs: 7000,
      report: () => {},
      onClose: (_, { code }) => void ends.push(code, w.clock.now()),
    });
    const ws = await w.connect(host);
    ws.link.stall('in');
    await ws.write('longer than ten bytes');
    await w.clock.advance(6999);
    const [before, ofNode, handles] = [[...ends], set.mock.results, cleared.mock.calls.flat()];
    await w.clock.advance(1);
    expect([before, ends]).toEqual([[], [1009, 7000]]);
    expect(ofNode.map(({ value }) => handles.includes(value as NodeJS.Timeout))).toEqual([true]);
    vi.restoreAllMocks();
  });

  it('sets that of a client there, too', async () => {
    await using w = world(WIRE);
    const host = w.serve(
      async (ws) => {
        await ws.clock.sleep(1);
        await ws.write('longer than ten bytes');
        await ws.closed;
      },
      { maxMessageBytes: 10, closeTimeoutMs: 7000, report: () => {} },
    );
    const ws = await w.connect(host);
    ws.link.stall('out');
    await w.clock.advance(7000);
    const before = ws.closeInfo;
    await w.clock.advance(1);
    expect([before, ws.closeInfo]).toMatchObject([undefined, { code: 1009, by: 'limit' }]);
  });
});
