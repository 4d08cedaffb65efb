// A call that is a mistake, and that no code ever awaits, goes to `report` with its line.

import type { Data, Handler, Host, ServerSocket, UsageError } from 'corosock';
import { requests } from 'corosock';
import { settle } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { here } from '../fixtures/here.ts';
import { MemoryHost } from '../fixtures/memory-host.ts';
import { recordCrashes } from '../fixtures/process-events.ts';

const NO_DATA = 5 as unknown as string;

/** What is reported of a handler: phase, and the first line of the error's stack in a spec. */
async function reportsOf(handler: Handler, memory = new MemoryHost()): Promise<readonly unknown[]> {
  const { run } = memory.visit(handler);
  await run.outcome;
  await settle();
  await settle();
  return memory.reports.map(([error, { phase }]) => [phase, (error as UsageError).code]);
}

describe('a mistake in a call that nothing awaits', () => {
  const FORGOTTEN: ReadonlyArray<readonly [string, (ws: ServerSocket) => unknown]> = [
    ['write', (ws) => ws.write(NO_DATA)],
    ['write with a bad option', (ws) => ws.write('a', { timeoutMS: 5 } as never)],
    ['write of an iterable with a bad part', (ws) => ws.write([NO_DATA])],
    ['writeJson of a promise', (ws) => ws.writeJson(Promise.resolve(1))],
    ['read', (ws) => ws.read(-1)],
    ['readMessage', (ws) => ws.readMessage(NaN)],
    ['join', (ws) => ws.join('')],
    ['readText', (ws) => ws.readText({ timeoutMs: -1 })],
    ['readJson', (ws) => ws.readJson({ schema: 5 as never })],
    ['request', (ws) => requests(ws).request('add', [1n])],
    ['notify', (ws) => requests(ws).notify(5 as never)],
    ['next', async (ws) => void (void ws.read({ timeoutMs: 1 }), ws[Symbol.asyncIterator]().next())],
    ['a second read at once', (ws) => (void ws.read({ timeoutMs: 1 }).catch(() => {}), void ws.read())],
  ];

  it.each(FORGOTTEN)('A5: is reported once the run has ended: %s', async (_, call) => {
    using crashes = recordCrashes();
    const reports = await reportsOf(async (ws) => {
      void call(ws);
      await settle();
      void ws.endServer();
    });
    const code = expect.stringMatching(/^COROSOCK_(?:ARGUMENT|CONCURRENT_READ|ROOM_NAME)$/) as unknown;
    expect([reports, crashes.errors]).toEqual([[['un-awaited call', code]], []]);
  });

  it.each<[string, (host: Host) => Promise<unknown>]>([
    ['host.close', (host) => host.close({ graceMs: -1 })],
    ['host.openServer', (host) => host.openServer('id', { timeoutMs: NaN })],
  ])('is reported at once where it is a call of a host, unless it is awaited: %s', async (_, call) => {
    const { host, reports } = new MemoryHost();
    await expect(call(host)).rejects.toMatchObject({ code: 'COROSOCK_ARGUMENT' });
    await settle();
    const before = [...reports];
    void call(host);
    await settle();
    const error = expect.objectContaining({ code: 'COROSOCK_ARGUMENT' }) as unknown;
    expect([before, reports]).toEqual([[], [[error, { phase: 'un-awaited call' }]]]);
  });

  it('is reported with the line, the socket and the path', async () => {
    const memory = new MemoryHost();
    const line = here(1);
    await reportsOf((ws) => void ws.endServer(1005), memory);
    const [[error, where] = []] = memory.reports;
    expect((error as Error).stack).toContain(line);
    expect([(error as UsageError).code, where]).toEqual([
      'COROSOCK_CLOSE_CODE',
      { phase: 'un-awaited call', route: '*', path: '/', socketId: expect.any(String) as string },
    ]);
  });

  it('is reported once for a place, however often it is made', async () => {
    const memory = new MemoryHost();
    const handler: Handler = async (ws) => {
      for (let n = 0; n < 10; n += 1) void ws.write(NO_DATA);
      await settle();
    };
    await reportsOf(handler, memory);
    expect(await reportsOf(handler, memory)).toHaveLength(1);
  });

  it('is not reported where it is awaited later, in Promise.all, in onPostServer, or caught', async () => {
    const memory = new MemoryHost();
    const kept: Array<Promise<unknown>> = [];
    const { run } = memory.visit({
      async server(ws) {
        const late = ws.write(NO_DATA);
        const both = [ws.write(NO_DATA), ws.write('a')];
        kept.push(ws.write(NO_DATA));
        void ws.write(NO_DATA).catch(() => {});
        await settle();
        await expect(late).rejects.toThrow('ws.write()');
        await expect(Promise.all(both)).rejects.toThrow('ws.write()');
      },
      async onPostServer() {
        await settle();
        await Promise.allSettled(kept);
      },
    });
    await run.outcome;
    await settle();
    await settle();
    expect(memory.reports).toEqual([]);
  });

  it('is reported once where the handler throws it, as the error of the handler', async () => {
    const reports = await reportsOf(async (ws) => void (await ws.write(NO_DATA)));
    expect(reports).toEqual([['server', 'COROSOCK_ARGUMENT']]);
  });

  it('leaves the statuses of writes as they are', async () => {
    const got: unknown[] = [];
    const parts: readonly Data[] = ['a', 'b'];
    await reportsOf(async (ws) => void got.push(await ws.write(parts), await ws.write('a')));
    expect(got).toEqual(['ok', 'ok']);
  });
});
