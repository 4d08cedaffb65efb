// The child tasks of a handler: when they are aborted, how long they are awaited, and what their
// errors do to the handler and its socket (I6, docs/internals/decisions/tasks.md).

import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { channel, select } from 'corosock';
import type { ServerSocket } from 'corosock';
import { settle } from 'corosock/testing';
import { describe, expect, it, vi } from 'vitest';
import { gist, MemoryHost } from '../fixtures/memory-host.ts';
import { recordCrashes } from '../fixtures/process-events.ts';
import { witness } from './witness.ts';

const untilClosed = async (ws: ServerSocket): Promise<void> => void (await ws.read());
const forever = (): Promise<never> => new Promise(() => {});
const boom = new Error('boom');
const fail = async (): Promise<never> => {
  await settle();
  throw boom;
};

const raise = (error: unknown): never => {
  throw error;
};

/** The errors that were reported, and where. */
const reported = ({ reports }: MemoryHost): unknown => reports.map(([error, { phase }]) => [error, phase]);

describe('a child task', () => {
  it('runs beside the handler, and can be awaited or selected', async () => {
    const memory = new MemoryHost();
    const got: unknown[] = [];
    const { run } = memory.visit(async (ws) => {
      const jobs = channel<string>();
      const task = ws.spawn(async () => await jobs.put('a'));
      got.push(await select({ jobs, ws }), await task, await select({ task, ws }));
    });
    expect((await run.outcome).kind).toBe('returned');
    expect([got, memory.reports]).toEqual([[['jobs', ['a', 'ok']], 'ok', ['task', 'ok']], []]);
  });

  it.each([
    ['returns', 1000, async (): Promise<void> => await settle()],
    ['returns at once', 1000, (): void => {}],
    ['throws', 1011, fail],
  ])(
    'is aborted when the handler %s, and awaited before its socket is closed with %i',
    async (_, code, end) => {
      const memory = new MemoryHost();
      const order: unknown[] = [];
      const { run, client } = memory.visit({
        server(ws) {
          void ws.closed.then(() => order.push('closed'));
          void ws.spawn(async (signal) => {
            await sleep(1e6, undefined, { signal }).catch((error: Error) => order.push(error.name));
            await settle();
            order.push(await ws.write('last words'));
          });
          return end();
        },
        async onPostServer(ws) {
          await ws.closed;
          order.push('onPostServer');
        },
      });
      const outcome = await run.outcome;
      expect([order, await client.read()]).toEqual([
        ['AbortError', 'ok', 'closed', 'onPostServer'],
        ['last words', 'ok'],
      ]);
      expect([gist(outcome.end), memory.clock.timers]).toEqual([[code, 'handler', true], 0]);
    },
  );

  it('is aborted when the conversation is over, with the reason of ws.signal', async () => {
    const memory = new MemoryHost();
    const reasons: unknown[] = [];
    let signal: AbortSignal | undefined;
    const { run, client } = memory.visit(async (ws) => {
      signal = ws.signal;
      void ws.spawn(witness(reasons));
      await untilClosed(ws);
    });
    await client.close();
    expect(await run.outcome).toMatchObject({ kind: 'returned', end: { by: 'peer' } });
    expect([reasons, memory.reports]).toEqual([[signal?.reason], []]);
  });

  it('gets an AbortError for a reason when the handler ends', async () => {
    const reasons: unknown[] = [];
    const { run } = new MemoryHost().visit((ws) => void ws.spawn(witness(reasons)));
    await run.outcome;
    expect(reasons).toEqual([
      expect.objectContaining({ name: 'AbortError', code: 'ABORT_ERR', message: 'The handler has ended' }),
    ]);
  });

  it('is abandoned and named when it ignores its signal for closeTimeoutMs', async () => {
    const memory = new MemoryHost({ closeTimeoutMs: 100 });
    const ends: string[] = [];
    const { run, client } = memory.visit({
      server(ws) {
        void ws.spawn(function stubborn() {
          return forever();
        });
        void ws.spawn(forever);
      },
      onPostServer: () => void ends.push('onPostServer'),
    });
    await memory.clock.advance(99);
    const before = [client.closeInfo, ends.length];
    await memory.clock.advance(1);
    expect((await run.outcome).kind).toBe('returned');
    expect([before, gist(await client.closed), ends]).toEqual([
      [undefined, 0],
      [1000, 'peer', true],
      ['onPostServer'],
    ]);
    expect(memory.reports.map(([error]) => (error as Error).message)).toEqual([
      'The child task stubborn still runs 100 ms after it was aborted',
      'The child task forever still runs 100 ms after it was aborted',
    ]);
    expect(memory.reports[0]?.[1]).toMatchObject({ socketId: run.ws.id, phase: 'spawn' });
  });

  it('is named beside a handler that ignores the end as well', async () => {
    const memory = new MemoryHost({ closeTimeoutMs: 100 });
    const { run, client } = memory.visit(async (ws) => {
      void ws.spawn(forever);
      await forever();
    });
    void client.close();
    await memory.clock.advance(100);
    expect((await run.outcome).kind).toBe('abandoned');
    expect(memory.reports.map(([error]) => (error as Error).message)).toEqual([
      'The child task forever still runs 100 ms after it was aborted',
      'The handler still runs 100 ms after its socket has closed',
    ]);
  });

  it('is named when its handler has ended and it ignores the end of the socket', async () => {
    const memory = new MemoryHost({ closeTimeoutMs: 100 });
    const { run, client } = memory.visit(async (ws) => {
      void ws.spawn(forever);
      await ws.closed;
      await sleepOn(memory, 60);
    });
    void client.close();
    await memory.clock.advance(100);
    expect([(await run.outcome).kind, memory.reports.length, memory.clock.timers]).toEqual([
      'returned',
      1,
      0,
    ]);
  });
});

function sleepOn({ clock }: MemoryHost, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.setTimeout(resolve, ms));
}

describe('the error of a child task', () => {
  it('ends handler and siblings with 1011, and is the outcome', async () => {
    using crashes = recordCrashes();
    const memory = new MemoryHost();
    const reasons: unknown[] = [];
    const results: unknown[] = [];
    const { run, client } = memory.visit(async (ws) => {
      void ws.spawn(witness(reasons));
      void ws.spawn(fail);
      results.push(await ws.read());
    });
    expect(await run.outcome).toMatchObject({
      kind: 'threw',
      error: boom,
      end: { code: 1011, by: 'handler' },
    });
    expect(gist(await client.closed)).toEqual([1011, 'peer', true]);
    expect([results, reported(memory), crashes.errors]).toEqual([
      [[undefined, 'closed']],
      [[boom, 'spawn']],
      [],
    ]);
    expect(reasons).toEqual([
      expect.objectContaining({
        name: 'AbortError',
        message: 'Another task of the handler has failed',
        cause: boom,
      }),
    ]);
  });

  it('aborts ws.signal, too, whose reason is not reported when the handler throws it', async () => {
    const memory = new MemoryHost();
    const { run } = memory.visit(async (ws) => {
      void ws.spawn(fail);
      await sleep(1e6, undefined, { signal: ws.signal });
    });
    expect(await run.outcome).toMatchObject({ kind: 'threw', error: boom });
    expect(reported(memory)).toEqual([[boom, 'spawn']]);
  });

  it('is one error where the handler awaits the task', async () => {
    const memory = new MemoryHost();
    const { run } = memory.visit(async (ws) => await ws.spawn(fail));
    expect(await run.outcome).toMatchObject({ kind: 'threw', error: boom });
    expect(reported(memory)).toEqual([[boom, 'spawn']]);
  });

  it('can be caught by the handler, and still ends it', async () => {
    const memory = new MemoryHost();
    const { run } = memory.visit(async (ws) => {
      await ws.spawn(fail).then(undefined, () => {});
    });
    expect(await run.outcome).toMatchObject({ kind: 'threw', error: boom, end: { code: 1011 } });
  });

  it('is kept beside all others, the handler’s first', async () => {
    const memory = new MemoryHost();
    const [mine, other] = [new Error('of the handler'), new Error('of a sibling')];
    const { run } = memory.visit(async (ws) => {
      void ws.spawn(fail);
      void ws.spawn(async (signal) => {
        await sleep(1e6, undefined, { signal }).catch(() => {});
        throw other;
      });
      await ws.read();
      throw mine;
    });
    const outcome = await run.outcome;
    expect(outcome).toMatchObject({ kind: 'threw', end: { code: 1011 } });
    const { error } = outcome as { readonly error: AggregateError };
    expect([error.name, error.message, error.errors]).toEqual([
      'AggregateError',
      'The handler and its child tasks have failed with 3 errors',
      [mine, boom, other],
    ]);
    expect(reported(memory)).toEqual([[error, 'server']]);
  });

  it('closes with 1011 also after the handler has returned', async () => {
    const memory = new MemoryHost();
    const { run } = memory.visit((ws) => {
      void ws.spawn(async (signal) => {
        await sleep(1e6, undefined, { signal }).catch(() => {});
        throw boom;
      });
    });
    expect(await run.outcome).toMatchObject({ kind: 'threw', error: boom, end: { code: 1011 } });
  });

  it('closes with the code of a MessageError', async () => {
    const memory = new MemoryHost();
    const { run, client } = memory.visit(
      async (ws) => await ws.spawn(async () => void (await ws.readJson())),
    );
    await client.write('{');
    expect(await run.outcome).toMatchObject({ kind: 'threw', end: { code: 1007, by: 'handler' } });
    expect(gist(await client.closed)).toEqual([1007, 'peer', true]);
  });

  it('does not count where it is the end of the socket, or the request to finish', async () => {
    const memory = new MemoryHost();
    const { run, client } = memory.visit(async (ws) => {
      void ws.spawn(() => sleep(1e6, undefined, { signal: ws.signal }));
      void ws.spawn(() => sleep(1e6, undefined, { signal: ws.draining }));
      void ws.spawn(async () => {
        for await (const data of ws) void data;
      });
      await ws.closed;
    });
    run.askToFinish();
    await settle();
    expect(client.closeInfo).toBe(undefined);
    client.terminate();
    expect((await run.outcome).kind).toBe('returned');
    expect(memory.reports).toEqual([]);
  });

  it('does not count where it is an AbortError after the abort', async () => {
    const memory = new MemoryHost();
    const { run } = memory.visit(async (ws) => {
      void ws.spawn(async (signal) => {
        await sleep(1e6, undefined, { signal }).catch(() => {});
        throw new DOMException('Query cancelled', 'AbortError');
      });
      await settle();
    });
    const { kind, end } = await run.outcome;
    expect([kind, end.code, memory.reports]).toEqual(['returned', 1000, []]);
  });

  it('may be anything, also an object that throws when it is read', async () => {
    using crashes = recordCrashes();
    const memory = new MemoryHost();
    const hostile: unknown = new Proxy({}, { has: () => raise(boom), get: () => raise(boom) });
    const { run } = memory.visit(async (ws) => {
      void ws.spawn(async (signal) => {
        await sleep(1e6, undefined, { signal }).catch(() => {});
        raise(hostile);
      });
      await settle();
      raise(undefined);
    });
    const outcome = await run.outcome;
    const errors = outcome.kind === 'threw' && (outcome.error as AggregateError).errors;
    expect(errors).toHaveLength(2);
    expect([outcome.end.code, memory.reports.length, crashes.errors]).toEqual([1011, 1, []]);
  });

  it('is reported alone where it comes after it was abandoned, and where the handler goes on', async () => {
    const memory = new MemoryHost({ closeTimeoutMs: 100 });
    const { run } = memory.visit(async (ws) => {
      void ws.spawn(async () => {
        await sleepOn(memory, 500);
        throw new Error('late');
      });
      void ws.spawn(fail);
      await forever();
    });
    await settle();
    await memory.clock.advance(100);
    expect((await run.outcome).kind).toBe('abandoned');
    await memory.clock.advance(400);
    expect(memory.reports.map(([error, { phase }]) => [(error as Error).message, phase])).toEqual([
      ['The child task anonymous still runs 100 ms after it was aborted', 'spawn'],
      ['boom', 'spawn'],
      ['The handler still runs 100 ms after its socket has closed', 'server'],
      ['late', 'spawn'],
    ]);
  });
});

describe('a child task that was abandoned', () => {
  it('may end later, which changes nothing', async () => {
    const memory = new MemoryHost({ closeTimeoutMs: 100 });
    const ends: string[] = [];
    const { run } = memory.visit({
      server: (ws) => void ws.spawn(() => sleepOn(memory, 500)),
      onPostServer: () => void ends.push('onPostServer'),
    });
    await memory.clock.advance(100);
    await run.outcome;
    await memory.clock.advance(500);
    expect([ends, memory.reports.length]).toEqual([['onPostServer'], 1]);
  });

  it('is named once, whatever else is abandoned', async () => {
    const memory = new MemoryHost({ closeTimeoutMs: 100 });
    const server = {
      server: (ws: ServerSocket): void => void ws.spawn(forever),
      onClientMessage: forever,
    };
    const { run, client } = memory.visit(server, 'shared');
    await client.write('a');
    await memory.clock.advance(100);
    void client.close();
    await memory.clock.advance(200);
    expect((await run.outcome).kind).toBe('returned');
    expect(memory.reports.map(([, { phase }]) => phase)).toEqual(['spawn', 'onClientMessage']);
  });
});

describe('a child task of a shared socket', () => {
  it('ends with the handler; the socket stays', async () => {
    const memory = new MemoryHost();
    const reasons: unknown[] = [];
    const { run, client } = memory.visit((ws) => void ws.spawn(witness(reasons)), 'shared');
    await settle();
    expect([reasons.length, run.isHandlerRunning, client.closeInfo]).toEqual([1, false, undefined]);
  });

  it('I7: adds no listener to ws.signal, and subscribes for no longer than they run', async () => {
    const { run } = new MemoryHost().visit(async (ws) => {
      await settle();
      void ws.spawn(witness([]));
    }, 'shared');
    const unsubscribe = vi.fn<() => void>();
    vi.spyOn(run.conversation.over, 'onAbort').mockReturnValue(unsubscribe);
    await settle();
    expect([unsubscribe.mock.calls, getEventListeners(run.ws.signal, 'abort')]).toEqual([[[]], []]);
  });

  it('closes it with 1011 when it fails', async () => {
    const memory = new MemoryHost();
    const { run } = memory.visit(async (ws) => {
      void ws.spawn(fail);
      await ws.read();
    }, 'shared');
    expect(await run.outcome).toMatchObject({ kind: 'threw', error: boom, end: { code: 1011 } });
  });
});
