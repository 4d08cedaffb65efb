// W1 and W9 (spec/faults/README.md, "Writing"): what a peer can do to a socket by not
// reading, on a port, and what it gets before the close frame. The spec writes in the
// handler's place.

import { once } from 'node:events';
import { serve } from 'corosock';
import type { ServerSocket, WriteStatus } from 'corosock';
import { virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { closeFrame, OPCODE } from '../peers/frames.ts';
import { openRaw } from '../peers/raw-client.ts';
import type { RawClient } from '../peers/raw-client.ts';
import type { TransportSink } from '../../src/transport/transport.ts';
import { turn } from '../time/hand-clock.ts';
import { acceptScripted } from '../transport/ws/scripted-stream.ts';
import { memoryBytes } from './left-bytes.ts';
import { socketOf, staysPending } from './until.ts';

const HIGH_WATER_BYTES = 65_536;
const MESSAGE = Buffer.alloc(100_000, 7);
const HEADER_BYTES = 10;
/** Far more than the kernel buffers of one link. */
const MOST_MESSAGES = 1000;

const NO_SINK: TransportSink = {
  receive: () => {},
  drain: () => {},
  peerClosed: () => {},
  stall: () => {},
  begin: () => {},
  end: () => {},
};

async function idle(ws: ServerSocket): Promise<void> {
  await ws.closed;
}

/** Writes until a write has to wait; says how many were accepted before, and gives the one that waits. */
async function writeUntilFull(
  ws: ServerSocket,
): Promise<{ readonly accepted: number; readonly waiting: { readonly outcome: Promise<WriteStatus> } }> {
  for (let accepted = 0; accepted < MOST_MESSAGES; accepted += 1) {
    const outcome = ws.write(MESSAGE, { timeoutMs: 1000 });
    if (await staysPending(outcome)) return { accepted, waiting: { outcome } };
  }
  throw new Error(`${MOST_MESSAGES} messages were accepted`);
}

async function framesUntilClose(client: RawClient): Promise<readonly number[]> {
  const lengths: number[] = [];
  for (;;) {
    const { opcode, payload } = await client.nextFrame();
    if (opcode === OPCODE.close) return lengths;
    lengths.push(payload.length);
  }
}

describe('a peer that does not read', () => {
  it('W1: makes a write wait at the high-water mark, and time out unsent', async () => {
    const clock = virtualClock();
    await using host = await serve(idle, { clock });
    using client = await openRaw(host.port);
    client.pause();
    const ws = await socketOf(host);
    const { accepted, waiting } = await writeUntilFull(ws);
    expect(ws.bufferedBytes).toBeGreaterThanOrEqual(HIGH_WATER_BYTES);
    expect(ws.bufferedBytes).toBeLessThan(HIGH_WATER_BYTES + MESSAGE.length + HEADER_BYTES);
    await clock.advance(1000);
    expect(await waiting.outcome).toBe('timeout');
    client.resume();
    const ending = ws.endServer();
    expect(await framesUntilClose(client)).toEqual(Array.from({ length: accepted }, () => MESSAGE.length));
    client.reset();
    await ending;
  });

  it.each([1, 4, 100, 1300, 3000])(
    'W1: takes at most 1.25 times the high-water mark of memory, with messages of %d bytes',
    async (length) => {
      const links = Array.from({ length: 50 }, acceptScripted);
      const text = 'x'.repeat(length);
      for (const { stream, transport } of links) {
        transport.open(NO_SINK);
        stream.hold();
        transport.send(text, { binary: false, compress: false });
      }
      await turn();
      const before = memoryBytes();
      for (let isFull = false; !isFull; await turn()) {
        isFull = true;
        for (const { transport } of links) {
          if (transport.bufferedBytes >= HIGH_WATER_BYTES) continue;
          isFull = false;
          transport.send(text, { binary: false, compress: false });
        }
      }
      expect((memoryBytes() - before) / links.length / HIGH_WATER_BYTES).toBeLessThanOrEqual(1.25);
    },
    20_000,
  );

  it('W1: lets a waiting write go on once it reads again', async () => {
    await using host = await serve(idle, { clock: virtualClock() });
    using client = await openRaw(host.port);
    client.pause();
    const ws = await socketOf(host);
    const { waiting } = await writeUntilFull(ws);
    client.resume();
    expect(await waiting.outcome).toBe('ok');
  });

  it('W1: ends a waiting write with closed when it resets the link', async () => {
    await using host = await serve(idle, { clock: virtualClock() });
    using client = await openRaw(host.port);
    client.pause();
    const ws = await socketOf(host);
    const { waiting } = await writeUntilFull(ws);
    client.reset();
    expect(await waiting.outcome).toBe('closed');
    expect(await ws.closed).toMatchObject({ code: 1006, by: 'link', clean: false });
    expect(await ws.write('too late')).toBe('closed');
  });
});

describe('a close', () => {
  it.each([
    ['plain', false],
    ['compressed', true],
  ])('W9: lets all that was accepted, and all that waits, go first: %s', async (_, compression) => {
    const lengths = Array.from({ length: 300 }, (_, n) => n * 10);
    await using host = await serve(
      (ws) => {
        for (const length of lengths) void ws.write(Buffer.alloc(length));
      },
      { compression },
    );
    const client = new WebSocket(host.url, { perMessageDeflate: compression });
    const received: number[] = [];
    client.on('message', (data: Buffer) => received.push(data.length));
    expect((await once(client, 'close'))[0]).toBe(1000);
    expect(received).toEqual(lengths);
    expect(client.extensions).toBe(compression ? 'permessage-deflate' : '');
  });

  it('W9: lets a peer that reads slowly take all that was accepted, beyond closeTimeoutMs', async () => {
    const clock = virtualClock();
    await using host = await serve(
      (ws) => {
        for (let n = 0; n < 25; n += 1) void ws.write(Buffer.alloc(1_000_000));
      },
      { clock },
    );
    using client = await openRaw(host.port);
    client.pause();
    const ws = await socketOf(host);
    let received = 0;
    for (; client.end === undefined && received < 25_000_000; await clock.advance(1000)) {
      client.resume();
      while (client.end === undefined && client.unreadBytes < 1_000_000) {
        if (received + client.unreadBytes >= 25_000_000) break;
        await turn();
      }
      client.pause();
      received += client.unreadBytes;
      client.discard();
    }
    expect(clock.now()).toBeGreaterThan(2 * 5000);
    client.resume();
    await client.send(closeFrame(1000));
    void client.hangUp();
    expect(await ws.closed).toMatchObject({ code: 1000, by: 'handler', clean: true });
  });

  it('W9: cuts off a peer that stops to read, closeTimeoutMs later', async () => {
    const clock = virtualClock();
    await using host = await serve(
      (ws) => {
        for (let n = 0; n < 25; n += 1) void ws.write(Buffer.alloc(1_000_000));
      },
      { clock },
    );
    using client = await openRaw(host.port);
    client.pause();
    const ws = await socketOf(host);
    await clock.advance(2 * 5000);
    expect(await ws.closed).toMatchObject({ code: 1000, by: 'handler', clean: false });
  });
});
