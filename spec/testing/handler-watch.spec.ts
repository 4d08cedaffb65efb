// `run.waiting`, and the end of a run whose code is in real I/O: where handlers wait is looked at, so
// that a test need not guess, and no time passes meanwhile.

import { scrypt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { channel, defineServer, select } from 'corosock';
import type { Handler, ServerSocket, SessionStore } from 'corosock';
import { runServer, settle, virtualClock } from 'corosock/testing';
import type { FakeOptions, ServerRun, VirtualClock } from 'corosock/testing';

const forever = (): Promise<void> => new Promise(() => {});
/** One that is collected is waited for no longer. */
const held = channel();
const hash = promisify(scrypt);
/** Real I/O that takes longer than `settle`: a thread of its own hashes for some 50 ms. */
const realIO = async (): Promise<void> => void (await hash('secret', 'salt', 64));

/** A promise, and what resolves it. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => void (open = resolve));
  return { opened, open: () => open() };
}

/** Whether a look at `run.waiting` has resolved by itself. */
async function isWaiting(run: ServerRun): Promise<boolean> {
  let hasResolved = false;
  void run.waiting.then(() => (hasResolved = true));
  await settle();
  return hasResolved;
}

describe('run.waiting', () => {
  it('resolves where a handler that has the streams of its socket waits for the end', async () => {
    await using run = runServer(
      async (ws) => {
        await ws.writable.getWriter().write('a');
        ws.readable.getReader();
        await ws.closed;
      },
      { clock: virtualClock() },
    );
    await run.client;
    await run.waiting;
    expect(run.host.waits()).toMatchObject([
      { waits: 'close', at: expect.stringContaining('handler-watch.spec.ts') as string },
    ]);
  });

  it('resolves once what a client has written is handled, real I/O included', async () => {
    const lengths: number[] = [];
    await using run = runServer(async (ws) => {
      for await (const name of ws) {
        await realIO();
        lengths.push((await readFile(String(name))).byteLength);
      }
    });
    const client = await run.client;
    for (let turn = 1; turn <= 2; turn += 1) {
      await client.write(fileURLToPath(import.meta.url));
      await run.waiting;
      expect(lengths).toHaveLength(turn);
    }
  });

  it.each<[string, (ws: ServerSocket) => PromiseLike<unknown>]>([
    ['read', (ws) => ws.read()],
    ['readJson', (ws) => ws.readJson()],
    ['an iteration', (ws) => ws[Symbol.asyncIterator]().next()],
    ['write', async (ws) => void (await Promise.all([1, 2, 3].map((n) => ws.write(`${n}`))))],
    ['select', (ws) => select({ ws, job: forever() })],
    ['select without a socket', () => select({ job: forever() })],
    ['closed', (ws) => ws.closed],
    ['take of a channel', () => held.take()],
    ['sleep', (ws) => ws.clock.sleep(1000)],
    ['several calls', (ws) => Promise.all([ws.read(), forever()])],
    ['the first of several calls', (ws) => Promise.race([ws.closed, forever()])],
    ['a child task that waits', (ws) => ws.spawn(async () => void (await ws.read()))],
    ['a child task of a child task', (ws) => ws.spawn(() => ws.spawn(() => ws.read()))],
  ])('resolves while the handler waits in %s', async (_, wait) => {
    const options = { clock: virtualClock(), writeBufferBytes: 1, queueMessages: 1, report: () => {} };
    const run = runServer(async (ws) => void (await wait(ws)), options);
    expect([await isWaiting(run), run.host.waits().length > 0]).toEqual([true, true]);
    (await run.client).terminate();
  });

  it.each<[string, (ws: ServerSocket, opened: Promise<void>) => PromiseLike<unknown>]>([
    ['something foreign', (_, opened) => opened],
    ['a child task that awaits something foreign', (ws, opened) => ws.spawn(() => opened)],
    [
      'something foreign, beside a child task that waits',
      async (ws, opened) => {
        void ws.spawn(async () => void (await ws.closed));
        await opened;
      },
    ],
  ])('does not resolve while the handler awaits %s', async (_, wait) => {
    const { opened, open } = gate();
    await using run = runServer(async (ws) => {
      await wait(ws, opened);
      await ws.read();
    });
    const waiting = [await isWaiting(run)];
    open();
    await run.waiting;
    expect([...waiting, run.host.waits()[0]?.waits]).toEqual([false, 'read']);
  });

  it('goes with host.waits, before it and after it', async () => {
    const run = runServer(async (ws) => await ws.clock.sleep(1000), { clock: virtualClock() });
    const places = [run.host.waits()[0]?.at];
    await run.waiting;
    places.push(run.host.waits()[0]?.at);
    await run.waiting;
    expect(places).toEqual([places[0], places[0]]);
    expect(places[0]).toMatch(/handler-watch\.spec\.ts/);
  });

  it('is a promise for the state from each look on', async () => {
    const { opened, open } = gate();
    await using run = runServer(async (ws) => {
      await ws.read();
      await opened;
      await ws.read();
    });
    const client = await run.client;
    const states = [await isWaiting(run)];
    await client.write('go');
    states.push(await isWaiting(run));
    open();
    states.push(await isWaiting(run));
    expect(states).toEqual([true, false, true]);
  });

  it.each<[string, Handler | { server: Handler; onPreServer: () => Response }]>([
    ['has returned', () => {}],
    ['has returned later', async () => await realIO()],
    ['has thrown', () => Promise.reject(new Error('mine'))],
    ['never began', { onPreServer: () => new Response(null, { status: 401 }), server: () => {} }],
  ])('resolves where the handler %s', async (_, server) => {
    const run = runServer(server, { report: () => {} });
    await run.waiting;
    expect(await run.done).toBeTypeOf('object');
  });

  it('resolves where the handler was abandoned', async () => {
    const clock = virtualClock();
    const run = runServer(forever, { clock, report: () => {} });
    const { waiting } = run;
    (await run.client).terminate();
    await clock.advance(5000);
    expect(await waiting).toBeUndefined();
  });

  it('holds the process while it looks, but not for ever', async () => {
    const holds: boolean[] = [];
    const setTimer = setTimeout;
    vi.resetModules();
    vi.stubGlobal('setTimeout', (run: () => void, ms: number) => {
      if (ms !== 10) return setTimer(run, ms);
      const timer = setTimer(run, 0);
      const index = holds.push(true) - 1;
      vi.spyOn(timer, 'unref').mockImplementation(() => {
        holds[index] = false;
        return timer;
      });
      return timer;
    });
    try {
      const kit = await import('corosock/testing');
      const run = kit.runServer(forever, { report: () => {} });
      void run.waiting;
      while (holds.length < 1000) await settle();
      expect([holds[0], holds.at(-1)]).toEqual([true, false]);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it('waits for a hook that decides, and for the handlers of all clients', async () => {
    const gates = [gate(), gate(), gate()] as const;
    let visits = 0;
    const server = defineServer({
      onPreServer: async () => await gates[0].opened,
      async server(ws) {
        visits += 1;
        await gates[visits]?.opened;
        await ws.read();
      },
    });
    await using run = runServer(server);
    void run.connect();
    const states = [await isWaiting(run)];
    for (const { open } of gates) {
      open();
      states.push(await isWaiting(run));
    }
    expect([states, visits]).toEqual([[false, false, false, true], 2]);
  });
});

describe('the end of a run', () => {
  /** Runs a server until its scope ends. */
  async function ended(
    server: Parameters<typeof runServer>[0],
    options: FakeOptions = {},
  ): Promise<{
    readonly clock: VirtualClock;
    readonly reports: readonly unknown[];
    readonly run: ServerRun;
  }> {
    const clock = virtualClock();
    const reports: unknown[] = [];
    const run = runServer(server, { clock, report: (error) => reports.push(error), ...options });
    await run.client;
    await run[Symbol.asyncDispose]();
    return { clock, reports, run };
  }

  it.each<[string, Handler]>([
    [
      'a handler',
      async (ws) => {
        await ws.read();
        await realIO();
      },
    ],
    ['a handler that was there before', async () => await realIO()],
    [
      'a child task',
      async (ws) => {
        void ws.spawn(async () => {
          await ws.closed;
          await realIO();
        });
        await ws.read();
      },
    ],
  ])('lets no time pass while %s is in real I/O, and reports nothing', async (_, handler) => {
    const { clock, reports, run } = await ended(handler);
    expect([(await run.done).kind, reports, clock.now(), clock.timers]).toEqual(['returned', [], 0, 0]);
  });

  it('stands still for real I/O that begins at a time', async () => {
    const { clock, reports } = await ended(async (ws) => {
      await ws.clock.sleep(4000);
      await realIO();
      await ws.clock.sleep(900);
      await realIO();
    });
    expect([reports, clock.now(), clock.timers]).toEqual([[], 5000, 0]);
  });

  it('lets no time pass while hooks are in real I/O', async () => {
    const order: string[] = [];
    const server = defineServer({
      onPreServer: (handshake) => void (handshake.sharedConnection = true),
      server: () => {},
      onClientMessage: async () => {
        await realIO();
        order.push('onClientMessage');
        return true;
      },
      onPostServer: async () => {
        await realIO();
        order.push('onPostServer');
      },
    });
    const clock = virtualClock();
    const reports: unknown[] = [];
    const run = runServer(server, { clock, report: (error) => reports.push(error) });
    await (await run.client).write('x');
    await settle();
    await run[Symbol.asyncDispose]();
    expect([order, reports, clock.now()]).toEqual([['onClientMessage', 'onPostServer'], [], 0]);
  });

  it('lets no time pass while the session store is in real I/O', async () => {
    const store: SessionStore = {
      get: async () => undefined,
      set: async () => {},
      touch: async () => {},
      delete: realIO,
    };
    const sessions = { secret: 'a secret of some length', store, endOnClose: true };
    const { clock, reports } = await ended(() => {}, { sessions });
    expect([reports, clock.now()]).toEqual([[], 0]);
  });

  it('moves the clock for what waits in calls of ours', async () => {
    const { reports, run } = await ended(async () => void (await held.take()));
    expect([(await run.done).kind, reports.length]).toEqual(['abandoned', 1]);
  });

  it('abandons code that never comes back', async () => {
    const stuck = defineServer({ server: forever, onPostServer: forever });
    const ends = await Promise.all([ended(stuck), ended(stuck), ended(forever, { closeTimeoutMs: 0 })]);
    expect(ends.map(({ reports }) => reports.length)).toEqual([2, 2, 1]);
  });
});
