// B4 (spec/faults/README.md), on a port: sockets of servers that only write. Their queues fill and
// their links are paused, and the end of a client is noticed all the same.

import { once } from 'node:events';
import { serve } from 'corosock';
import type { Host, Servable, ServeOptions, ServerSocket } from 'corosock';
import { settle, virtualClock } from 'corosock/testing';
import type { VirtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { gist } from '../fixtures/memory-host.ts';
import { closeFrame, textFrame } from '../peers/frames.ts';
import { openRaw } from '../peers/raw-client.ts';
import type { RawClient } from '../peers/raw-client.ts';
import { socketOf, until } from './until.ts';

const TEN_SECONDS = 10_000;

const SHARED: Servable = {
  onPreServer: (handshake) => void (handshake.sharedConnection = true),
  server: () => {},
};

/** Servers that never read. */
const PUSHERS: ReadonlyArray<readonly [name: string, servable: Servable]> = [
  ['awaits only closed', async (ws: ServerSocket) => void (await ws.closed)],
  ['is shared and has returned', SHARED],
];

interface Stage extends AsyncDisposable {
  readonly host: Host;
  readonly clock: VirtualClock;
}

async function setStage(servable: Servable, options: ServeOptions = {}): Promise<Stage> {
  const clock = virtualClock();
  const host = await serve(servable, { clock, heartbeat: false, ...options });
  return { host, clock, [Symbol.asyncDispose]: () => host[Symbol.asyncDispose]() };
}

/** Lets time pass second by second so long as a socket is open; says how long that was. */
async function lifeOf(ws: ServerSocket, clock: VirtualClock): Promise<number> {
  const sinceMs = clock.now();
  while (ws.closeInfo === undefined && clock.now() - sinceMs < 10 * TEN_SECONDS) {
    await clock.advance(1000);
    await settle();
  }
  return clock.now() - sinceMs;
}

/** Sends a close frame, and ends the connection when the server does. */
async function closeBy(client: RawClient): Promise<void> {
  await client.send(closeFrame(4000));
  void client.hangUp();
}

describe('a client of a server that never reads', () => {
  it.each(PUSHERS)('B4: is seen to close behind 300 small messages: the server %s', async (_, servable) => {
    await using stage = await setStage(servable);
    using client = await openRaw(stage.host.port);
    const ws = await socketOf(stage.host);
    for (let n = 0; n < 300; n += 1) await client.send(textFrame(`${n}`));
    await until(() => ws.queued.messages >= 64);
    await closeBy(client);
    expect(await lifeOf(ws, stage.clock)).toBeLessThanOrEqual(TEN_SECONDS);
    expect(gist(await ws.closed)).toEqual([4000, 'peer', true]);
  });

  it.each([
    ['one byte', 1, {}],
    ['one byte, where the queue is full in bytes', 1, { queueBytes: 100 }],
    ['1 KiB', 1024, { queueBytes: 2000 }],
    ['64 KiB', 65_000, { queueBytes: 1 }],
  ])('B4: is seen to close behind 64 KiB in messages of %s', async (_, bytes, options) => {
    await using stage = await setStage(SHARED, options);
    const { host, clock } = stage;
    using client = await openRaw(host.port);
    const ws = await socketOf(host);
    const message = textFrame('x'.repeat(bytes));
    // These fill the queue, and one waits: 64 KiB more are behind them.
    await client.send(Buffer.concat([...Array.from({ length: 64 }, () => textFrame('')), textFrame('!')]));
    await until(() => ws.queued.messages >= 64);
    await settle();
    await client.send(Buffer.alloc(Math.floor(65_500 / message.length) * message.length, message));
    await closeBy(client);
    expect(await lifeOf(ws, clock)).toBeLessThanOrEqual(TEN_SECONDS);
    expect(gist(await ws.closed)).toEqual([4000, 'peer', true]);
  });

  it('B4: is seen to close on a compressed link', async () => {
    await using stage = await setStage(SHARED, { compression: { thresholdBytes: 1 } });
    const client = new WebSocket(stage.host.url);
    await once(client, 'open');
    const ws = await socketOf(stage.host);
    for (let n = 0; n < 300; n += 1) client.send('small');
    await until(() => ws.queued.messages >= 64);
    client.close(4000);
    expect(await lifeOf(ws, stage.clock)).toBeLessThanOrEqual(TEN_SECONDS);
    expect(gist(await ws.closed)).toEqual([4000, 'peer', true]);
  });

  it('B4: has its close answered once the time of last words is over, where the handler runs', async () => {
    await using stage = await setStage(async (ws) => {
      await new Promise<void>((resolve) => ws.signal.addEventListener('abort', () => resolve()));
    });
    using client = await openRaw(stage.host.port);
    const ws = await socketOf(stage.host);
    for (let n = 0; n < 300; n += 1) await client.send(textFrame(`${n}`));
    await until(() => ws.queued.messages >= 64);
    await closeBy(client);
    while (ws.closeInfo === undefined) {
      await stage.clock.advance(1000);
      await settle();
    }
    expect(stage.clock.now()).toBeLessThanOrEqual(TEN_SECONDS);
    expect(gist(ws.closeInfo)).toEqual([4000, 'peer', true]);
  });

  it('B4: is seen to close at once where the server has called discard, whatever it has sent', async () => {
    await using stage = await setStage(async (ws) => {
      ws.discard();
      await ws.closed;
    });
    using client = await openRaw(stage.host.port);
    const ws = await socketOf(stage.host);
    await client.send(Buffer.alloc(100_000 * 8, textFrame('x!')));
    await closeBy(client);
    expect(gist(await ws.closed)).toEqual([4000, 'peer', true]);
  });

  it('B3: has no message queued beyond the one that fills the queue, however long it sends', async () => {
    await using stage = await setStage(SHARED, { queueBytes: 1000, report: () => {} });
    const { host, clock } = stage;
    using client = await openRaw(host.port);
    const ws = await socketOf(host);
    const sending = client.send(Buffer.alloc(40_000 * 106, textFrame('x'.repeat(100)))).catch(() => {});
    await until(() => ws.queued.messages > 9);
    for (let second = 0; second < 120; second += 1) {
      await clock.advance(1000);
      await settle();
    }
    expect(ws.closeInfo).toBe(undefined);
    expect(ws.queued).toEqual({ messages: 10, bytes: 1000 });
    client.reset();
    await sending;
  });
});
