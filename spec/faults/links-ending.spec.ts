// R5, R6, R7, R9, R11 (spec/faults/README.md, "Races and timers"): ends that come at an
// awkward moment, on a port. The spec reads in the handler's place.

import { serve } from 'corosock';
import type { CloseInfo, Data, ServerSocket } from 'corosock';
import { settle, virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { closeFrame, frame, OPCODE, textFrame } from '../peers/frames.ts';
import { openRaw } from '../peers/raw-client.ts';
import { socketOf, staysPending, until, untilStill } from './until.ts';

async function idle(ws: ServerSocket): Promise<void> {
  await ws.closed;
}

async function readAll(ws: ServerSocket): Promise<readonly Data[]> {
  const read: Data[] = [];
  for (;;) {
    const [data, status] = await ws.readMessage();
    if (status !== 'ok') return read;
    read.push(data);
  }
}

function numbered(count: number): readonly string[] {
  return Array.from({ length: count }, (_, n) => `${n}`);
}

describe('messages and the end', () => {
  it('R5: 1000 messages and a close frame in one segment are all read before closed', async () => {
    await using host = await serve(idle);
    using client = await openRaw(host.port);
    const ws = await socketOf(host);
    await client.send(Buffer.concat([...numbered(1000).map(textFrame), closeFrame(4000, 'bye')]));
    expect(await client.untilCloseFrame()).toEqual({ code: 4000, reason: 'bye' });
    await client.hangUp();
    expect(await ws.closed).toMatchObject({
      code: 4000,
      reason: 'bye',
      clean: true,
      by: 'peer',
      unread: 1000,
    });
    expect(await readAll(ws)).toEqual(numbered(1000));
    expect(ws.closeInfo?.unread).toBe(0);
  });

  it('R5: more than a chunk of messages, and a close frame behind them, are read at the pace of the reader', async () => {
    await using host = await serve(idle);
    using client = await openRaw(host.port);
    const ws = await socketOf(host);
    const messages = numbered(40).map((n) => n.padEnd(60_000));
    const sending = client.send(Buffer.concat([...messages.map(textFrame), closeFrame(4000)]));
    const hangingUp = client.hangUp();
    await until(() => ws.queued.bytes > 0);
    await untilStill(() => ws.queued.bytes);
    expect(ws.closeInfo).toBe(undefined);
    expect(await readAll(ws)).toEqual(messages);
    await Promise.all([sending, hangingUp]);
  });

  it('R9: a reset in the middle of a message takes that one, and none that were whole', async () => {
    await using host = await serve(idle);
    using client = await openRaw(host.port);
    const ws = await socketOf(host);
    const half = frame({ opcode: OPCODE.text, payload: 'half', announcedBytes: 100 });
    await client.send(Buffer.concat([...numbered(3).map(textFrame), half]));
    await until(() => ws.queued.messages === 3);
    client.reset();
    expect(await ws.closed).toMatchObject({ code: 1006, reason: '', clean: false, by: 'link', unread: 3 });
    expect(ws.closeInfo?.cause).toMatchObject({ code: 'ECONNRESET' });
    expect(await readAll(ws)).toEqual(numbered(3));
  });
});

describe('two closes at once', () => {
  it('R6: end the socket once, with our code', async () => {
    const ends: CloseInfo[] = [];
    await using host = await serve(async (ws) => {
      ws.signal.addEventListener('abort', () => ends.push(ws.closeInfo as CloseInfo));
      ends.push(await ws.endServer(4001, 'ours'));
    });
    // It comes with the request: when the handler begins, the peer has closed already.
    using client = await openRaw(host.port, {}, closeFrame(4002, 'theirs'));
    expect(await client.untilCloseFrame()).toEqual({ code: 4001, reason: 'ours' });
    await client.hangUp();
    await until(() => ends.length === 2);
    await settle();
    const end = { code: 4001, reason: 'ours', clean: true, by: 'local', unread: 0 };
    expect(ends).toEqual([end, end]);
    expect(client.unreadBytes).toBe(0);
  });
});

describe('our close', () => {
  it('R7: of a full, paused socket is answered: what still comes is counted and dropped', async () => {
    await using host = await serve(idle, { clock: virtualClock() });
    using client = await openRaw(host.port);
    const ws = await socketOf(host);
    const sending = client.send(Buffer.concat(numbered(100).map((n) => textFrame(n.padEnd(60_000)))));
    await until(() => ws.queued.bytes > 0);
    await untilStill(() => ws.queued.bytes);
    const { messages } = ws.queued;
    const ending = ws.endServer(4000);
    expect(await client.untilCloseFrame()).toEqual({ code: 4000, reason: '' });
    await sending;
    await client.send(closeFrame(4000));
    await client.hangUp();
    // No time has passed on the host's clock.
    expect(await ending).toMatchObject({ code: 4000, clean: true, by: 'local', unread: 100 });
    expect(await readAll(ws)).toHaveLength(messages);
    expect(ws.closeInfo?.unread).toBe(100 - messages);
  });

  it('R7: of a silent peer takes closeTimeoutMs, and not more', async () => {
    const clock = virtualClock();
    await using host = await serve(idle, { clock, closeTimeoutMs: 60_000 });
    using client = await openRaw(host.port);
    const ws = await socketOf(host);
    const ending = ws.endServer(4000, 'bye');
    expect(await client.untilCloseFrame()).toEqual({ code: 4000, reason: 'bye' });
    await clock.advance(59_999);
    expect(ws.closeInfo).toBe(undefined);
    await clock.advance(1);
    expect(await ending).toMatchObject({ code: 4000, reason: 'bye', clean: false, by: 'local' });
    expect(ws.closeInfo?.cause).toEqual(new Error('The peer has not answered the close frame in 60000 ms'));
    expect(await client.untilClosed()).toBe('fin');
  });

  it('R7: of a peer that does not even read takes closeTimeoutMs, and not more', async () => {
    const clock = virtualClock();
    await using host = await serve(idle, { clock, closeTimeoutMs: 60_000 });
    using client = await openRaw(host.port);
    client.pause();
    const ws = await socketOf(host);
    while (!(await staysPending(ws.write(Buffer.alloc(1_000_000))))) continue;
    const ending = ws.endServer(4000);
    await clock.advance(59_999);
    expect(ws.closeInfo).toBe(undefined);
    await clock.advance(1);
    expect(await ending).toMatchObject({ code: 4000, clean: false, by: 'local' });
  });

  it('R7: of a peer that answers and does not hang up takes closeTimeoutMs, and is clean', async () => {
    const clock = virtualClock();
    await using host = await serve(idle, { clock, closeTimeoutMs: 60_000 });
    using client = await openRaw(host.port);
    const ws = await socketOf(host);
    const ending = ws.endServer(4000);
    await client.untilCloseFrame();
    await client.send(closeFrame(4000));
    expect(await client.untilClosed()).toBe('fin');
    await clock.advance(60_000);
    expect(await ending).toMatchObject({ code: 4000, clean: true, by: 'local' });
  });

  it('R7: by a peer that does not hang up takes closeTimeoutMs, too', async () => {
    await using host = await serve(idle, { closeTimeoutMs: 20 });
    using client = await openRaw(host.port);
    const ws = await socketOf(host);
    await client.send(closeFrame(4000));
    expect(await client.untilClosed()).toBe('fin');
    expect(await ws.closed).toMatchObject({ code: 4000, clean: true, by: 'peer' });
  });

  it("R11: drops and counts the peer's messages that come after it; no other handler gets them", async () => {
    const others: unknown[] = [];
    await using host = await serve({
      '/': idle,
      '/other': async (ws) => {
        others.push(...(await readAll(ws)));
      },
    });
    using client = await openRaw(host.port);
    const ws = await socketOf(host);
    await client.send(textFrame('in time'));
    await until(() => ws.queued.messages === 1);
    const ending = ws.endServer();
    await client.untilCloseFrame();
    using other = await openRaw(host.port, { requestLine: 'GET /other HTTP/1.1' });
    await client.send(Buffer.concat([...numbered(3).map(textFrame), closeFrame(1000)]));
    await client.hangUp();
    expect(await ending).toMatchObject({ code: 1000, clean: true, by: 'local', unread: 4 });
    expect(await readAll(ws)).toEqual(['in time']);
    await other.send(closeFrame(1000));
    await other.hangUp();
    await until(() => host.sockets.size === 0);
    expect(others).toEqual([]);
  });
});
