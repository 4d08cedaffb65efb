// H17, H18, B1, B3, B12, B13 (spec/faults/README.md): what a peer can do to a socket by
// sending, on a port. The spec reads in the handler's place. Rules of frames are in
// frames.spec.ts.

import { deflateRawSync } from 'node:zlib';
import { serve } from 'corosock';
import type { Data, ServerSocket } from 'corosock';
import { fakeSocket, settle, virtualClock } from 'corosock/testing';
import { describe, expect, it, vi } from 'vitest';
import { realClock } from '../../src/time/real-clock.ts';
import { BUDGET_MESSAGES, BUDGET_MS } from '../../src/time/turn-budget.ts';
import { MemoryTransport } from '../../src/transport/memory-transport.ts';
import { WsTransport } from '../../src/transport/ws/transport.ts';
import { binaryFrame, closeFrame, frame, OPCODE, RSV1, textFrame } from '../peers/frames.ts';
import { openRaw } from '../peers/raw-client.ts';
import type { RawClient } from '../peers/raw-client.ts';
import { socketOf, until, untilStill } from './until.ts';

const MIB = 1_048_576;
const CHUNK_BYTES = 65_536;
/** The least that a message costs on the wire. */
const HEADER_BYTES = 6;

/** A handler that only lives as long as its socket. */
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

async function readSome(ws: ServerSocket, count: number): Promise<readonly Data[]> {
  const read: Data[] = [];
  while (read.length < count) read.push((await ws.readMessage())[0] as Data);
  return read;
}

function numbered(count: number): readonly string[] {
  return Array.from({ length: count }, (_, n) => `${n}`);
}

/** Sends the same message until the peer's window closes, or `most` have gone; says how many have. */
function flood(client: RawClient, message: Buffer, most: number): { readonly sent: number } {
  const progress = { sent: 0 };
  const sendOn = async (): Promise<void> => {
    for (; progress.sent < most; progress.sent += 1) await client.send(message);
  };
  // The spec drops the link in the end.
  sendOn().catch(() => {});
  return progress;
}

describe('a peer that is early', () => {
  it('H17: has its frames in the segment of the request given to the first read', async () => {
    await using host = await serve(idle);
    using client = await openRaw(host.port, {}, Buffer.concat(['one', 'two'].map(textFrame)));
    const ws = await socketOf(host);
    expect([await ws.read(), await ws.read()]).toEqual([
      ['one', 'ok'],
      ['two', 'ok'],
    ]);
    expect(client.end).toBe(undefined);
  });

  it('H18: loses nothing while the handler sets itself up', async () => {
    await using host = await serve(idle);
    using client = await openRaw(host.port);
    const ws = await socketOf(host);
    await client.send(Buffer.concat(numbered(5).map(textFrame)));
    await until(() => ws.queued.messages === 5);
    await client.send(closeFrame(1000));
    await client.hangUp();
    expect(await readAll(ws)).toEqual(numbered(5));
  });
});

describe('a peer that sends more than is read', () => {
  it('B1: is held back once 64 of its empty messages fill the queue, and loses none', async () => {
    const clock = virtualClock();
    await using host = await serve(idle, { queueMessages: 64, clock, report: () => {} });
    using client = await openRaw(host.port);
    const ws = await socketOf(host);
    const sending = client.send(
      Buffer.concat([Buffer.alloc(200_000 * HEADER_BYTES, textFrame('')), closeFrame(1000)]),
    );
    await until(() => ws.queued.messages >= 64);
    for (let second = 0; second < 60; second += 1) {
      await clock.advance(1000);
      await settle();
    }
    expect(ws.queued).toEqual({ messages: 64, bytes: 0 });
    const hangingUp = client.hangUp();
    expect((await readAll(ws)).length).toBe(200_000);
    await Promise.all([sending, hangingUp]);
  });

  it('B1: is held back with the message that fills the bytes of the queue, and loses none', async () => {
    await using host = await serve(idle, { queueMessages: 1_000_000, queueBytes: MIB });
    using client = await openRaw(host.port);
    const ws = await socketOf(host);
    const message = binaryFrame(Buffer.alloc(1000, 7));
    const sending = client.send(
      Buffer.concat([Buffer.alloc(4000 * message.length, message), closeFrame(1000)]),
    );
    await until(() => ws.queued.bytes >= MIB);
    expect(await untilStill(() => ws.queued.bytes)).toBeLessThan(MIB + 1000);
    const hangingUp = client.hangUp();
    expect((await readAll(ws)).length).toBe(4000);
    await Promise.all([sending, hangingUp]);
  });

  it('B1: has its reads of a full chunk yield to other sockets within the turn budget', async () => {
    // Time passes with each look at the clock.
    let nowMs = 0;
    const clock = { ...realClock, now: () => (nowMs += 1) };
    let read = 0;
    let readBefore = 0;
    let onThousand = (): void => {};
    const flooded = async (ws: ServerSocket): Promise<void> => {
      for await (const _ of ws) {
        read += 1;
        if (read === 1000) onThousand();
      }
    };
    const quiet = async (ws: ServerSocket): Promise<void> => {
      await ws.read();
      readBefore = read;
      await ws.write('answer');
    };
    const server = (ws: ServerSocket): Promise<void> =>
      (ws.request.url.pathname === '/quiet' ? quiet : flooded)(ws);
    await using host = await serve(server, { clock, heartbeat: false });
    using client = await openRaw(host.port);
    using second = await openRaw(host.port, { requestLine: 'GET /quiet HTTP/1.1' });
    onThousand = () => void second.send(textFrame('between'));
    await client.send(Buffer.alloc(10_922 * HEADER_BYTES, textFrame('')));
    expect(await second.nextText()).toBe('answer');
    // The message of the other socket may come in the turn after next.
    expect(readBefore - 1000).toBeLessThanOrEqual(3 * BUDGET_MESSAGES * (BUDGET_MS + 2));
    await until(() => read === 10_922);
  });

  it('B1: is held back within one message where it has compressed many into one chunk, and loses none', async () => {
    await using host = await serve(idle, { compression: true, maxMessageBytes: MIB, queueBytes: 2 * MIB });
    using client = await openRaw(host.port, {
      headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' },
    });
    const ws = await socketOf(host);
    const payload = deflateRawSync(Buffer.alloc(MIB), { finishFlush: 2 }).subarray(0, -4);
    const message = frame({ opcode: OPCODE.binary, rsv: RSV1, payload });
    await client.send(Buffer.concat([Buffer.alloc(20 * message.length, message), closeFrame(1000)]));
    await until(() => ws.queued.bytes >= 2 * MIB);
    expect(await untilStill(() => ws.queued.bytes)).toBe(2 * MIB);
    const hangingUp = client.hangUp();
    expect((await readAll(ws)).length).toBe(20);
    await hangingUp;
  });

  it('B1: is cut off with 1008 by a full queue that closes on overflow, and what fitted is read first', async () => {
    await using host = await serve(idle, { queueMessages: 64, overflow: 'close', report: () => {} });
    using client = await openRaw(host.port);
    const ws = await socketOf(host);
    await client.send(Buffer.concat(numbered(100).map(textFrame)));
    expect(await client.untilCloseFrame()).toEqual({ code: 1008, reason: '' });
    await client.send(closeFrame(1008));
    await client.hangUp();
    expect(await ws.closed).toMatchObject({
      code: 1008,
      by: 'limit',
      clean: false,
      cause: { name: 'RangeError' },
      unread: 100,
    });
    expect(await readAll(ws)).toEqual(numbered(65));
    expect(ws.closeInfo?.unread).toBe(35);
  });

  it('B3: finds its window closed, and what we hold bounded', async () => {
    await using host = await serve(idle, { queueBytes: MIB });
    using client = await openRaw(host.port);
    const ws = await socketOf(host);
    const message = binaryFrame(Buffer.alloc(CHUNK_BYTES));
    const progress = flood(client, message, 4096);
    await until(() => progress.sent > 0);
    const sent = await untilStill(() => progress.sent);
    expect(sent).toBeLessThan(4096);
    expect(client.unsentBytes).toBeGreaterThan(0);
    expect(ws.queued.bytes).toBeLessThanOrEqual(MIB + CHUNK_BYTES + CHUNK_BYTES);
  });
});

describe('a full queue', () => {
  it('B12: lets 10,000 messages pass one by one in memory, pausing each time', async () => {
    const pause = vi.spyOn(MemoryTransport.prototype, 'pause');
    const { ws, client } = fakeSocket({ queueMessages: 1 });
    const writing = numbered(10_000).map((message) => client.write(message));
    expect(await readSome(ws, 10_000)).toEqual(numbered(10_000));
    expect(new Set(await Promise.all(writing))).toEqual(new Set(['ok']));
    expect(pause.mock.calls.length).toBeGreaterThan(9000);
    pause.mockRestore();
  });

  it('B12: lets 500 messages pass one by one on a port, pausing each time', async () => {
    const pause = vi.spyOn(WsTransport.prototype, 'pause');
    await using host = await serve(idle, { queueMessages: 1 });
    using client = await openRaw(host.port);
    const ws = await socketOf(host);
    for (const message of numbered(500)) {
      await client.send(textFrame(message));
      await until(() => ws.queued.messages === 1);
      expect(await ws.read()).toEqual([message, 'ok']);
    }
    expect(pause).toHaveBeenCalledTimes(500);
    pause.mockRestore();
  });
});

describe('a message in many parts', { timeout: 60_000 }, () => {
  /** 2.5 for twice as much, squared: what is quadratic takes 16 times as long. */
  const MOST_FOR_FOUR_TIMES = 2.5 ** 2;

  /**
   * Measures how much longer four times as much takes: by the least CPU time of the process in
   * rounds that others disturb, until it is shown to be linear, or for long enough to say it is not.
   */
  async function growthOverFour(count: number, run: (count: number) => Promise<void>): Promise<number> {
    await run(4 * count);
    let [few, many, ratio] = [Infinity, Infinity, Infinity];
    for (let round = 0; round < 30 && ratio > MOST_FOR_FOUR_TIMES; round += 1) {
      few = Math.min(few, await cpuMs(() => run(count)));
      many = Math.min(many, await cpuMs(() => run(4 * count)));
      ratio = many / few;
    }
    return ratio;
  }

  async function cpuMs(run: () => Promise<void>): Promise<number> {
    const before = process.cpuUsage();
    await run();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  }

  it('B13: costs in proportion to its fragments', async () => {
    await using host = await serve(idle);
    using client = await openRaw(host.port);
    const ws = await socketOf(host);
    const readFragments = async (count: number): Promise<void> => {
      const parts = Array.from({ length: count }, (_, n) =>
        frame({ opcode: n === 0 ? OPCODE.text : OPCODE.continuation, fin: n === count - 1, payload: 'x' }),
      );
      const sending = client.send(Buffer.concat(parts));
      expect((await ws.readMessage())[0]).toHaveLength(count);
      await sending;
    };
    expect(await growthOverFour(4000, readFragments)).toBeLessThanOrEqual(MOST_FOR_FOUR_TIMES);
  });

  it.each(['text', 'binary'] as const)(
    'B13: costs in proportion to the reads that cut it: %s',
    async (kind) => {
      const { ws, client } = fakeSocket();
      const readParts = async (count: number): Promise<void> => {
        await client.write(kind === 'text' ? 'x'.repeat(count) : Buffer.alloc(count));
        let parts = 0;
        do {
          await ws.read(1);
          parts += 1;
        } while (!ws.atEnd);
        expect(parts).toBe(count);
      };
      expect(await growthOverFour(10_000, readParts)).toBeLessThanOrEqual(MOST_FOR_FOUR_TIMES);
    },
  );
});
