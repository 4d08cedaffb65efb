// A handler that returns while a read of its own still waits is told so, with the line; a read that
// was left on purpose is not reported.

import { setTimeout as sleep } from 'node:timers/promises';
import { channel, every, select } from 'corosock';
import type { Data, Handler, ServerSocket, UsageError } from 'corosock';
import { settle } from 'corosock/testing';
import { describe, expect, it, vi } from 'vitest';
import { here } from '../fixtures/here.ts';
import { MemoryHost } from '../fixtures/memory-host.ts';
import type { Sharing } from '../fixtures/memory-host.ts';
import { pendingRead } from '../../src/conversation/pending-read.ts';
import { TRACED_READS } from '../../src/conversation/read-mistakes.ts';
import { forgottenRead } from '../../src/server/forgotten-read.ts';
import { HostWaits } from '../../src/server/host-waits.ts';

/** What is reported of a handler whose client sends some messages. */
async function reportsOf(
  handler: Handler,
  { sharing = 'dedicated', messages = [] as readonly string[], memory = new MemoryHost() } = {},
): Promise<readonly string[]> {
  const { run, client } = memory.visit(handler, sharing as Sharing);
  for (const message of messages) {
    await settle();
    await client.write(message);
  }
  for (let turns = 0; turns < 4; turns += 1) await settle();
  if (sharing === 'shared') await client.close();
  // A child task is awaited for some seconds.
  await memory.clock.advance(60_000);
  await run.outcome;
  const errors = memory.reports.map(([error]) => error as UsageError);
  return errors.filter(({ code }) => code === 'COROSOCK_FORGOTTEN_AWAIT').map(({ message }) => message);
}

/** Reads until the end. */
async function chat(ws: ServerSocket): Promise<void> {
  for await (const message of ws) await ws.write(message);
}

const text = (call: string, ...lines: readonly string[]): unknown =>
  expect.stringMatching(
    new RegExp(
      `^${call.replaceAll(/[().]/g, '\\$&')}: expected to be awaited before the handler returns, but it still ` +
        `waits, at .*${lines.join('.*, called at .*').replaceAll('.', '\\.').replaceAll('\\.*', '.*')}`,
    ),
  );

describe('a read that its handler has forgotten', () => {
  it('A5: is reported as a UsageError, once for a place, and the socket closes as ever', async () => {
    const memory = new MemoryHost();
    const line = here(1);
    const handler: Handler = async (ws) => void ws.read();
    const { run, client } = memory.visit(handler);
    expect(await run.outcome).toMatchObject({ kind: 'returned', end: { code: 1000, by: 'handler' } });
    await client.closed;
    await reportsOf(handler, { memory });
    const [[error, where] = []] = memory.reports;
    expect([memory.reports.length, error, where]).toEqual([
      1,
      expect.objectContaining({ name: 'UsageError', code: 'COROSOCK_FORGOTTEN_AWAIT' }),
      expect.objectContaining({ phase: 'server', socketId: run.id }),
    ]);
    expect((error as Error).stack?.split('\n')[1]).toContain(line);
  });

  it.each<[string, string, (ws: ServerSocket) => unknown]>([
    ['read', 'ws.read()', (ws) => ws.read()],
    ['read with a signal', 'ws.read()', (ws) => ws.read({ signal: new AbortController().signal })],
    ['readMessage', 'ws.readMessage()', (ws) => ws.readMessage()],
    ['readText', 'ws.readText()', (ws) => ws.readText()],
    ['readJson', 'ws.readJson()', (ws) => ws.readJson()],
    ['next', 'for await', (ws) => ws[Symbol.asyncIterator]().next()],
  ])(
    'is one whose promise nothing has reacted to, also where the handler goes on: %s',
    async (_, call, read) => {
      const place = here(2);
      const handler: Handler = async (ws) => {
        const message = read(ws);
        await settle();
        await ws.write(`got ${String(message)}`);
      };
      expect(await reportsOf(handler)).toEqual([text(call, 'forgotten-read.spec.ts:\\d+:\\d+\\)?', place)]);
    },
  );

  it('is one in a function that the handler calls, and does not await, before it returns', async () => {
    const place = here(1);
    const handler: Handler = async (ws) => void chat(ws);
    expect(await reportsOf(handler)).toEqual([
      text('for await', 'forgotten-read.spec.ts:\\d+:\\d+\\)?', place),
    ]);
  });

  it('is one in such a function in a later step of the handler', async () => {
    const place = here(3);
    const handler: Handler = async function greeter(ws) {
      await ws.write(`hello ${String((await ws.read())[0])}`);
      void chat(ws);
    };
    const reports = await reportsOf(handler, { messages: ['name'] });
    expect(reports).toEqual([text('for await', 'forgotten-read.spec.ts:\\d+:\\d+\\)?', place)]);
  });

  it('is one of a handler that is no asynchronous function, whatever it calls', async () => {
    const later = (ws: ServerSocket): void =>
      void ws.read().then(([, status]) => (status === 'ok' ? later(ws) : undefined));
    const caught = (ws: ServerSocket): void => void chat(ws).catch(() => {});
    const named = [expect.stringContaining('but it still waits, at ')];
    expect([await reportsOf((ws) => later(ws)), await reportsOf((ws) => caught(ws))]).toEqual([named, named]);
  });

  it('is found of a handler that is not asynchronous where no stack was taken, at the line that awaits', async () => {
    const memory = new MemoryHost();
    const reading = async (ws: ServerSocket): Promise<void> => void (await ws.read());
    for (let n = 0; n < TRACED_READS; n += 1) memory.visit(reading);
    expect(await reportsOf((ws) => void chat(ws), { memory })).toEqual([
      expect.stringMatching(/^for await: .* still waits, at .*forgotten-read\.spec\.ts:\d+:\d+$/),
    ]);
  });

  it('is found in each second in which a socket begins, however many reads came before', async () => {
    const memory = new MemoryHost();
    const reading = async (ws: ServerSocket): Promise<void> => void (await ws.read());
    for (let n = 0; n < TRACED_READS; n += 1) memory.visit(reading);
    const forgetful: Handler = async (ws) => void ws.read();
    const before = await reportsOf(forgetful, { memory });
    await memory.clock.advance(1000);
    expect([before, await reportsOf(forgetful, { memory })]).toEqual([[], [expect.any(String)]]);
  });
});

describe('a read that was left on purpose', () => {
  /** A loop beside the handler, which tells it to end. */
  async function pump(ws: ServerSocket, bye: () => void): Promise<void> {
    for await (const message of ws) if (message === 'bye') bye();
  }

  /** As {@link pump}, with a helper that is no asynchronous function. */
  async function pumpByHelper(ws: ServerSocket, bye: () => void): Promise<void> {
    const next = (): ReturnType<ServerSocket['read']> => ws.read();
    for (let [message, status] = await next(); status === 'ok'; [message, status] = await next())
      if (message === 'bye') bye();
  }

  const until = (start: (bye: () => void) => unknown): Promise<void> =>
    new Promise((resolve) => void start(resolve));

  const BESIDE: ReadonlyArray<readonly [string, Handler]> = [
    ['by a loop beside the handler, which ends it', (ws) => until((bye) => pump(ws, bye))],
    ['by such a loop with a helper', (ws) => until((bye) => void pumpByHelper(ws, bye).catch(() => {}))],
    [
      'by a chain of callbacks',
      (ws) =>
        until((bye) => {
          const onMessage = ([message, status]: readonly [unknown, unknown]): void => {
            if (message === 'bye') bye();
            if (status === 'ok') void ws.read().then(onMessage);
          };
          void ws.read().then(onMessage);
        }),
    ],
  ];

  it.each(BESIDE)('%s', async (_, handler) => {
    expect(await reportsOf(async (ws) => await handler(ws), { messages: ['a', 'bye'] })).toEqual([]);
  });

  const readLine = async (ws: ServerSocket): Promise<Data | undefined> => (await ws.readMessage())[0];

  it.each<[string, Handler]>([
    [
      'by a select that took another source',
      async (ws) => {
        const line = readLine(ws);
        await select({ line, tick: every(1, { clock: ws.clock }), now: settle() });
      },
    ],
    [
      'by a select that found another source ready',
      async (ws) => {
        const jobs = channel<string>();
        await jobs.put('ready');
        await select({ jobs, line: readLine(ws) });
      },
    ],
    [
      'by a select over the read itself',
      async (ws) => void (await select({ read: ws.read(), now: settle() })),
    ],
    ['by a race', async (ws) => void (await Promise.race([readLine(ws), settle()]))],
    [
      'by a race that was over at once',
      async (ws) => void (await Promise.race([readLine(ws), Promise.resolve()])),
    ],
    [
      'by `then` in a handler that goes on',
      async (ws) => {
        void ws.read().then(() => {});
        await settle();
      },
    ],
    [
      'in a timer',
      async (ws) => {
        setTimeout(() => void ws.read(), 0);
        await sleep(20);
      },
    ],
    [
      'in a timer, by a function that awaits it',
      async (ws) => {
        await until((bye) => setTimeout(() => (bye(), void chat(ws)), 0));
      },
    ],
    [
      'in an event',
      async (ws) => {
        const target = new EventTarget();
        target.addEventListener('go', () => void chat(ws));
        await until((bye) => setTimeout(() => (bye(), target.dispatchEvent(new Event('go'))), 0));
      },
    ],
    ['by a child task', async (ws) => void ws.spawn(() => chat(ws))],
    [
      'by a child task of a handler that is not asynchronous',
      (ws) => void ws.spawn(async () => await ws.read()),
    ],
    [
      'by a child task that forgot it',
      async (ws) => {
        void ws.spawn(async () => {
          await settle();
          void ws.read();
          await settle();
        });
        await settle();
        await settle();
      },
    ],
    [
      'in a stream that was pulled',
      async (ws) => {
        void ws.readable.getReader().read();
        await settle();
      },
    ],
    [
      'where the handler has ended the socket',
      (ws) => {
        void ws.endServer();
        void ws.read();
      },
    ],
    [
      'where the handler has thrown',
      (ws) => {
        void ws.read();
        throw new Error('mine');
      },
    ],
    [
      'by a loop that was left',
      async (ws) => {
        for await (const message of ws) if (message === 'a') return;
      },
    ],
  ])('is not reported: %s', async (_, handler) => {
    const reports = await reportsOf(handler, { messages: _.includes('loop that') ? ['a'] : [] });
    expect(reports).toEqual([]);
  });

  it('is not reported on a shared socket, which lives on', async () => {
    expect(await reportsOf((ws) => void chat(ws), { sharing: 'shared' })).toEqual([]);
    expect(await reportsOf(async (ws) => void ws.read(), { sharing: 'shared' })).toEqual([]);
  });

  it('is not reported where the host has asked the handler to finish, nor where the peer has closed', async () => {
    const memory = new MemoryHost();
    const drained = memory.visit(async (ws) => {
      void chat(ws);
      await until((bye) => ws.draining.addEventListener('abort', bye));
    });
    drained.run.askToFinish();
    await drained.run.outcome;
    const asked = memory.visit(async (ws) => {
      const message = ws.read();
      await until((bye) => ws.draining.addEventListener('abort', bye));
      return void message;
    });
    asked.run.askToFinish();
    await asked.run.outcome;
    const left = memory.visit(async (ws) => {
      void ws.read().catch(() => {});
      await ws.closed;
    });
    await left.client.close();
    await left.run.outcome;
    expect(memory.reports).toEqual([]);
  });

  it('is not reported where the runtime cannot follow promises, nor in calls too deep to know', async () => {
    const deep = (ws: ServerSocket, levels: number): void =>
      void (levels === 0 ? chat(ws) : deep(ws, levels - 1));
    expect(await reportsOf(async (ws) => deep(ws, 30))).toEqual([]);
    const follow = vi.spyOn(HostWaits.prototype, 'follow').mockImplementation(() => expect.fail('no realm'));
    const reports = await reportsOf((ws) => void chat(ws));
    follow.mockRestore();
    expect(reports).toEqual([]);
  });
});

describe('forgottenRead', () => {
  const CHAT = '    at async chat (/app/chat.ts:5:9)';
  const HANDLER = '    at /app/chat.ts:3:5';

  /** What is said of a read with a stack, which a function `chat` awaits. */
  function saidOf(
    stack: unknown,
    outermost: string | undefined = 'chat (/app/chat.ts:5:9)',
  ): string | undefined {
    const view = { binaryData: false, atEnd: true, closedReads: 0, inHand: undefined };
    const read = pendingRead(view, undefined, { timeoutMs: 1, signal: undefined }, function read() {});
    read.trace = { stack, promise: undefined, isFresh: true };
    const awaits = { at: '/app/chat.ts:5:9', mark: undefined, outermost };
    return forgottenRead({ handling: Promise.resolve() }, read, () => awaits)?.message;
  }

  it.each<[string, unknown, string | undefined]>([
    [
      'no function without a name',
      ['Error', '    at chat (/app/chat.ts:5:9)', HANDLER],
      'called at /app/chat.ts:3:5',
    ],
    [
      'a step that the engine has begun',
      ['Error', '    at chat (/app/chat.ts:5:9)', HANDLER, CHAT],
      'called at /app',
    ],
    ['a loop that awaits it', ['Error', '    at chat (/app/chat.ts:5:9)', CHAT], undefined],
    ['a timer', ['Error', HANDLER, '    at listOnTimeout (node:internal/timers:581:17)'], undefined],
    ['no frame of a user', ['Error', '    at Array.map (<anonymous>)'], undefined],
    ['no stack at all', undefined, undefined],
    ['a stack that a logger has made', [{ line: 3 }], undefined],
  ])('takes the caller of the first of its frames: %s', (_, stack, said) => {
    const text = Array.isArray(stack) && typeof stack[0] === 'string' ? stack.join('\n') : stack;
    expect(saidOf(text) ?? 'nothing').toContain(said ?? 'nothing');
  });

  it('names no line where none is known', () => {
    const view = { binaryData: false, atEnd: true, closedReads: 0, inHand: undefined };
    const read = pendingRead(view, undefined, { timeoutMs: 1, signal: undefined }, function read() {});
    const error = forgottenRead({ handling: undefined }, read, () => ({ at: undefined, mark: undefined }));
    expect(error?.message).toBe(
      'ws.read(): expected to be awaited before the handler returns, but it still waits',
    );
  });

  it('says nothing where nothing is known of those who await it', () => {
    expect(saidOf(['Error', HANDLER].join('\n'), '')).toBe(undefined);
  });
});
