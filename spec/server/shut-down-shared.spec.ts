// How a host closes its shared sockets: idle sockets at once, sockets with messages to answer when
// they have, and all after graceMs (docs/internals/decisions/shutting-down.md).

import { once } from 'node:events';
import type { ServerSocket } from 'corosock';
import { settle } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { Held, say, visit } from '../fixtures/held-server.ts';
import { gist } from '../fixtures/memory-host.ts';

const until = async (ws: ServerSocket): Promise<void> => void (await ws.closed);

describe('a host that closes', () => {
  it('closes idle shared sockets at once', async () => {
    const { memory, run } = visit({ server: () => {} });
    await settle();
    const closing = memory.host.close({ graceMs: 10_000 });
    expect(gist((await run.outcome).end)).toEqual([1001, 'shutdown', true]);
    expect(await closing).toEqual({ finished: 0, closed: 0, abandoned: [], tookMs: 0 });
  });

  it('lets onClientMessage answer all messages that have come, within graceMs', async () => {
    const server = new Held();
    const { memory, ws, run, client } = visit(server);
    await say(client, 'a', 'b');
    const closing = memory.host.close({ graceMs: 500 });
    await memory.clock.advance(499);
    expect(await ws.write('answer to a')).toBe('ok');
    await server.answer();
    expect(await ws.write('answer to b')).toBe('ok');
    await server.answer();
    expect([await client.read(), await client.read()]).toEqual([
      ['answer to a', 'ok'],
      ['answer to b', 'ok'],
    ]);
    expect([gist((await run.outcome).end), (await closing).tookMs]).toEqual([[1001, 'shutdown', true], 499]);
  });

  it('closes a shared socket whose onClientMessage goes on after graceMs', async () => {
    const { memory, ws, client } = visit(new Held());
    await say(client, 'a');
    void memory.host.close({ graceMs: 500 });
    await memory.clock.advance(499);
    expect(ws.closeInfo).toBe(undefined);
    await memory.clock.advance(1);
    expect(ws.closeInfo).toMatchObject({ code: 1001, by: 'shutdown' });
  });

  it('waits for onClientMessage when the handler has finished as asked', async () => {
    const server = Object.assign(new Held(), {
      server: async (ws: ServerSocket) => void (await once(ws.draining, 'abort')),
    });
    const { memory, ws, run, client } = visit(server);
    await say(client, 'a');
    void memory.host.close({ graceMs: 500 });
    await settle();
    expect([run.isHandlerRunning, ws.closeInfo]).toEqual([false, undefined]);
    await server.answer();
    expect(ws.closeInfo).toMatchObject({ code: 1001, by: 'shutdown' });
  });

  it('closes a shared socket when its handler has finished as asked', async () => {
    const { memory, run } = visit({
      server: async (ws) => void (await once(ws.draining, 'abort')),
    });
    const report = await memory.host.close({ graceMs: 10_000 });
    expect([gist((await run.outcome).end), report.finished]).toEqual([[1001, 'shutdown', true], 1]);
  });

  it('closes a shared socket whose handler goes on after graceMs', async () => {
    const { memory, run } = visit({ server: until });
    const closing = memory.host.close({ graceMs: 500 });
    await memory.clock.advance(499);
    expect(run.ws.closeInfo).toBe(undefined);
    await memory.clock.advance(1);
    expect([gist((await run.outcome).end), (await closing).closed]).toEqual([[1001, 'shutdown', true], 1]);
  });

  it('waits until onClientMessage has all messages that came', async () => {
    const server = new Held();
    const { memory, client } = visit(server);
    await say(client, 'a', 'b');
    let isClosed = false;
    const closing = memory.host.close({ graceMs: 0 }).then(() => (isClosed = true));
    await server.answer();
    expect([isClosed, server.ends]).toEqual([false, []]);
    await server.answer();
    await closing;
    expect([server.calls, memory.clock.timers]).toEqual([['a', 'b', 'onPostServer'], 0]);
  });

  it('does not wait for an onClientMessage that hangs for longer than closeTimeoutMs', async () => {
    const server = new Held();
    const { memory, client } = visit(server, { closeTimeoutMs: 700 });
    await say(client, 'a');
    const closing = memory.host.close({ graceMs: 0 });
    await memory.clock.advance(700);
    await closing;
    expect([server.calls, memory.clock.timers]).toEqual([['a', 'onPostServer'], 0]);
  });
});
