// Reading and back-pressure (spec/faults/README.md, "Reading and back-pressure"; A7), in
// memory with clocks that specs move. What needs a link of bytes (B1, B3) is in
// links-receiving.spec.ts; B4 and B5 are in gone-peers.spec.ts.

import type { Data, ReadResult } from 'corosock';
import { fakeSocket, virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { growth, LINEAR } from './growth.ts';
import { heapBytes, leftBytes } from './left-bytes.ts';
import { ReceiveQueue } from '../../src/conversation/receive-queue.ts';
import { scripted } from '../conversation/scripted-transport.ts';
import type { ScriptedConversation } from '../conversation/scripted-transport.ts';

describe('reading', { timeout: 60_000 }, () => {
  it('B2: takes in constant time, however much is queued', async () => {
    const limits = { maxMessageBytes: 1, queueMessages: 1e9, queueBytes: 1e9, overflow: 'pause' } as const;
    const ratio = await growth(50_000, (messages) => {
      const queue = new ReceiveQueue(limits, { pause: () => {}, resume: () => {} });
      for (let n = 0; n < messages; n += 1) queue.push('x', 1);
      return () => {
        while (queue.messages > 0) queue.take(Infinity);
      };
    });
    expect(ratio).toBeLessThanOrEqual(LINEAR);
  });

  it.each([0, -1, Number.NaN, 1.5, Infinity, '5' as unknown as number])(
    'B7: rejects a len of %s without consuming',
    async (len) => {
      const { ws, client } = fakeSocket();
      await client.write('kept');
      await expect(ws.read(len)).rejects.toMatchObject({ code: 'COROSOCK_ARGUMENT' });
      expect(await ws.read()).toEqual(['kept', 'ok']);
    },
  );

  it('B7: keeps what exceeds len for the next read, and takes a len above every limit', async () => {
    const { ws, client } = fakeSocket();
    await client.write('abcde');
    await client.write('next');
    expect([await ws.read(2), ws.atEnd]).toEqual([['ab', 'ok'], false]);
    expect([await ws.read(2), ws.atEnd]).toEqual([['cd', 'ok'], false]);
    expect([await ws.read(Number.MAX_SAFE_INTEGER), ws.atEnd]).toEqual([['e', 'ok'], true]);
    expect(await ws.read()).toEqual(['next', 'ok']);
  });

  it('B8: answers two reads at once with one message and one clear error', async () => {
    const { ws, client } = fakeSocket();
    const reads = [ws.read(), ws.read(), ws.readMessage()];
    await client.write('a');
    await client.write('b');
    const [first, ...others] = await Promise.allSettled(reads);
    expect(first).toEqual({ status: 'fulfilled', value: ['a', 'ok'] });
    expect(others).toMatchObject([
      { status: 'rejected', reason: { code: 'COROSOCK_CONCURRENT_READ' } },
      { status: 'rejected', reason: { code: 'COROSOCK_CONCURRENT_READ' } },
    ]);
    expect(await ws.read()).toEqual(['b', 'ok']);
  });

  it('B9: tells empty text, empty binary and the end apart', async () => {
    const { ws, client } = fakeSocket();
    for (const data of ['', new Uint8Array(), 'text', new Uint8Array([116])]) await client.write(data);
    void client.close();
    const results: ReadResult[] = [];
    for (let n = 0; n < 5; n += 1) results.push(await ws.read());
    expect(results).toEqual([
      ['', 'ok'],
      [Buffer.alloc(0), 'ok'],
      ['text', 'ok'],
      [Buffer.from('t'), 'ok'],
      [undefined, 'closed'],
    ]);
  });

  it('B10: leaves the socket open and nothing behind when an iteration is abandoned', async () => {
    const clock = virtualClock();
    const { ws, client } = fakeSocket({ clock });
    for (let round = 0; round < 1000; round += 1) {
      await client.write(`${round}`);
      for await (const message of ws) {
        expect(message).toBe(`${round}`);
        break;
      }
      const iterator = ws[Symbol.asyncIterator]();
      const pending = iterator.next();
      await iterator.return?.();
      expect(await pending).toEqual({ done: true, value: undefined });
    }
    expect([ws.closeInfo, ws.queued.messages, clock.timers]).toEqual([undefined, 0, 0]);
  });

  it('B11: keeps memory flat while a peer writes faster than we read for an hour', async () => {
    const clock = virtualClock();
    // A queue and 64 KiB are read to the half in 980 s: until then the link takes nothing.
    const { ws, client } = fakeSocket({ clock, writeTimeoutMs: 1_200_000 });
    const message = 'x'.repeat(1000);
    const flood = (async () => {
      while ((await client.write(message)) === 'ok');
    })();
    const most = { messages: 0, bytes: 0, buffered: 0, timers: 0 };
    const heap: number[] = [];
    for (let reads = 0; reads < 360; reads += 1) {
      await clock.advance(10_000);
      expect(await ws.read()).toEqual([message, 'ok']);
      most.messages = Math.max(most.messages, ws.queued.messages);
      most.bytes = Math.max(most.bytes, ws.queued.bytes);
      most.buffered = Math.max(most.buffered, client.bufferedBytes);
      most.timers = Math.max(most.timers, clock.timers);
      if (reads === 60 || reads === 359) heap.push(heapBytes());
    }
    ws.terminate();
    await flood;
    // The timers are that of the bytes that wait, and that of the looks at the paused link.
    expect([clock.now(), most.messages, most.bytes, most.timers]).toEqual([3_600_000, 129, 129_000, 2]);
    expect(most.buffered).toBeLessThan(65_536 + 1006);
    expect((heap[1] as number) / (heap[0] as number)).toBeLessThan(1.1);
  });

  it('B12: is never stuck in 10 000 pauses and resumes', async () => {
    const { link, ws } = scripted({ queueMessages: 2 });
    for (let cycle = 0; cycle < 10_000; cycle += 1) {
      link.arrive(`${cycle}a`, `${cycle}b`);
      if (!link.isPaused) throw new Error(`cycle ${cycle} has not paused`);
      await ws.read();
      if (link.isPaused) throw new Error(`cycle ${cycle} is stuck`);
      await ws.read();
    }
    expect([link.calls.length, ws.queued.messages]).toEqual([20_000, 0]);
  });

  it('B12: lets a peer on as soon as there is room, and loses nothing', async () => {
    const { ws, client } = fakeSocket({ queueMessages: 1, writeBufferBytes: 1 });
    const sent = Array.from({ length: 10_000 }, (_, n) => `${n}`);
    const writing = (async () => {
      for (const message of sent) await client.write(message);
      await client.close();
    })();
    const received: Data[] = [];
    for await (const message of ws) received.push(message);
    await writing;
    expect(received).toEqual(sent);
  });

  it.each([
    ['text', (units: number): Data => 'x'.repeat(units)],
    ['text with pairs', (units: number): Data => '😀'.repeat(units / 2)],
    ['binary', (units: number): Data => new Uint8Array(units)],
  ])('B13: reads %s in small parts in linear time', async (_, make) => {
    const ratio = await growth(40_000, (units) => {
      const { link, ws } = scripted({ maxMessageBytes: 1e9, queueBytes: 1e9 });
      link.arrive(make(units));
      return async () => {
        do await ws.read(16);
        while (!ws.atEnd);
      };
    });
    expect(ratio).toBeLessThanOrEqual(LINEAR);
  });

  it.each([1, 2, 3, 4, 5, 7])('B14: never cuts a code point of text with a len of %i', async (len) => {
    const { ws, client } = fakeSocket();
    const text = 'aé€😀𝄞z'.repeat(20);
    await client.write(text);
    const parts: string[] = [];
    do parts.push(String((await ws.read(len))[0]));
    while (!ws.atEnd);
    expect(parts.join('')).toBe(text);
    expect(parts.every((part) => part.isWellFormed() && !part.includes('\ufffd'))).toBe(true);
  });

  it('B14: counts bytes with binaryData, whose parts join to the text', async () => {
    const { ws, client } = fakeSocket();
    ws.binaryData = true;
    await client.write('€😀');
    const parts: Uint8Array[] = [];
    do parts.push((await ws.read(2))[0] as Uint8Array);
    while (!ws.atEnd);
    expect([parts.map(({ byteLength }) => byteLength), Buffer.concat(parts).toString()]).toEqual([
      [2, 2, 2, 1],
      '€😀',
    ]);
  });
});

/** One read, and what is to be seen of it. */
type OneRead = (on: ScriptedConversation, signal: AbortSignal) => Promise<unknown>;

const KINDS: ReadonlyArray<readonly [name: string, read: OneRead]> = [
  [
    'is served from the queue',
    ({ ws, link }) => {
      link.arrive('a');
      return ws.read();
    },
  ],
  [
    'waits and is served',
    ({ ws, link }) => {
      const read = ws.read();
      link.arrive('a');
      return read;
    },
  ],
  [
    'waits until its time is up',
    ({ ws, clock }) => {
      const read = ws.read(undefined, 10);
      clock.tick(10);
      return read;
    },
  ],
  ['has no time', ({ ws }) => ws.read(undefined, 0)],
  [
    'waits with a signal that lives longer, and is served',
    ({ ws, link }, signal) => {
      const read = ws.read({ signal });
      link.arrive('a');
      return read;
    },
  ],
  [
    'is aborted',
    ({ ws }) => {
      const controller = new AbortController();
      const read = ws.read({ signal: controller.signal }).catch(() => {});
      controller.abort();
      return read;
    },
  ],
];

describe.each([
  ['dedicated', 'one'],
  ['shared', 'many'],
] as const)('a read of a %s socket', { timeout: 60_000 }, (_, readers) => {
  const READS = 25_000;
  const LEFT_BYTES = 20;

  it.each(KINDS)('A7: that %s leaves at most 20 bytes', async (_kind, read) => {
    const on = scripted({}, undefined, undefined, readers);
    const { signal } = new AbortController();
    const times = async (reads: number): Promise<void> => {
      for (let n = 0; n < reads; n += 1) await read(on, signal);
    };
    expect(await leftBytes(READS, times)).toBeLessThanOrEqual(LEFT_BYTES);
  });
});
