// The life of a handler: what each way to end does to its socket, what is reported, and what
// becomes of a handler that ignores the end (I6, docs/reference/endings.md).

import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectionLostError } from 'corosock';
import type { Handler, ServerSocket } from 'corosock';
import { settle } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { here } from '../fixtures/here.ts';
import { gist, MemoryHost } from '../fixtures/memory-host.ts';
import { recordCrashes } from '../fixtures/process-events.ts';

const untilClosed = async (ws: ServerSocket): Promise<void> => void (await ws.closed);
const forever = (): Promise<void> => new Promise(() => {});

describe('HandlerRun', () => {
  it.each([
    ['returns at once', (): void => {}],
    ['returns a promise', async (): Promise<void> => await settle()],
    ['returns a number', (): number => 1],
    ['returns null', (): null => null],
    ['returns a thenable', () => thenable((done) => done())],
  ])('closes with 1000 when the handler %s', async (_, handler) => {
    const memory = new MemoryHost();
    const { run, client } = memory.visit(handler);
    expect(await run.outcome).toMatchObject({
      kind: 'returned',
      end: { code: 1000, by: 'handler', clean: true },
    });
    expect(gist(await client.closed)).toEqual([1000, 'peer', true]);
    expect([memory.reports, memory.clock.timers]).toEqual([[], 0]);
  });

  it('ends as the handler says that terminates and returns at once', async () => {
    const { run } = new MemoryHost().visit((ws) => ws.terminate());
    expect(gist((await run.outcome).end)).toEqual([1006, 'local', false]);
  });

  it.each([
    ['throws', new Error('secret')],
    ['throws undefined', undefined],
    ['throws null', null],
    ['throws a string', 'secret'],
    ['throws a revoked proxy', revoked()],
    [
      'throws an object with a getter that throws',
      {
        get closeInfo(): unknown {
          throw new Error('no');
        },
      },
    ],
    [
      'throws an error of another socket',
      new ConnectionLostError({ code: 1006, reason: '', by: 'link', clean: false, unread: 0 }),
    ],
  ])('A1: closes with 1011 when the handler %s, and reports it', async (_, error) => {
    for (const handler of handlersThatThrow(error)) {
      using crashes = recordCrashes();
      const memory = new MemoryHost();
      const { run, client } = memory.visit(handler);
      const outcome = await run.outcome;
      expect([outcome.kind, gist(outcome.end)]).toEqual(['threw', [1011, 'handler', true]]);
      expect(await client.closed).toMatchObject({ code: 1011, reason: '', by: 'peer' });
      expect(memory.reports.map(([reported, where]) => [reported === error, where])).toEqual([
        [true, { socketId: run.ws.id, route: '*', path: '/', phase: 'server' }],
      ]);
      expect(crashes.errors).toEqual([]);
    }
  });

  it('has the error in its outcome', async () => {
    const error = new Error('secret');
    const { run } = new MemoryHost().visit(() => Promise.reject(error));
    expect(await run.outcome).toMatchObject({ kind: 'threw', error });
  });

  it('A1: reports what a handler throws after the close', async () => {
    const memory = new MemoryHost();
    const { run, client } = memory.visit(async (ws) => {
      await ws.closed;
      throw new TypeError('too late');
    });
    await client.close(4000, 'bye');
    expect(await run.outcome).toMatchObject({
      kind: 'threw',
      end: { code: 4000, reason: 'bye', by: 'peer' },
    });
    expect(memory.reports).toMatchObject([[{ message: 'too late' }, { socketId: run.ws.id }]]);
  });

  it('A1: reports a revoked proxy that is thrown after the close', async () => {
    using crashes = recordCrashes();
    const memory = new MemoryHost();
    const error = revoked();
    const { run, client } = memory.visit(async ({ signal, draining, closed }) => {
      await closed;
      if (signal.aborted && draining.aborted) raise(error);
    });
    run.askToFinish();
    client.terminate();
    await run.outcome;
    expect([memory.reports.map(([reported]) => reported === error), crashes.errors]).toEqual([[true], []]);
  });

  it('A1: leaves other conversations untouched', async () => {
    const memory = new MemoryHost();
    const other = memory.visit(async (ws) => {
      for await (const data of ws) await ws.write(data);
    });
    await memory.visit(() => Promise.reject(new Error('secret'))).run.outcome;
    await other.client.write('still there?');
    expect(await other.client.read()).toEqual(['still there?', 'ok']);
  });

  it.each([
    [
      'the reason of ws.signal',
      async (ws: ServerSocket): Promise<void> => {
        await ws.closed;
        ws.signal.throwIfAborted();
      },
    ],
    [
      'an error with that reason for a cause',
      (ws: ServerSocket): Promise<void> => sleep(60_000, undefined, { signal: ws.signal, ref: false }),
    ],
    [
      'the error that ends an iteration',
      async (ws: ServerSocket): Promise<void> => {
        for await (const data of ws) await ws.write(data);
      },
    ],
    [
      'the rejection of a read with its signal',
      async (ws: ServerSocket): Promise<void> => {
        const { signal } = ws;
        await ws.closed;
        await ws.read({ signal });
      },
    ],
  ])('does not report %s', async (_, handler) => {
    const memory = new MemoryHost();
    const { run, client } = memory.visit(handler);
    await settle();
    client.terminate();
    expect(await run.outcome).toMatchObject({ kind: 'threw', end: { code: 1006, by: 'link', clean: false } });
    expect(memory.reports).toEqual([]);
  });

  it.each([
    [
      'returns',
      async (ws: ServerSocket): Promise<void> =>
        void (await new Promise((done) => ws.draining.addEventListener('abort', done))),
    ],
    [
      'throws its reason',
      async (ws: ServerSocket): Promise<void> => void (await ws.read({ signal: ws.draining })),
    ],
    [
      'throws an error with that reason for a cause',
      (ws: ServerSocket): Promise<void> => sleep(60_000, undefined, { signal: ws.draining, ref: false }),
    ],
  ])('closes with 1001 when the handler %s because the host is draining', async (_, handler) => {
    const memory = new MemoryHost();
    const { run, client } = memory.visit(handler);
    run.askToFinish();
    expect(gist((await run.outcome).end)).toEqual([1001, 'shutdown', true]);
    expect(gist(await client.closed)).toEqual([1001, 'peer', true]);
    expect(memory.reports).toEqual([]);
  });

  it('closes with 1011 when the handler throws something else while the host is draining', async () => {
    const memory = new MemoryHost();
    const { run } = memory.visit(async (ws) => {
      await ws.read({ signal: ws.draining }).catch(() => {});
      throw new Error('secret');
    });
    run.askToFinish();
    expect(gist((await run.outcome).end)).toEqual([1011, 'handler', true]);
    expect(memory.reports).toMatchObject([[{ message: 'secret' }, {}]]);
  });

  it('keeps the end that the handler gave its socket', async () => {
    const { run } = new MemoryHost().visit(async (ws) => {
      await ws.endServer(4001, 'enough');
      throw new Error('after the end');
    });
    expect((await run.outcome).end).toMatchObject({ code: 4001, reason: 'enough', by: 'local', clean: true });
  });

  it('A2: counts as unread the messages that a handler has not read when it returns', async () => {
    const { run, client } = new MemoryHost().visit(async (ws) => void (await ws.read()));
    await Promise.all(['1', '2', '3'].map((text) => client.write(text)));
    const { end } = await run.outcome;
    expect([gist(end), end.unread]).toEqual([[1000, 'handler', true], 2]);
  });

  it('sends what was written before it closes', async () => {
    const { client } = new MemoryHost().visit((ws) => {
      void ws.write('1');
      void ws.write('2');
    });
    expect([await client.read(), await client.read(), await client.read()]).toEqual([
      ['1', 'ok'],
      ['2', 'ok'],
      [undefined, 'closed'],
    ]);
  });

  it('A3: reports a handler by id that ignores the end for closeTimeoutMs, and abandons it', async () => {
    const memory = new MemoryHost({ closeTimeoutMs: 700 });
    const { run, client } = memory.visit(forever);
    client.terminate();
    await memory.clock.advance(699);
    expect([memory.reports, run.isHandlerRunning]).toEqual([[], true]);
    await memory.clock.advance(1);
    expect(await run.outcome).toMatchObject({ kind: 'abandoned', end: { code: 1006 } });
    expect(memory.reports).toMatchObject([
      [
        { message: 'The handler still runs 700 ms after its socket has closed' },
        { socketId: run.ws.id, phase: 'server' },
      ],
    ]);
    // Until then further ones are counted.
    await memory.clock.advance(60_000);
    expect(memory.clock.timers).toBe(0);
  });

  it('A3: names the line in which a handler waits that is late', async () => {
    const memory = new MemoryHost({ closeTimeoutMs: 700 });
    const line = here(3);
    const { client } = memory.visit(async (ws) => {
      await ws.closed;
      await ws.clock.sleep(10_000);
    });
    client.terminate();
    await memory.clock.advance(700);
    const [[error] = []] = memory.reports;
    expect(String(error)).toContain('The handler still runs 700 ms after its socket has closed, at /');
    expect(String(error)).toContain(line);
  });

  it('A3: reports without a line where no promise can be followed', async () => {
    const memory = new MemoryHost({ closeTimeoutMs: 700 });
    memory.host.handlerWaits.ofAbandoned = () => {
      throw new Error('no realm');
    };
    memory.visit(forever).client.terminate();
    await memory.clock.advance(700);
    expect(String(memory.reports[0]?.[0])).toMatch(/has closed$/);
  });

  it('A3: reports of many handlers that are late the first one, and their number', async () => {
    const memory = new MemoryHost({ closeTimeoutMs: 700 });
    for (let visit = 0; visit < 5; visit += 1) memory.visit(forever).client.terminate();
    await memory.clock.advance(60_700);
    expect(memory.reports).toMatchObject([
      [{ message: 'The handler still runs 700 ms after its socket has closed' }, { phase: 'server' }],
      [{ code: 'COROSOCK_PEER_FAULTS', kind: 'server: late on *', count: 4 }, { phase: 'server' }],
    ]);
  });

  it('reports what a handler throws after it was abandoned', async () => {
    using crashes = recordCrashes();
    const memory = new MemoryHost({ closeTimeoutMs: 700 });
    let fail = (_error: unknown): void => {};
    const { run, client } = memory.visit(
      () =>
        new Promise((_done, reject) => {
          fail = reject;
        }),
    );
    client.terminate();
    await memory.clock.advance(700);
    const outcome = await run.outcome;
    fail(new Error('very late'));
    await settle();
    expect(memory.reports.map(([error]) => (error as Error).message)).toEqual([
      'The handler still runs 700 ms after its socket has closed',
      'very late',
    ]);
    expect([crashes.errors, await run.outcome]).toEqual([[], outcome]);
  });

  it('does not report the reason of ws.signal from an abandoned handler', async () => {
    const memory = new MemoryHost({ closeTimeoutMs: 700 });
    let goOn = (): void => {};
    const { client } = memory.visit(async (ws) => {
      await new Promise<void>((done) => {
        goOn = done;
      });
      ws.signal.throwIfAborted();
    });
    client.terminate();
    await memory.clock.advance(700);
    goOn();
    await settle();
    expect(memory.reports).toHaveLength(1);
  });

  it('waits for the end of a socket whose peer does not answer', async () => {
    const memory = new MemoryHost({ closeTimeoutMs: 700 });
    const sent: unknown[] = [];
    const run = memory.converse(
      {
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
        close: (code, reason) => sent.push([code, reason]),
        terminate: () => sent.push('terminate'),
      },
      untilClosed,
    );
    run.shutDown();
    await memory.clock.advance(700);
    expect(sent).toEqual([[1001, ''], [1001, ''], 'terminate']);
  });
});

function handlersThatThrow(error: unknown): readonly Handler[] {
  return [
    () => raise(error),
    async () => raise(error),
    async () => {
      await settle();
      raise(error);
    },
    () => thenable((_done, fail) => fail(error)),
    () => thenable(() => raise(error)),
  ];
}

function raise(error: unknown): never {
  throw error;
}

/** A promise of another library. */
function thenable(then: (done: () => void, fail: (error: unknown) => void) => void): PromiseLike<void> {
  // oxlint-disable-next-line unicorn/no-thenable -- that is what it is for
  return { then } as PromiseLike<void>;
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
