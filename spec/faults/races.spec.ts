// Races and timers (spec/faults/README.md, "Races and timers"), in memory. Two things in one
// tick are brought about over a scripted link; what needs a link of bytes (R9, R10, R13) is
// in the links-….spec.ts, gone-peers.spec.ts or in session-handshakes.spec.ts (R14).

import { getEventListeners } from 'node:events';
import type { Data } from 'corosock';
import { fakeSocket, settle, virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { recordCrashes, recordWarnings } from '../fixtures/process-events.ts';
import { CLOSED_BY_PEER, scripted } from '../conversation/scripted-transport.ts';

const MAX_TIMER_MS = 2 ** 31 - 1;

describe('races of a read', () => {
  it('R1: gives a message that comes before the timer in the same tick', async () => {
    const { link, clock, ws } = scripted();
    const read = ws.read(10, 100);
    link.arrive('a');
    clock.tick(100);
    expect([await read, ws.queued.messages]).toEqual([['a', 'ok'], 0]);
  });

  it('R1: keeps a message that comes after the timer in the same tick for the next read', async () => {
    const { link, clock, ws } = scripted();
    const read = ws.read(10, 100);
    clock.tick(100);
    link.arrive('a');
    expect([await read, await ws.read()]).toEqual([
      [undefined, 'timeout'],
      ['a', 'ok'],
    ]);
  });

  it('R1: loses nothing of a peer that always writes when our time is up', async () => {
    const clock = virtualClock();
    const { ws, client } = fakeSocket({ clock });
    const received: Data[] = [];
    for (let n = 0; n < 20; n += 1) {
      const write = (): void => void client.write(`${n}`);
      if (n % 2 === 0) clock.setTimeout(write, 100);
      const read = ws.read(10, 100);
      if (n % 2 === 1) clock.setTimeout(write, 100);
      await clock.advance(100);
      const [data] = await read;
      if (data !== undefined) received.push(data);
    }
    for (let [data] = await ws.read(10, 0); data !== undefined; [data] = await ws.read(10, 0)) {
      received.push(data);
    }
    expect(received).toEqual(Array.from({ length: 20 }, (_, n) => `${n}`));
  });

  it('R2: gives a message that comes before the abort in the same tick', async () => {
    const { link, ws } = scripted();
    const controller = new AbortController();
    const read = ws.read({ signal: controller.signal });
    link.arrive('a');
    controller.abort();
    expect(await read).toEqual(['a', 'ok']);
  });

  it('R2: keeps a message that comes after the abort in the same tick for the next read', async () => {
    const { link, ws } = scripted();
    const controller = new AbortController();
    const read = ws.read({ signal: controller.signal });
    controller.abort('my reason');
    link.arrive('a');
    await expect(read).rejects.toBe('my reason');
    expect(await ws.read()).toEqual(['a', 'ok']);
  });

  it('R2: does not end the next read by the abort of one that was answered', async () => {
    const { link, ws } = scripted();
    const controller = new AbortController();
    const first = ws.read({ signal: controller.signal });
    link.arrive('a');
    const second = ws.read();
    controller.abort();
    link.arrive('b');
    expect([await first, await second]).toEqual([
      ['a', 'ok'],
      ['b', 'ok'],
    ]);
  });

  it('R3: rejects with the reason of an abort before the call, and takes nothing', async () => {
    const { ws, client } = fakeSocket();
    const reason = new Error('mine');
    await client.write('kept');
    await settle();
    for (const call of [ws.read.bind(ws), ws.readMessage.bind(ws)]) {
      await expect(call({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    }
    await expect(ws.write('never', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect([await ws.read(), await client.read(10, 0)]).toEqual([
      ['kept', 'ok'],
      [undefined, 'timeout'],
    ]);
  });

  it('R4: takes only what is there in 0 ms', async () => {
    const clock = virtualClock();
    const { ws, client } = fakeSocket({ clock });
    expect(await ws.read(10, 0)).toEqual([undefined, 'timeout']);
    await client.write('a');
    await settle();
    expect([await ws.read(10, 0), clock.timers]).toEqual([['a', 'ok'], 0]);
  });

  it.each([-1, Number.NaN, -Infinity])('R4: refuses %s ms, and takes nothing', async (timeoutMs) => {
    const { ws, client } = fakeSocket();
    await client.write('kept');
    const refused = { name: 'UsageError', code: 'COROSOCK_ARGUMENT' };
    await expect(ws.read(10, timeoutMs)).rejects.toMatchObject(refused);
    await expect(ws.readMessage(timeoutMs)).rejects.toMatchObject(refused);
    await expect(ws.write('never', { timeoutMs })).rejects.toMatchObject(refused);
    expect([await ws.read(), await client.read(10, 0)]).toEqual([
      ['kept', 'ok'],
      [undefined, 'timeout'],
    ]);
  });

  it('R4: waits for ever, without a timer, when the time is Infinity', async () => {
    const clock = virtualClock();
    const { ws, client } = fakeSocket({ clock });
    const read = ws.read(10, Infinity);
    expect(clock.timers).toBe(0);
    await clock.advance(MAX_TIMER_MS);
    await client.write('at last');
    expect(await read).toEqual(['at last', 'ok']);
  });

  it.each([2 ** 31, 2 ** 31 + 1000, 2 ** 33])('R4: waits for all of %i ms', async (timeoutMs) => {
    const clock = virtualClock();
    const { ws } = fakeSocket({ clock });
    let settled = false;
    const read = ws.read(10, timeoutMs).finally(() => {
      settled = true;
    });
    for (let leftMs = timeoutMs - 1; leftMs > 0; leftMs -= MAX_TIMER_MS) {
      await clock.advance(Math.min(leftMs, MAX_TIMER_MS));
    }
    expect([settled, clock.now()]).toEqual([false, timeoutMs - 1]);
    await clock.advance(1);
    expect([await read, clock.timers]).toEqual([[undefined, 'timeout'], 0]);
  });
});

describe('a wait beyond 2³¹−1 ms', () => {
  it.each([2 ** 31, 2 ** 53])(
    'R4: sets no timer of the machine that fires at once: %i ms',
    async (timeoutMs) => {
      using warnings = recordWarnings();
      const { ws, client } = fakeSocket({ writeBufferBytes: 1, queueMessages: 1 });
      const waits = [ws.read(10, timeoutMs), ws.write('a'), ws.write('b'), ws.write('c', { timeoutMs })];
      // Node says so of a timer that it cuts to 1 ms.
      await settle();
      expect(warnings.texts).toEqual([]);
      client.terminate();
      ws.terminate();
      expect(await Promise.all(waits)).toEqual([[undefined, 'closed'], 'ok', 'ok', 'closed']);
    },
  );
});

describe('races of an end', () => {
  it('R5: gives 1000 messages that come with the close frame before closed', async () => {
    const { ws, client } = fakeSocket();
    const sent = Array.from({ length: 1000 }, (_, n) => `${n}`);
    for (const message of sent) void client.write(message);
    void client.close();
    const received: Data[] = [];
    for await (const message of ws) received.push(message);
    expect([received, await ws.read(), ws.closeInfo?.unread]).toEqual([sent, [undefined, 'closed'], 0]);
  });

  it('R6: ends once on each side when both close at once', async () => {
    const { ws, client } = fakeSocket();
    const events: string[] = [];
    ws.signal.addEventListener('abort', () => events.push('server aborted'));
    client.signal.addEventListener('abort', () => events.push('client aborted'));
    const ends = await Promise.all([ws.endServer(4001, 'ours'), client.close(4002, 'theirs')]);
    await settle();
    expect(ends).toEqual([
      { code: 4001, reason: 'ours', clean: true, by: 'local', unread: 0 },
      { code: 4002, reason: 'theirs', clean: true, by: 'local', unread: 0 },
    ]);
    expect(events.toSorted()).toEqual(['client aborted', 'server aborted']);
    expect([await ws.read(), await client.read()]).toEqual([
      [undefined, 'closed'],
      [undefined, 'closed'],
    ]);
  });

  it('R7: closes clean while we hold a flooding peer back', async () => {
    const clock = virtualClock();
    const { ws, client } = fakeSocket({ clock, queueMessages: 2 });
    for (let n = 0; n < 100; n += 1) void client.write(`${n}`);
    await settle();
    const end = await ws.endServer();
    await settle();
    expect([end.clean, end.unread, clock.now(), clock.timers]).toEqual([true, 100, 0, 0]);
  });

  it.each([0, 700, 5000])('R7: is done with a silent peer after %i ms to close', async (closeTimeoutMs) => {
    const clock = virtualClock();
    const { ws } = fakeSocket({ clock, closeTimeoutMs, queueMessages: 1 });
    await ws.write('taken');
    await ws.write('holds the close frame up');
    const closing = ws.endServer();
    await clock.advance(closeTimeoutMs);
    const cause = new Error(`The peer has not answered the close frame in ${closeTimeoutMs} ms`);
    expect(await closing).toMatchObject({ code: 1000, clean: false, by: 'local', cause });
    await clock.advance(closeTimeoutMs);
    expect(clock.timers).toBe(0);
  });

  it('R8: ends once, whatever is called twice or from inside a callback', async () => {
    using crashes = recordCrashes();
    const { ws, client } = fakeSocket();
    let aborts = 0;
    ws.signal.addEventListener('abort', () => {
      aborts += 1;
      ws.terminate();
      void ws.endServer();
      void client.close();
      void ws.read();
      void ws.write('a');
    });
    const endings = [ws.endServer(), ws.endServer(4000), client.close(), client.close(4001)];
    ws.terminate();
    ws.terminate();
    client.terminate();
    const ends = await Promise.all(endings);
    ws.terminate();
    await settle();
    expect([aborts, crashes.errors]).toEqual([1, []]);
    expect([ends[0] === ends[1], ends[2] === ends[3], ends[0] === (await ws.closed)]).toEqual([
      true,
      true,
      true,
    ]);
  });

  it('R8: ends once when a handler closes and aborts inside what it waits for', async () => {
    const { link, conversation, ws } = scripted();
    const controller = new AbortController();
    controller.signal.addEventListener('abort', () => conversation.close(1000, '', 'local'));
    const read = ws.read({ signal: controller.signal }).catch(() => ws.terminate());
    controller.abort();
    controller.abort();
    await read;
    link.end({ by: 'local' });
    expect([link.calls, ws.closeInfo?.by]).toEqual([['close 1000', 'terminate'], 'local']);
  });

  it('R9: keeps whole messages when the link is lost, and then says closed', async () => {
    const { ws, client } = fakeSocket();
    void client.write('whole');
    void client.write('whole too');
    client.terminate();
    expect([await ws.read(), await ws.read(), await ws.read(), ws.closeInfo]).toEqual([
      ['whole', 'ok'],
      ['whole too', 'ok'],
      [undefined, 'closed'],
      { code: 1006, reason: '', clean: false, by: 'link', cause: expect.any(Error) as Error, unread: 0 },
    ]);
  });

  it('R11: counts what the peer sends after our close, and gives it to nobody', async () => {
    const { ws, client } = fakeSocket({ queueMessages: 1, writeBufferBytes: 1 });
    await client.write('before');
    await settle();
    // Held up by a message that the peer has not read, our close frame is not there yet.
    await ws.write('read me');
    await ws.write('read me too');
    const closing = ws.endServer();
    await client.write('after');
    await settle();
    await client.read();
    await client.read();
    const { unread } = await closing;
    expect([unread, await ws.read(), await ws.read(), (await closing).unread]).toEqual([
      2,
      ['before', 'ok'],
      [undefined, 'closed'],
      1,
    ]);
  });
});

describe('what a wait leaves behind', () => {
  it('R12: leaves no listener after each read, and one timer at most, which ends with the socket', async () => {
    const { link, clock, ws } = scripted();
    const { signal } = new AbortController();
    const counts = new Set<string>();
    for (let n = 0; n < 1000; n += 1) {
      const read = ws.read({ signal, timeoutMs: 1 + (n % 5) });
      if (n % 2 === 0) link.arrive(`${n}`);
      clock.tick(n % 7);
      if (n % 2 === 1) link.arrive(`${n}`);
      await read;
      if (ws.queued.messages > 0) await ws.read({ signal });
      counts.add(
        `${getEventListeners(signal, 'abort').length} listeners, ${Math.min(clock.timers, 2)} timers`,
      );
    }
    expect([...counts].toSorted()).toEqual(['0 listeners, 0 timers', '0 listeners, 1 timers']);
    void ws.read();
    link.end(CLOSED_BY_PEER);
    expect([clock.timers, getEventListeners(signal, 'abort').length]).toEqual([0, 0]);
  });

  it('R12: leaves nothing after the end, whatever was waiting', async () => {
    const clock = virtualClock();
    const { ws, client } = fakeSocket({ clock, queueMessages: 1, writeBufferBytes: 1 });
    const { signal } = new AbortController();
    const waits = [
      ws.read({ signal, timeoutMs: 1000 }),
      ws.write('a'),
      ws.write('b', { signal, timeoutMs: 500 }),
      ws.write('c', { signal, timeoutMs: 2000 }),
    ];
    await settle();
    client.terminate();
    ws.terminate();
    await Promise.all(waits);
    await settle();
    expect([clock.timers, getEventListeners(signal, 'abort').length]).toEqual([0, 0]);
  });
});
