// Shutting down under a virtual clock: when each socket has its turn, what the report counts, and
// that it always ends. That the deadline keeps the process alive:
// spec/server/shut-down-process.spec.ts.

import type { CloseHostOptions, ServerSocket, SessionOptions, Wait } from 'corosock';
import { runServer, settle, virtualClock } from 'corosock/testing';
import type { ServerRun, Transport, VirtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { here } from '../fixtures/here.ts';
import { gist, MemoryHost } from '../fixtures/memory-host.ts';
import { held, NotedStore, SECRET } from '../session/session-fixtures.ts';
import { MemorySessionStore } from '../../src/session/memory-session-store.ts';

const untilClosed = async (ws: ServerSocket): Promise<void> => void (await ws.closed);
const untilDraining = async (ws: ServerSocket): Promise<void> => {
  await ws.read({ signal: ws.draining });
};
const forever = (): Promise<void> => new Promise(() => {});

/** One entry of `abandoned`. */
const waiting = (id: unknown, waits: Wait['waits']): unknown => expect.objectContaining({ id, waits });

/** A link whose other end is stuck, and that does not even terminate. */
const STUCK: Transport = Object.freeze({
  protocol: '',
  bufferedBytes: 0,
  receivedBytes: 0,
  flushedBytes: 0,
  ping: () => true,
  pong: () => true,
  open: () => {},
  send: () => true,
  sendFragment: () => true,
  pause: () => {},
  resume: () => {},
  close: () => {},
  terminate: () => {},
});

describe('host.close', () => {
  it('resolves at once when there is nothing to close', async () => {
    const memory = new MemoryHost();
    expect(await memory.host.close()).toEqual({ finished: 0, closed: 0, abandoned: [], tookMs: 0 });
    expect([memory.clock.timers, memory.bindingCloses]).toEqual([0, 1]);
  });

  it('L1: lets handlers finish that listen to draining, and ends as soon as they have', async () => {
    const memory = new MemoryHost();
    const ends = [1, 2, 3].map(() => memory.visit(untilDraining).client.closed);
    const report = await memory.host.close();
    expect(report).toEqual({ finished: 3, closed: 0, abandoned: [], tookMs: 0 });
    expect((await Promise.all(ends)).map(gist)).toEqual(ends.map(() => [1001, 'peer', true]));
    expect([memory.clock.timers, memory.reports]).toEqual([0, []]);
  });

  it('L1: closes sockets with 1001 after graceMs, by default ten seconds', async () => {
    const memory = new MemoryHost();
    const { client, run } = memory.visit(untilClosed);
    const closing = memory.host.close();
    await memory.clock.advance(9999);
    expect(client.closeInfo).toBe(undefined);
    await memory.clock.advance(1);
    expect(gist((await run.outcome).end)).toEqual([1001, 'shutdown', true]);
    expect(await closing).toEqual({ finished: 0, closed: 1, abandoned: [], tookMs: 10_000 });
    expect(gist(await client.closed)).toEqual([1001, 'peer', true]);
    expect(memory.clock.timers).toBe(0);
  });

  it('closes at once with graceMs 0', async () => {
    const memory = new MemoryHost();
    memory.visit(untilClosed);
    expect(await memory.host.close({ graceMs: 0 })).toMatchObject({ closed: 1, tookMs: 0 });
  });

  it('counts handlers by how they ended', async () => {
    const memory = new MemoryHost({ closeTimeoutMs: 100 });
    memory.visit(untilDraining);
    memory.visit(async (ws) => {
      await untilDraining(ws).catch(() => {});
      throw new Error('while draining');
    });
    memory.visit(untilClosed);
    memory.visit(async (ws) => {
      await ws.closed;
      throw new Error('after the close');
    });
    const ignorant = memory.visit(forever);
    const closing = memory.host.close({ graceMs: 1000 });
    await memory.clock.advance(1100);
    expect(await closing).toEqual({
      finished: 2,
      closed: 2,
      abandoned: [waiting(ignorant.run.id, 'other')],
      tookMs: 1100,
    });
    expect(memory.reports.map(([error]) => (error as Error).message)).toEqual([
      'while draining',
      'after the close',
      'The handler still runs 100 ms after its socket has closed',
    ]);
  });

  it('counts a handler once that ends after it was abandoned', async () => {
    const memory = new MemoryHost({ closeTimeoutMs: 100 });
    let goOn = (): void => {};
    const slow = memory.visit(
      () =>
        new Promise((resolve) => {
          goOn = resolve;
        }),
    );
    memory.converse(STUCK, untilClosed);
    const closing = memory.host.close({ graceMs: 0 });
    await memory.clock.advance(100);
    expect((await slow.run.outcome).kind).toBe('abandoned');
    goOn();
    await memory.clock.advance(1200);
    expect(await closing).toMatchObject({
      finished: 0,
      closed: 0,
      abandoned: [waiting(slow.run.id, 'other'), waiting(expect.any(String), 'close')],
    });
  });

  it('does not count handlers that had ended, and waits for their sockets all the same', async () => {
    const memory = new MemoryHost({ closeTimeoutMs: 100 });
    const run = memory.converse(STUCK, () => {});
    const { client } = memory.visit(() => {});
    expect([run.isHandlerRunning, client.closeInfo]).toEqual([false, undefined]);
    const closing = memory.host.close({ graceMs: 50 });
    await memory.clock.advance(5000);
    expect(await closing).toMatchObject({ finished: 0, closed: 0, abandoned: [] });
  });

  it('counts a handler as finished whose peer left during the grace', async () => {
    const memory = new MemoryHost();
    const { client } = memory.visit(untilClosed);
    const closing = memory.host.close();
    await client.close();
    expect(await closing).toEqual({ finished: 1, closed: 0, abandoned: [], tookMs: 0 });
  });

  it('L1: spreads the turns, and gives each socket its whole grace', async () => {
    const memory = new MemoryHost();
    const moments: string[] = [];
    for (const name of ['a', 'b', 'c', 'd']) {
      memory.visit(async (ws) => {
        const note = (what: string): unknown => moments.push(`${name} ${what} ${memory.clock.now()}`);
        ws.draining.addEventListener('abort', () => note('drains'));
        await ws.closed;
        note('closes');
      });
    }
    const closing = memory.host.close({ graceMs: 1000, spreadMs: 400 });
    await memory.clock.advance(1300);
    expect(await closing).toEqual({ finished: 0, closed: 4, abandoned: [], tookMs: 1300 });
    expect(moments).toEqual([
      'a drains 0',
      'b drains 100',
      'c drains 200',
      'd drains 300',
      'a closes 1000',
      'b closes 1100',
      'c closes 1200',
      'd closes 1300',
    ]);
    expect(memory.clock.timers).toBe(0);
  });

  it('ends before the turns are over when all have finished', async () => {
    const memory = new MemoryHost();
    const { client } = memory.visit(untilClosed);
    const other = memory.visit(untilClosed);
    const closing = memory.host.close({ graceMs: 1000, spreadMs: 400 });
    await Promise.all([client.close(), other.client.close()]);
    expect(await closing).toMatchObject({ finished: 2, tookMs: 0 });
    expect(memory.clock.timers).toBe(0);
  });

  it('L4: ends at its deadline when a link does not, and names the sockets', async () => {
    const memory = new MemoryHost({ closeTimeoutMs: 100 });
    const run = memory.converse(STUCK, untilClosed);
    const closing = memory.host.close({ graceMs: 1000, spreadMs: 50 });
    await memory.clock.advance(2349);
    expect(memory.bindingCloses).toBe(0);
    await memory.clock.advance(1);
    expect(await closing).toEqual({
      finished: 0,
      closed: 0,
      abandoned: [waiting(run.id, 'close')],
      tookMs: 2350,
    });
    expect([memory.bindingCloses, memory.clock.timers]).toEqual([1, 0]);
  });

  it('A3: names the line where an abandoned handler waits, and for how long', async () => {
    const memory = new MemoryHost({ closeTimeoutMs: 100 });
    let at = '';
    const { run } = memory.visit(async (ws) => {
      const task = ws.spawn(forever);
      at = here(1);
      await task;
    });
    const closing = memory.host.close({ graceMs: 1000 });
    await memory.clock.advance(1100);
    const { abandoned } = await closing;
    expect(abandoned).toEqual([
      { id: run.id, route: '*', waits: 'task', at: expect.stringContaining(at) as string, sinceMs: 1100 },
    ]);
  });

  it('L2: runs once, whatever the options of later calls', async () => {
    const memory = new MemoryHost();
    memory.visit(untilClosed);
    const closing = memory.host.close({ graceMs: 500 });
    expect(memory.host.close({ graceMs: 0 })).toBe(closing);
    await memory.clock.advance(500);
    expect(await closing).toMatchObject({ closed: 1, tookMs: 500 });
    expect(await memory.host.close()).toBe(await closing);
    expect(memory.bindingCloses).toBe(1);
  });

  it('L2: runs once when a listener of draining calls it again', async () => {
    const memory = new MemoryHost();
    const reports: unknown[] = [];
    memory.visit(async (ws) => {
      ws.draining.addEventListener(
        'abort',
        () => void ws.host.close().then((report) => reports.push(report)),
      );
      await ws.closed;
    });
    const closing = memory.host.close({ graceMs: 500 });
    await memory.clock.advance(500);
    expect(reports).toEqual([await closing]);
    expect([memory.bindingCloses, memory.clock.timers]).toEqual([1, 0]);
  });

  it('releases its listener when the last socket has ended, and not before', async () => {
    const memory = new MemoryHost();
    memory.visit(untilClosed);
    const closing = memory.host.close({ graceMs: 500 });
    await memory.clock.advance(499);
    expect(memory.bindingCloses).toBe(0);
    await memory.clock.advance(1);
    await closing;
    expect(memory.bindingCloses).toBe(1);
  });

  it('can be awaited by a handler, which is then closed like any other', async () => {
    const memory = new MemoryHost({ closeTimeoutMs: 100 });
    const { run } = memory.visit(async (ws) => void (await ws.host.close({ graceMs: 500 })));
    await memory.clock.advance(600);
    expect(await run.outcome).toMatchObject({ kind: 'abandoned', end: { code: 1001 } });
  });

  it('has no grace when a host is disposed of', async () => {
    const memory = new MemoryHost();
    const { client } = memory.visit(untilClosed);
    {
      await using host = memory.host;
      expect(host.sockets.size).toBe(1);
    }
    expect([gist(await client.closed), memory.clock.now()]).toEqual([[1001, 'peer', true], 0]);
  });

  it.each([
    ['graceMs', [0, 0.5, 2 ** 31 - 1]],
    ['spreadMs', [0, 0.5, 2 ** 31 - 1]],
  ])('takes %s from 0 to 2³¹−1', async (name, values) => {
    for (const value of values) {
      const memory = new MemoryHost();
      memory.visit(untilDraining);
      const { finished, closed } = await memory.host.close({ [name]: value });
      expect(finished + closed).toBe(1);
    }
  });

  const badTimes = [-1, NaN, Infinity, 2 ** 31, '0', null];
  it.each<{ readonly options: unknown }>([
    ...badTimes.map((delayMs) => ({ options: { delayMs } })),
    ...badTimes.map((graceMs) => ({ options: { graceMs } })),
    ...badTimes.map((spreadMs) => ({ options: { spreadMs } })),
    { options: { gracems: 1 } },
    { options: null },
    { options: 5000 },
  ])('refuses $options, and goes on serving', async ({ options }) => {
    const memory = new MemoryHost();
    const { client } = memory.visit(untilClosed);
    await expect(memory.host.close(options as CloseHostOptions)).rejects.toMatchObject({
      code: 'COROSOCK_ARGUMENT',
    });
    await settle();
    expect([client.closeInfo, memory.bindingCloses]).toEqual([undefined, 0]);
  });
});

describe('host.close with sessions', () => {
  /** A conversation that ends when its host closes, and all that its host reports. */
  function inSession(options: Partial<SessionOptions>): {
    readonly clock: VirtualClock;
    readonly store: NotedStore;
    readonly run: ServerRun;
    readonly reports: unknown[];
    readonly closing: { readonly state: () => unknown; readonly begin: () => void };
  } {
    const clock = virtualClock();
    const store = new NotedStore(new MemorySessionStore(clock));
    const reports: unknown[] = [];
    let state: unknown = 'open';
    const run = runServer(untilClosed, {
      clock,
      closeTimeoutMs: 100,
      sessions: { secret: SECRET, store, ...options },
      report: (error, where) => reports.push([(error as Error).message, where]),
    });
    const begin = (): void => {
      state = 'closing';
      void run.host.close({ graceMs: 0 }).then((report) => (state = report));
    };
    return { clock, store, run, reports, closing: { state: () => state, begin } };
  }

  it.each([
    ['the end of a session that ends with its last socket', 'delete', { endOnClose: true }],
    ['the last activity of a session that lives on', 'touch', {}],
  ] as const)('waits until the store has %s', async (_, call, options) => {
    const { clock, store, run, reports, closing } = inSession(options);
    const client = await run.client;
    await clock.advance(50);
    await client.write('hello');
    await settle();
    const told = held();
    store.answers[call] = () => told.promise;
    closing.begin();
    await settle();
    expect([store.calls.at(-1)?.split(' ')[0], closing.state()]).toEqual([call, 'closing']);
    told.resolve();
    await settle();
    expect(closing.state()).toEqual({ finished: 0, closed: 1, abandoned: [], tookMs: 0 });
    expect([clock.timers, reports]).toEqual([0, []]);
  });

  it('waits for a store no longer than up to its deadline, and reports it', async () => {
    const { clock, store, run, reports, closing } = inSession({ endOnClose: true });
    await run.client;
    store.answers.delete = forever;
    closing.begin();
    await clock.advance(1299);
    expect(closing.state()).toBe('closing');
    await clock.advance(1);
    expect(closing.state()).toMatchObject({ closed: 1, tookMs: 1300 });
    expect(reports).toEqual([
      ['Sessions had more to write at the deadline of host.close', { phase: 'session' }],
    ]);
  });

  it('waits for a write that was under way before', async () => {
    const { store, run, closing } = inSession({ endOnClose: true });
    const told = held();
    store.answers.delete = () => told.promise;
    (await run.client).terminate();
    await run.done;
    closing.begin();
    await settle();
    expect(closing.state()).toBe('closing');
    told.resolve();
    await settle();
    expect(closing.state()).toMatchObject({ finished: 0, closed: 0 });
  });

  it('reports a store that fails, and closes all the same', async () => {
    const { store, run, reports, closing } = inSession({ endOnClose: true });
    await run.client;
    store.answers.delete = () => Promise.reject(new Error('down'));
    closing.begin();
    await settle();
    expect(closing.state()).toMatchObject({ closed: 1 });
    expect(reports).toEqual([['down', { phase: 'session' }]]);
  });
});
