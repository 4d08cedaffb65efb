// Shared sockets, opened by id from anywhere in the process: what a handle can do, and what it does
// not hold.

import { Status } from 'corosock';
import type { ServerSocket, WaitOptions } from 'corosock';
import { settle } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { gist, MemoryHost } from '../fixtures/memory-host.ts';
import type { MemoryVisit } from '../fixtures/memory-host.ts';

/** A shared conversation whose handler has returned, and two handles on it. */
async function opened() {
  const memory = new MemoryHost();
  const { run, client } = memory.visit(() => {}, 'shared');
  await settle();
  const { ws } = run;
  return { memory, client, ws, one: await open(memory, ws.id), two: await open(memory, ws.id) };
}

async function open({ host }: MemoryHost, id: string) {
  const [handle, status] = await host.openServer(id);
  if (status !== 'ok') throw new Error(status);
  return handle;
}

async function say(client: MemoryVisit['client'], ...messages: readonly string[]): Promise<void> {
  for (const text of messages) await client.write(text);
  await settle();
}

describe('openServer', () => {
  it('gives a handle of its own on each call', async () => {
    const { ws, one, two } = await opened();
    expect([one.id, two.id, one === two]).toEqual([ws.id, ws.id, false]);
    expect([one.protocol, one.closed, one.signal]).toEqual([ws.protocol, ws.closed, ws.signal]);
  });

  it('opens a shared socket whose handler still runs', async () => {
    const memory = new MemoryHost();
    const { run } = memory.visit(async (ws: ServerSocket) => void (await ws.closed), 'shared');
    expect((await open(memory, run.ws.id)).id).toBe(run.ws.id);
  });

  it('says that a socket is dedicated', async () => {
    const memory = new MemoryHost();
    const { run } = memory.visit(async (ws) => void (await ws.closed));
    expect(await memory.host.openServer(run.ws.id)).toEqual([undefined, 'not-shared']);
  });

  it('gives a status of Status, whatever the id', async () => {
    const { memory, ws } = await opened();
    const { run: dedicated } = memory.visit(async (socket) => void (await socket.closed));
    const ids = [ws.id, dedicated.ws.id, 'x'];
    const statuses: Status[] = [];
    for (const id of ids) statuses.push((await memory.host.openServer(id))[1]);
    expect(statuses).toEqual([Status.OK, Status.NotShared, Status.NotFound]);
  });

  it.each(['shared', 'dedicated'] as const)('does not find a %s socket after its end', async (sharing) => {
    const memory = new MemoryHost();
    const { run, client } = memory.visit(() => new Promise(() => {}), sharing);
    const found = run.ws.closed.then(() => memory.host.openServer(run.ws.id));
    await client.close();
    expect(await found).toEqual([undefined, 'not-found']);
  });

  it.each(['', 'x', '__proto__', 'constructor', 'toString', 'a'.repeat(100_000)])(
    'A8: does not find %.20s',
    async (id) => {
      const { memory } = await opened();
      expect(await memory.host.openServer(id)).toEqual([undefined, 'not-found']);
    },
  );

  it.each([
    ['an id that is not a string', 1, {}],
    ['no id', undefined, {}],
    ['a negative time', 'x', { timeoutMs: -1 }],
    ['a time that is not a number', 'x', { timeoutMs: '1' }],
    ['a signal that is not an AbortSignal', 'x', { signal: {} }],
    ['an unknown option', 'x', { timeout: 1 }],
    ['null as options', 'x', null],
  ])('refuses %s', async (_, id, options) => {
    const { host } = new MemoryHost();
    await expect(host.openServer(id as string, options as WaitOptions)).rejects.toMatchObject({
      code: 'COROSOCK_ARGUMENT',
    });
  });

  it('rejects with the reason of an aborted signal, and adds no listener to any signal', async () => {
    const { memory, ws } = await opened();
    await expect(memory.host.openServer(ws.id, { signal: AbortSignal.abort('my reason') })).rejects.toBe(
      'my reason',
    );
    const { signal } = new AbortController();
    expect((await memory.host.openServer(ws.id, { signal, timeoutMs: 0 }))[1]).toBe('ok');
  });
});

describe('a handle', () => {
  it('reads in the order of the calls, over all handles and the ws of the handler', async () => {
    const { client, ws, one, two } = await opened();
    const reads = [two.read(), ws.readMessage(), one.read(), two.read({ timeoutMs: 1000 })];
    await say(client, 'a', 'b', 'c', 'd');
    expect((await Promise.all(reads)).map(([data]) => data)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('shares the queue: no message is read twice', async () => {
    const { client, ws, one, two } = await opened();
    await say(client, 'a', 'b', 'c');
    expect([one.queued, two.queued]).toEqual([ws.queued, ws.queued]);
    expect([await two.read(), await one.read(), await ws.read()].map(([data]) => data)).toEqual([
      'a',
      'b',
      'c',
    ]);
  });

  it('writes, in order with all other handles', async () => {
    const { client, ws, one, two } = await opened();
    await Promise.all([one.write('a'), ws.write('b'), two.write('c')]);
    expect([await client.read(), await client.read(), await client.read()].map(([data]) => data)).toEqual([
      'a',
      'b',
      'c',
    ]);
  });

  it('can be iterated over, and left without a loss', async () => {
    const { client, one, two } = await opened();
    await say(client, 'a', 'b', 'c');
    const seen: unknown[] = [];
    for await (const data of one) {
      seen.push(data);
      if (data === 'b') break;
    }
    void client.close();
    for await (const data of two) seen.push(data);
    expect(seen).toEqual(['a', 'b', 'c']);
  });

  it('ends the conversation for all handles', async () => {
    const { client, ws, one, two } = await opened();
    const read = two.read();
    const end = await one.endServer(4000, 'enough');
    expect([end, two.closeInfo, ws.closeInfo]).toEqual([end, end, end]);
    expect(gist(end)).toEqual([4000, 'local', true]);
    expect(await client.closed).toMatchObject({ code: 4000, reason: 'enough' });
    expect([await read, await one.read(), await ws.write('x')]).toEqual([
      [undefined, 'closed'],
      [undefined, 'closed'],
      'closed',
    ]);
  });

  it('refuses codes and reasons as the handler’s ws does', async () => {
    const { one } = await opened();
    await expect(one.endServer(1005)).rejects.toMatchObject({ code: 'COROSOCK_CLOSE_CODE' });
    await expect(one.endServer(1000, 'é'.repeat(62))).rejects.toMatchObject({
      code: 'COROSOCK_CLOSE_REASON',
    });
    expect(one.closeInfo).toBe(undefined);
  });

  it('terminates', async () => {
    const { client, one } = await opened();
    one.terminate();
    expect([gist(await one.closed), gist(await client.closed)]).toEqual([
      [1006, 'local', false],
      [1006, 'link', false],
    ]);
  });

  it('reads what was left, and closed, after the end', async () => {
    const { client, one } = await opened();
    await say(client, 'a');
    await client.close();
    expect([await one.read(), await one.read()]).toEqual([
      ['a', 'ok'],
      [undefined, 'closed'],
    ]);
  });

  it('has an atEnd of its own', async () => {
    const { client, ws, one, two } = await opened();
    await say(client, 'abcd');
    await one.read(2);
    expect([one.atEnd, two.atEnd, ws.atEnd]).toEqual([false, true, true]);
    expect([await two.read(1), await ws.read()]).toEqual([
      ['c', 'ok'],
      ['d', 'ok'],
    ]);
    expect([one.atEnd, two.atEnd, ws.atEnd]).toEqual([false, false, true]);
  });

  it('has a binaryData of its own, in both directions', async () => {
    const { client, one, two } = await opened();
    one.binaryData = true;
    expect([one.binaryData, two.binaryData]).toEqual([true, false]);
    await say(client, 'a', 'b');
    expect([await one.read(), await two.read()]).toEqual([
      [Buffer.from('a'), 'ok'],
      ['b', 'ok'],
    ]);
    await one.write('c');
    await two.write('d');
    expect([await client.read(), await client.read()]).toEqual([
      [Buffer.from('c'), 'ok'],
      ['d', 'ok'],
    ]);
  });

  it('owns nothing: a handle that is dropped holds nothing open', async () => {
    const { memory, client, one, two } = await opened();
    void one.read(1, Infinity);
    void two[Symbol.asyncIterator]().next();
    await settle();
    expect([client.closeInfo, memory.clock.timers]).toEqual([undefined, 0]);
    const report = await memory.host.close();
    expect([report.abandoned, memory.host.sockets.size, memory.clock.timers]).toEqual([[], 0, 0]);
  });
});
