// `onPostServer`: exactly once, after the close and the handler, whatever the cause; and what
// becomes of a hook that fails or hangs.

import { defineServer, serve } from 'corosock';
import type { CloseInfo, Handler, ServerSocket, WebSocketServer } from 'corosock';
import { settle } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { gist, MemoryHost } from '../fixtures/memory-host.ts';
import type { MemoryVisit } from '../fixtures/memory-host.ts';
import { recordCrashes } from '../fixtures/process-events.ts';
import { openRaw } from '../peers/raw-client.ts';

const untilClosed = async (ws: ServerSocket): Promise<void> => void (await ws.closed);
const forever = (): Promise<void> => new Promise(() => {});

/** A way to end, and how `onPostServer` hears of it. */
interface Ending {
  readonly name: string;
  readonly handler: Handler;
  /** What happens while the handler runs. */
  readonly act?: (visit: MemoryVisit, memory: MemoryHost) => unknown;
  readonly end: ReturnType<typeof gist>;
}

const ENDINGS: readonly Ending[] = [
  {
    name: 'the handler throws',
    handler: () => Promise.reject(new Error('no')),
    end: [1011, 'handler', true],
  },
  {
    name: 'the handler closes',
    handler: async (ws) => void (await ws.endServer(4000)),
    end: [4000, 'local', true],
  },
  {
    name: 'the handler closes and runs on',
    handler: async (ws) => {
      await ws.endServer(4000);
      await settle();
    },
    end: [4000, 'local', true],
  },
  { name: 'the handler terminates', handler: (ws) => ws.terminate(), end: [1006, 'local', false] },
  { name: 'the peer closes', handler: untilClosed, act: closedBy, end: [4001, 'peer', true] },
  { name: 'the link is lost', handler: untilClosed, act: lost, end: [1006, 'link', false] },
  { name: 'the host closes', handler: untilClosed, act: shutDown, end: [1001, 'shutdown', true] },
  { name: 'the handler ignores the end', handler: forever, act: ignored, end: [1006, 'link', false] },
];

const DEDICATED: readonly Ending[] = [
  { name: 'the handler returns', handler: () => {}, end: [1000, 'handler', true] },
  ...ENDINGS,
];

const SHARED: readonly Ending[] = [
  {
    name: 'the peer closes after the handler has returned',
    handler: () => {},
    act: closedBy,
    end: [4001, 'peer', true],
  },
  {
    name: 'the link is lost after the handler has returned',
    handler: () => {},
    act: lost,
    end: [1006, 'link', false],
  },
  {
    name: 'the host closes after the handler has returned',
    handler: () => {},
    act: shutDown,
    end: [1001, 'shutdown', true],
  },
  ...ENDINGS,
];

function closedBy({ client }: MemoryVisit): Promise<CloseInfo> {
  return client.close(4001);
}

function lost({ client }: MemoryVisit): void {
  client.terminate();
}

async function shutDown(_: MemoryVisit, { host }: MemoryHost): Promise<void> {
  await host.close({ graceMs: 0 });
}

async function ignored({ client }: MemoryVisit, { clock }: MemoryHost): Promise<void> {
  client.terminate();
  await clock.advance(5000);
}

/** A server that tells what was called, in order. */
function telling(handler: Handler): { readonly server: WebSocketServer; readonly told: unknown[] } {
  const told: unknown[] = [];
  const server = defineServer({
    async server(ws) {
      ws.signal.addEventListener('abort', () => told.push('closed'));
      try {
        await handler(ws);
      } finally {
        told.push('handler');
      }
    },
    onPostServer: (ws, end) => void told.push(['onPostServer', gist(end), ws.closeInfo === end]),
  });
  return { server, told };
}

describe('onPostServer', () => {
  it.each([
    ...DEDICATED.map((ending) => ({ sharing: 'dedicated' as const, ...ending })),
    ...SHARED.map((ending) => ({ sharing: 'shared' as const, ...ending })),
  ])('runs once, last, for a $sharing socket when $name', async ({ sharing, name, handler, act, end }) => {
    const memory = new MemoryHost();
    const { server, told } = telling(handler);
    const visit = memory.visit(server, sharing);
    await settle();
    await act?.(visit, memory);
    const outcome = await visit.run.outcome;
    await settle();
    const others = name === 'the handler ignores the end' ? ['closed'] : ['closed', 'handler'];
    expect(told).toHaveLength(others.length + 1);
    expect([new Set(told.slice(0, -1)), told.at(-1)]).toEqual([new Set(others), ['onPostServer', end, true]]);
    // A handler that ignores the end is reported; for a minute further ones are counted.
    await memory.clock.advance(60_000);
    expect([gist(outcome.end), memory.clock.timers]).toEqual([end, 0]);
  });

  it('waits for a handler that outlives its socket', async () => {
    const memory = new MemoryHost();
    let goOn = (): void => {};
    const { server, told } = telling(
      () =>
        new Promise<void>((resolve) => {
          goOn = resolve;
        }),
    );
    const { run, client } = memory.visit(server);
    await client.close();
    await memory.clock.advance(4999);
    expect(told).toEqual(['closed']);
    goOn();
    await run.outcome;
    expect(told).toEqual(['closed', 'handler', ['onPostServer', [1000, 'peer', true], true]]);
  });

  it('waits for the close of a socket whose handler has returned', async () => {
    const { server, told } = telling(() => {});
    const { client } = new MemoryHost().visit(server, 'shared');
    await settle();
    expect(told).toEqual(['handler']);
    await client.close();
    await settle();
    expect(told).toEqual(['handler', 'closed', ['onPostServer', [1000, 'peer', true], true]]);
  });

  it('keeps `this`, and gets the context and the final count of unread messages', async () => {
    const seen: unknown[] = [];
    const server = {
      name: 'echo',
      server: untilClosed,
      onPostServer(ws: ServerSocket, { unread }: CloseInfo): void {
        seen.push(this.name, ws.context, unread);
      },
    };
    const { run, client } = new MemoryHost().visit(server);
    await client.write('1');
    await client.write('2');
    await client.close();
    await run.outcome;
    expect(seen).toEqual(['echo', undefined, 2]);
  });

  it('runs also where the handler has set it', async () => {
    const seen: unknown[] = [];
    const server: WebSocketServer = {
      server() {
        server.onPostServer = (ws, { code }) => void seen.push(ws, code);
      },
    };
    const { run } = new MemoryHost().visit(server);
    await run.outcome;
    expect(seen).toEqual([run.ws, 1000]);
  });

  it.each<[string, () => Promise<void>]>([
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
  ])('is reported when it %s, and changes nothing', async (_, onPostServer) => {
    using crashes = recordCrashes();
    const memory = new MemoryHost();
    const { run } = memory.visit({ server: () => {}, onPostServer });
    expect(await run.outcome).toMatchObject({ kind: 'returned', end: { code: 1000 } });
    expect(memory.reports).toMatchObject([
      [{ message: 'no' }, { socketId: run.ws.id, phase: 'onPostServer' }],
    ]);
    expect([crashes.errors, memory.clock.timers]).toEqual([[], 0]);
  });

  it('is awaited for closeTimeoutMs, then reported and abandoned', async () => {
    const memory = new MemoryHost({ closeTimeoutMs: 700 });
    const { run } = memory.visit({ server: () => {}, onPostServer: forever });
    let isSettled = false;
    void run.outcome.then(() => (isSettled = true));
    await memory.clock.advance(699);
    expect([isSettled, memory.reports]).toEqual([false, []]);
    await memory.clock.advance(1);
    expect([isSettled, memory.clock.timers]).toEqual([true, 0]);
    expect(memory.reports).toMatchObject([
      [{ message: 'onPostServer has not settled in 700 ms' }, { socketId: run.ws.id, phase: 'onPostServer' }],
    ]);
  });

  it('is reported once more when it throws after it was abandoned', async () => {
    using crashes = recordCrashes();
    const memory = new MemoryHost({ closeTimeoutMs: 700 });
    let fail = (_error: Error): void => {};
    const { run } = memory.visit({
      server: () => {},
      onPostServer: () =>
        new Promise<void>((_done, reject) => {
          fail = reject;
        }),
    });
    await memory.clock.advance(700);
    await run.outcome;
    fail(new Error('late'));
    await settle();
    expect([memory.reports.map(([error]) => (error as Error).message), crashes.errors]).toEqual([
      ['onPostServer has not settled in 700 ms', 'late'],
      [],
    ]);
  });

  it('is awaited when the host closes', async () => {
    const memory = new MemoryHost();
    let finish = (): void => {};
    const { client } = memory.visit({
      server: untilClosed,
      onPostServer: () =>
        new Promise<void>((resolve) => {
          finish = resolve;
        }),
    });
    let report: unknown;
    void memory.host.close({ graceMs: 0 }).then((given) => (report = given));
    await client.closed;
    await settle();
    expect(report).toBe(undefined);
    finish();
    await settle();
    expect(report).toMatchObject({ closed: 1, abandoned: [] });
  });

  it('gets the address of the peer, which has gone', async () => {
    let told = (_address: string | undefined): void => {};
    const address = new Promise<string | undefined>((resolve) => {
      told = resolve;
    });
    await using host = await serve({
      server: untilClosed,
      onPostServer: ({ request }: ServerSocket) => told(request.remoteAddress),
    });
    using client = await openRaw(host.port);
    client.reset();
    expect(await address).toBe('127.0.0.1');
  });

  it('runs also where the handler has given it to its server', async () => {
    const memory = new MemoryHost();
    const told: number[] = [];
    const server: WebSocketServer = {
      server() {
        server.onPostServer = (_, { code }) => void told.push(code);
      },
    };
    await memory.visit(server).run.outcome;
    expect(told).toEqual([1000]);
  });
});
