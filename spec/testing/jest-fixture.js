// What somebody writes who uses jest: the test kit beside its real timers, and beside its fake ones.
// jest-run.js runs it in a process of its own, against the package as npm installs it.

import { readFile } from 'node:fs/promises';
import { jest } from '@jest/globals';
import { fakeSocket, runServer, settle, simulate, virtualClock, world } from 'corosock/testing';

async function greet(ws) {
  const [name, status] = await ws.read(100, 10_000);
  await ws.write(status === 'ok' ? `hello, ${name}` : 'are you there?');
}

describe.each(['real', 'fake'])('%s timers of jest', (timers) => {
  beforeEach(() => {
    if (timers === 'fake') jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test('runServer', async () => {
    const clock = virtualClock();
    const run = runServer(greet, { clock });
    const client = await run.client;
    await clock.advance(10_000);
    expect(await client.read()).toEqual(['are you there?', 'ok']);
    await run[Symbol.asyncDispose]();
    expect((await run.done).kind).toBe('returned');
  });

  test('run.waiting', async () => {
    let read = 0;
    const run = runServer(async (ws) => {
      await ws.read();
      read += (await readFile(new URL(import.meta.url))).length;
      await ws.read();
    });
    const client = await run.client;
    await client.write('go');
    await run.waiting;
    expect(read).toBeGreaterThan(0);
    expect(run.host.waits()).toMatchObject([{ waits: 'read', at: expect.stringContaining('kit.test.js') }]);
    await run[Symbol.asyncDispose]();
  });

  test('world', async () => {
    const w = world({ seed: 1 });
    const client = await w.connect(w.serve(greet));
    await w.clock.advance(10_000);
    expect(await client.read()).toEqual(['are you there?', 'ok']);
    await w[Symbol.asyncDispose]();
  });

  test('w.real and escapes', async () => {
    const w = world({ seed: 1 });
    const read = () => readFile(new URL(import.meta.url));
    const seen = [];
    await w.connect(
      w.serve(async (ws) => {
        seen.push(await w.real(read()));
        await ws.read();
      }),
    );
    await w.settle();
    expect(seen).toHaveLength(1);
    await w.connect(
      w.serve(
        async (ws) => {
          await ws.clock.sleep(10);
          await read();
        },
        { report: () => {} },
      ),
    );
    await expect(w.clock.advance(100)).rejects.toMatchObject({
      code: 'COROSOCK_REAL_TIME',
      message: expect.stringContaining('kit.test.js'),
    });
    await w[Symbol.asyncDispose]();
  });

  test('simulate', async () => {
    const report = await simulate(
      async (w) => {
        const client = await w.connect(w.serve(greet));
        await client.write('Ada');
        expect((await client.read())[0]).toBe('hello, Ada');
      },
      { runs: 5 },
    );
    expect(report.runs).toBe(5);
  });

  test('a test that waits for ever is told', async () => {
    const reports = [];
    const run = runServer(greet, { clock: virtualClock(), report: (error) => reports.push(error) });
    const client = await run.client;
    void client.read();
    while (reports.length === 0) await settle();
    expect(reports).toMatchObject([{ code: 'COROSOCK_STANDSTILL' }]);
    await run[Symbol.asyncDispose]();
  });

  test('fakeSocket', async () => {
    const { ws, client } = fakeSocket();
    const greeting = greet(ws);
    await client.write('Ada');
    await settle();
    expect(client.queued.messages).toBe(1);
    await greeting;
  });
});
