// Writing (spec/faults/README.md, "Writing"), in memory with the virtual clock. What needs
// a link of bytes is in links-sending.spec.ts.

import type { Data } from 'corosock';
import { fakeSocket, settle, virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { recordCrashes } from '../fixtures/process-events.ts';

/** A peer that takes one message and no more, with room for ten bytes before `write` waits. */
const SLOW_PEER = { queueMessages: 1, writeBufferBytes: 10 } as const;

describe('writing', () => {
  it('W1: waits for a slow reader at 64 KiB, and ends in timeout', async () => {
    const clock = virtualClock();
    const { ws } = fakeSocket({ clock, queueMessages: 1 });
    const message = 'x'.repeat(1024);
    const statuses: string[] = [];
    const writing = (async () => {
      while (statuses.at(-1) !== 'timeout') statuses.push(await ws.write(message, { timeoutMs: 1000 }));
    })();
    await clock.advance(1000);
    await writing;
    expect(new Set(statuses.slice(0, -1))).toEqual(new Set(['ok']));
    expect(ws.bufferedBytes).toBeGreaterThanOrEqual(65_536);
    expect(ws.bufferedBytes).toBeLessThan(65_536 + 1024 + 6);
  });

  it('W1: waits as long as it takes without a time, and ends in closed', async () => {
    const clock = virtualClock();
    const { ws, client } = fakeSocket({ ...SLOW_PEER, clock });
    const writes = Array.from({ length: 5 }, () => ws.write('0123456789'));
    await clock.advance(86_400_000);
    client.terminate();
    await client.closed;
    // Two have left: one was taken, one is under way.
    ws.terminate();
    expect(await Promise.all(writes)).toEqual(['ok', 'ok', 'closed', 'closed', 'closed']);
  });

  it('W1: holds no more than the high-water mark and one message for each of 100 slow readers', async () => {
    const clock = virtualClock();
    const sockets = Array.from({ length: 100 }, () => fakeSocket({ clock, queueMessages: 1 }));
    const message = 'x'.repeat(1000);
    const writing = sockets.map(async ({ ws }) => {
      while ((await ws.write(message)) === 'ok');
    });
    await settle();
    const buffered = sockets.map(({ ws }) => ws.bufferedBytes);
    for (const { ws } of sockets) ws.terminate();
    await Promise.all(writing);
    expect(Math.max(...buffered)).toBeLessThan(65_536 + 1006);
  });

  it('W2: answers writes while and after closing with a status, and throws nothing', async () => {
    using crashes = recordCrashes();
    const { ws, client } = fakeSocket(SLOW_PEER);
    await ws.write('taken');
    await ws.write('under way');
    const closing = ws.endServer();
    const whileClosing = await ws.write('late');
    await client.read();
    await client.read();
    await closing;
    void ws.write('not awaited');
    void client.write('not awaited');
    expect([whileClosing, await ws.write('later'), await client.write('later')]).toEqual([
      'closed',
      'closed',
      'closed',
    ]);
    await settle();
    expect(crashes.errors).toEqual([]);
  });

  it('W3: says ok when a message is accepted, which promises nothing of the peer', async () => {
    const { ws, client } = fakeSocket(SLOW_PEER);
    expect([await ws.write('taken'), await ws.write('under way')]).toEqual(['ok', 'ok']);
    client.terminate();
    expect([await client.read(), await client.read()]).toEqual([
      ['taken', 'ok'],
      [undefined, 'closed'],
    ]);
  });

  it('W4: sends a message whole or not at all when it is aborted', async () => {
    const { ws, client } = fakeSocket(SLOW_PEER);
    const controller = new AbortController();
    const { signal } = controller;
    const writes = ['0123456789', 'abcdefghij', 'never sent', 'never sent'].map((data) =>
      ws.write(data, { signal }).catch((error: unknown) => error),
    );
    await settle();
    controller.abort('my reason');
    expect(await Promise.all(writes)).toEqual(['ok', 'ok', 'my reason', 'my reason']);
    void ws.write('next');
    void ws.endServer();
    const received: Data[] = [];
    for await (const message of client) received.push(message);
    expect(received).toEqual(['0123456789', 'abcdefghij', 'next']);
  });

  it('W5: keeps the order of 100 concurrent writers, and mixes no messages', async () => {
    const { ws, client } = fakeSocket({ queueMessages: 4, writeBufferBytes: 100 });
    const called: string[] = [];
    const writing = Array.from({ length: 100 }, async (_, writer) => {
      for (let n = 0; n < 20; n += 1) {
        const message = `${writer}:${n}:`.padEnd(10 + (writer % 7), 'x');
        called.push(message);
        expect(await ws.write(message)).toBe('ok');
      }
    });
    void Promise.all(writing).then(() => ws.endServer());
    const received: Data[] = [];
    for await (const message of client) received.push(message);
    expect(received).toEqual(called);
  });

  it.each([
    [1005, '', 'COROSOCK_CLOSE_CODE'],
    [999, '', 'COROSOCK_CLOSE_CODE'],
    [Number.NaN, '', 'COROSOCK_CLOSE_CODE'],
    [1000, 'x'.repeat(124), 'COROSOCK_CLOSE_REASON'],
    [1000, '😀'.repeat(31), 'COROSOCK_CLOSE_REASON'],
  ])('W6: refuses to close with %s and "%s", and the socket stays open', async (code, reason, error) => {
    const { ws, client } = fakeSocket();
    await expect(ws.endServer(code, reason)).rejects.toMatchObject({ name: 'UsageError', code: error });
    await expect(client.close(code, reason)).rejects.toMatchObject({ name: 'UsageError', code: error });
    expect([await ws.write('a'), await client.read()]).toEqual(['ok', ['a', 'ok']]);
  });

  it('W6: closes with a reason of 123 bytes, whole', async () => {
    const { ws, client } = fakeSocket();
    const reason = `${'😀'.repeat(30)}abc`;
    await ws.endServer(4999, reason);
    expect(await client.closed).toMatchObject({ code: 4999, reason, clean: true });
  });

  it.each(['\ud83d', 'a\ud83db', '\ude00\ud83d'])(
    'W7: sends U+FFFD in the place of each lone surrogate (%j)',
    async (text) => {
      const { ws, client } = fakeSocket();
      await ws.write(text);
      expect(await client.read()).toEqual([text.toWellFormed(), 'ok']);
      expect(text.toWellFormed()).toContain('\ufffd');
    },
  );

  it.each([
    1000,
    0,
    true,
    null,
    undefined,
    1n,
    Symbol('s'),
    {},
    () => {},
    new ArrayBuffer(4),
    new DataView(new ArrayBuffer(4)),
    new Uint16Array(4),
    { length: 65_536 },
    new Date(0),
  ])('W8: refuses %o, and sends nothing of it', async (value) => {
    const { ws, client } = fakeSocket();
    await expect(ws.write(value as Data)).rejects.toMatchObject({ code: 'COROSOCK_ARGUMENT' });
    await ws.write('next');
    expect(await client.read()).toEqual(['next', 'ok']);
  });

  it('W8: refuses parts that are no messages, and sends nothing of them', async () => {
    const { ws, client } = fakeSocket();
    for (const value of [[1], [null], new Map([['a', 'b']]), new Set([{}])]) {
      const write = ws.write(value as unknown as Data);
      await expect(write).rejects.toMatchObject({ code: 'COROSOCK_ARGUMENT' });
    }
    await ws.write('next');
    expect(await client.read()).toEqual(['next', 'ok']);
  });

  it('W9: sends all that was accepted, and all that waits, before the close frame', async () => {
    const { ws, client } = fakeSocket(SLOW_PEER);
    const messages = Array.from({ length: 50 }, (_, n) => `message ${n}`);
    const writes = messages.map((message) => ws.write(message));
    const closing = ws.endServer(1000, 'bye');
    const received: Data[] = [];
    for await (const message of client) received.push(message);
    expect(received).toEqual(messages);
    expect(new Set(await Promise.all(writes))).toEqual(new Set(['ok']));
    expect([await closing, await client.closed]).toMatchObject([
      { code: 1000, clean: true, by: 'local' },
      { code: 1000, reason: 'bye', clean: true, by: 'peer' },
    ]);
  });
});
