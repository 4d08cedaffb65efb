// Handlers of requests while they run: how many at once, in which order and context, and what the
// end of their socket does to them.

import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { requests } from 'corosock';
import type { Handler } from 'corosock';
import { fakeSocket, runServer, settle, virtualClock } from 'corosock/testing';
import { TurnBudget } from '../../src/time/turn-budget.ts';
import { CLOSED_BY_PEER, scripted } from '../conversation/scripted-transport.ts';
import { HandClock, turn } from '../time/hand-clock.ts';
import { call, result, scriptedRpc } from './scripted-rpc.ts';
import { echo, slowHandlers } from './slow-handlers.ts';

describe('handlers', () => {
  it('run 100 at once by default; beyond it the socket is not read', async () => {
    const { handlers, started, end } = slowHandlers();
    const { ws, peer } = scriptedRpc({ handlers });
    await peer(...Array.from({ length: 110 }, (_, id) => call('wait', id)));
    const atFirst = [started.length, ws.queued.messages];
    await end();
    expect([atFirst, started.length, ws.queued.messages]).toEqual([[100, 10], 101, 9]);
  });

  it('Q9: hold the link back when their peer goes on, and let it go on when they have ended', async () => {
    const { handlers, end } = slowHandlers();
    const { link, peer } = scriptedRpc({ handlers, maxRunning: 1 }, { queueMessages: 2 });
    await peer(call('wait', 1), call('wait', 2), call('wait', 3));
    const isHeld = link.isPaused;
    await end();
    expect([isHeld, link.isPaused]).toEqual([true, false]);
  });

  it('Q9: count until their reply has found room: replies do not pile up', async () => {
    const { link, peer, sent } = scriptedRpc(
      { handlers: { echo }, maxRunning: 2 },
      { writeBufferBytes: 1, queueMessages: 1000 },
    );
    await peer(...Array.from({ length: 100 }, (_, id) => call('echo', id, [])));
    expect([sent().length, link.bufferedBytes < 200]).toEqual([1, true]);
    for (let round = 0; round < 100; round += 1) {
      link.take();
      await settle();
    }
    expect(sent().length).toBe(99);
  });

  it('Q10: do not count while this end waits for replies: two ends that ask each other go on', async () => {
    const { ws, client } = fakeSocket();
    type Count = readonly [number];
    const down = (other: () => ReturnType<typeof requests>) => ({
      handlers: {
        down: async ([left]: Count): Promise<number> => {
          if (left === 0) return 0;
          const [rest = NaN] = await other().request<number>('down', [left - 1]);
          return rest + 1;
        },
      },
      maxRunning: 1,
    });
    const server: ReturnType<typeof requests> = requests(
      ws,
      down(() => server),
    );
    const other: ReturnType<typeof requests> = requests(
      client,
      down(() => other),
    );
    expect(await other.request('down', [20])).toEqual([20, 'ok']);
  });

  it('are not called before requests has returned: they may use what it returns', async () => {
    const { link, ws } = scripted();
    link.arrive(JSON.stringify(call('ask', 1)));
    const rpc = requests(ws, { handlers: { ask: () => void rpc.notify('hello') } });
    const atOnce = link.sentText.length;
    await settle();
    expect([atOnce, link.sentText.length]).toEqual([0, 2]);
  });

  it('are called in the order of the calls, one after the other where maxRunning is 1', async () => {
    const order: string[] = [];
    const handlers = {
      step: async ([name]: readonly [string]) => {
        order.push(`begin ${name}`);
        await settle();
        order.push(`end ${name}`);
      },
    };
    const { peer } = scriptedRpc({ handlers, maxRunning: 1 });
    await peer(call('step', 1, ['a']), call('step', 2, ['b']));
    await settle();
    await settle();
    expect(order).toEqual(['begin a', 'end a', 'begin b', 'end b']);
  });

  it('run in the AsyncLocalStorage context of the call of requests', async () => {
    const store = new AsyncLocalStorage<string>();
    const { link, ws } = scripted();
    store.run('of the handler', () => requests(ws, { handlers: { where: () => store.getStore() } }));
    store.run('of the link', () => link.arrive(JSON.stringify(call('where', 1))));
    await settle();
    expect(link.sentText).toEqual([JSON.stringify(result(1, 'of the handler'))]);
  });

  it('let other sockets have their turn once the budget of this one is spent', async () => {
    const budget = Object.assign(new TurnBudget(new HandClock()), { spend: () => true });
    const order: string[] = [];
    const { link } = scriptedRpc({ handlers: { log: () => void order.push('call') } }, { budget });
    link.arrive(...[1, 2, 3].map(() => JSON.stringify(call('log'))));
    for (let round = 0; round < 3; round += 1) {
      await turn();
      await turn();
      order.push('turn');
    }
    expect(order).toEqual(['call', 'turn', 'call', 'turn', 'call', 'turn']);
  });
});

describe('the end of the socket', () => {
  it('aborts the signal of handlers; their AbortError is not reported', async () => {
    const reasons: unknown[] = [];
    const handlers = {
      wait: (_: unknown, { signal }: { signal: AbortSignal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
          reasons.push(signal.aborted);
        }),
    };
    const { rpc, link, peer, reports, clock } = scriptedRpc({ handlers });
    await peer(call('wait', 1), call('wait'));
    link.end();
    expect(await rpc.closed).toMatchObject({ code: 1006 });
    await settle();
    expect([reasons, reports, clock.timers]).toEqual([[false, false], [], 0]);
  });

  it('comes after all calls that had come before it', async () => {
    const seen: unknown[] = [];
    const { rpc, link } = scriptedRpc({ handlers: { log: (params) => void seen.push(params) } });
    for (let line = 0; line < 3; line += 1) link.arrive(JSON.stringify(call('log', undefined, [line])));
    link.end(CLOSED_BY_PEER);
    await rpc.closed;
    expect(seen).toEqual([[0], [1], [2]]);
  });

  it('lets no handler begin once this end has begun to close', async () => {
    const { handlers, started, end } = slowHandlers();
    const { ws, rpc, conversation, link, peer } = scriptedRpc({ handlers, maxRunning: 1 });
    await peer([call('wait', 1), call('wait', 2)], call('wait', 3));
    conversation.close(1000, '', 'local');
    await end();
    link.end({ ...CLOSED_BY_PEER, by: 'local' });
    await end();
    await rpc.closed;
    expect([started.length, ws.closeInfo?.unread]).toEqual([1, 1]);
  });

  it('Q12: waits four fifths of closeTimeoutMs for handlers that ignore it, and reports them', async () => {
    const { handlers } = slowHandlers();
    const { rpc, link, clock, peer, reports } = scriptedRpc({ handlers });
    const waiting = rpc.request('add', [], { timeoutMs: Infinity });
    await peer(call('wait', 1), [call('wait', 2)]);
    link.end();
    let isClosed = false;
    void rpc.closed.then(() => (isClosed = true));
    await settle();
    clock.tick(3999);
    await settle();
    const before = [isClosed, reports.length];
    clock.tick(1);
    await settle();
    const late = 'requests: Error: The handler of "wait" still runs 4000 ms after its socket has closed';
    expect([before, isClosed, reports, clock.timers]).toEqual([[false, 0], true, [late, late], 0]);
    expect(await waiting).toEqual([undefined, 'closed']);
  });

  it('ends the wait when the last handler has ended', async () => {
    const { handlers, end } = slowHandlers();
    const { rpc, link, clock, peer, reports } = scriptedRpc({ handlers });
    await peer(call('wait', 1));
    link.end();
    await settle();
    await end();
    await rpc.closed;
    expect([clock.timers, reports]).toEqual([0, []]);
  });

  it('may have come before requests was called', async () => {
    const { link, ws } = scripted();
    link.end();
    const rpc = requests(ws);
    expect([await rpc.closed, await rpc.request('add')]).toEqual([ws.closeInfo, [undefined, 'closed']]);
  });
});

describe('on a server', () => {
  it('a handler that awaits closed answers what came before the close frame of its client', async () => {
    const clock = virtualClock();
    const wait = (): Promise<void> => new Promise((resolve) => void clock.setTimeout(resolve, 100));
    const written: unknown[] = [];
    await using run = runServer(
      async (ws) => {
        const write = ws.write.bind(ws);
        ws.write = async (data) => {
          const status = await write(data);
          written.push([data, status]);
          return status;
        };
        await requests(ws, { handlers: { wait } }).closed;
      },
      { clock },
    );
    const client = await run.client;
    await client.writeJson(call('wait', 1));
    const closing = client.close();
    await clock.advance(100);
    expect([(await closing).clean, written]).toEqual([true, [[JSON.stringify(result(1, null)), 'ok']]]);
  });

  it.each<[string, Handler, number]>([
    ['returns at once, and names the line', (ws) => void requests(ws, { handlers: { echo } }), 1],
    ['has no handlers, and may only send', async (ws) => void (await requests(ws).notify('hello')), 0],
    ['awaits closed', (ws) => requests(ws, { handlers: { echo } }).closed.then(() => {}), 0],
    ['closes the socket itself', (ws) => void [requests(ws, { handlers: { echo } }), ws.endServer()], 0],
  ])(
    'reports, once for a host, a handler that serves methods and returns at once: one that %s',
    async (_, server, count) => {
      const reports: unknown[] = [];
      await using run = runServer(server, { report: (error) => void reports.push(error) });
      for (const client of [await run.client, await run.connect()]) await client.close();
      await settle();
      const mistake = {
        code: 'COROSOCK_FORGOTTEN_AWAIT',
        message: expect.stringMatching(/^requests\(\): expected .* `await rpc\.closed`/) as string,
        stack: expect.stringContaining('running-handlers.spec.ts') as string,
      };
      expect(reports).toMatchObject(Array.from({ length: count }, () => mistake));
    },
  );

  it('works inside of a child task', async () => {
    await using run = runServer(async (ws) => {
      await ws.spawn(async () => void (await requests(ws, { handlers: { echo } }).closed));
    });
    const client = await run.client;
    const rpc = requests(client);
    expect(await rpc.request('echo', ['hello'])).toEqual([['hello'], 'ok']);
    await client.close();
    expect((await run.done).kind).toBe('returned');
  });
});
