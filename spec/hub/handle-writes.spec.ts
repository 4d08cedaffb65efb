// Messages of handles on sockets of another node that are larger than what a broker takes at once.

import { Redis } from 'ioredis';
import { openHub, serve } from 'corosock';
import { connect } from 'corosock/client';
import { settle, virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { FrameWindow, WINDOW_BYTES } from '../../src/hub/frame-window.ts';
import { HandleWrites } from '../../src/hub/handle-writes.ts';
import { MESSAGE_PART_BYTES, TO_SOCKET } from '../../src/hub/socket-frames.ts';
import { outageReport } from '../fixtures/outage-report.ts';
import { isRedisHere, realRedis, withoutRedis } from '../redis/ioredis-scene.ts';
import { pair, say } from './remote-fixtures.ts';
import type { RemoteNode } from './remote-fixtures.ts';

const LARGE_BYTES = 20_000_000;
/** One part may begin before the window is full. */
const MOST_BYTES = WINDOW_BYTES + MESSAGE_PART_BYTES + 1024;

/** Notes the most bytes that a node has under way. */
function watchUnderWay({ link }: RemoteNode): { mostBytes: number } {
  const seen = { mostBytes: 0 };
  const publish = link.publish.bind(link);
  let bytesUnderWay = 0;
  link.publish = async (address, bytes) => {
    bytesUnderWay += bytes.length;
    seen.mostBytes = Math.max(seen.mostBytes, bytesUnderWay);
    const count = await publish(address, bytes);
    bytesUnderWay -= bytes.length;
    return count;
  };
  return seen;
}

describe('a large message of a handle', () => {
  it('is written in parts of which 4 MiB are under way, and a close comes behind it', async () => {
    const { caller, got } = await pair({}, {}, Infinity);
    const ws = await caller.handle('owner.one');
    const seen = watchUnderWay(caller);
    const writing = [ws.write('x'.repeat(LARGE_BYTES)), ws.write('next')];
    void ws.endServer(1000, 'done');
    await settle();
    expect(await Promise.all(writing)).toEqual(['ok', 'ok']);
    expect([got.map((text) => text.length), seen.mostBytes < MOST_BYTES]).toEqual([[LARGE_BYTES, 4], true]);
    expect((await ws.closed).reason).toBe('done');
  });

  it('is read in parts of which 4 MiB are under way', async () => {
    const { caller, owner, client } = await pair();
    const ws = await caller.handle('owner.one');
    const seen = watchUnderWay(owner);
    say(client, 'x'.repeat(LARGE_BYTES));
    const [message, status] = await ws.readText();
    expect([message?.length, status, seen.mostBytes < MOST_BYTES]).toEqual([LARGE_BYTES, 'ok', true]);
  });

  it('is cancelled behind its last part where its write is aborted before', async () => {
    const { caller, got } = await pair({}, {}, Infinity);
    const ws = await caller.handle('owner.one');
    const writing = ws.write('x'.repeat(LARGE_BYTES), { signal: AbortSignal.abort('late') });
    await expect(writing).rejects.toBe('late');
    const aborting = new AbortController();
    const second = ws.write('y'.repeat(LARGE_BYTES), { signal: aborting.signal });
    aborting.abort('changed my mind');
    expect([await second, await ws.write('next')]).toEqual(['ok', 'ok']);
    expect(got.map((text) => text[0])).toEqual(['y', 'n']);
  });

  it('goes back into the queue where its reader ends before all parts are sent', async () => {
    const { caller, owner, client, local } = await pair();
    const ws = await caller.handle('owner.one');
    const publish = owner.link.publish.bind(owner.link);
    owner.link.publish = async (address, bytes) => {
      if (bytes.length >= MESSAGE_PART_BYTES) await new Promise<never>(() => {});
      return publish(address, bytes);
    };
    say(client, 'x'.repeat(LARGE_BYTES));
    const reading = ws.read();
    await settle();
    expect(local.queued.messages).toBe(0);
    void caller.remote.close();
    await settle();
    expect([(await reading)[1], local.queued.messages]).toEqual(['closed', 1]);
  });
});

describe('the writes of a handle', () => {
  it('send a frame behind all that is written, and nothing once the handle has ended', async () => {
    const posted: number[] = [];
    const taken: (() => void)[] = [];
    let isEnded = false;
    const writes = new HandleWrites({
      clock: virtualClock(),
      window: new FrameWindow(),
      isEnded: () => isEnded,
      post: (type) => [posted.push(type), new Promise((resolve) => taken.push(resolve))],
    });
    const takeAll = async (): Promise<void> => {
      for (const take of taken.splice(0)) take();
      await settle();
    };
    writes.write(new Uint8Array(2 * WINDOW_BYTES), { binary: true, compress: false }, true);
    writes.sendBehind(TO_SOCKET.close, new Uint8Array());
    expect(posted).not.toContain(TO_SOCKET.close);
    for (let turn = 0; turn < 4; turn += 1) await takeAll();
    expect([posted.at(-1), new Set(posted.slice(0, -1))]).toEqual([
      TO_SOCKET.close,
      new Set([TO_SOCKET.write]),
    ]);
    writes.write(new Uint8Array(2 * WINDOW_BYTES), { binary: true, compress: false }, true);
    const { length } = posted;
    isEnded = true;
    await takeAll();
    expect(posted).toHaveLength(length);
  });
});

describe.skipIf(!isRedisHere)(`a large message of a handle over Redis${withoutRedis}`, () => {
  it('is written while rooms publish', { timeout: 60_000 }, async () => {
    await using server = await realRedis.server();
    await server.start();
    // As a Redis has it by default: those of other specs cut a slow subscriber sooner.
    const admin = new Redis(server.port);
    await admin.config('SET', 'client-output-buffer-limit', 'pubsub 33554432 8388608 60');
    admin.disconnect();
    const nodes = [realRedis.node(server.port), realRedis.node(server.port)] as const;
    let id = '';
    // A machine that is busy for seconds loses the link for a moment.
    const options = { port: 0, broker: nodes[0].broker, report: outageReport };
    await using host = await serve(
      {
        onPreServer: (handshake) => void (handshake.sharedConnection = true),
        async server(ws) {
          ({ id } = ws);
          await ws.closed;
        },
      },
      options,
    );
    await using hub = await openHub({ broker: nodes[1].broker, report: outageReport });
    const client = await connect(host.url, { maxMessageBytes: 2 * LARGE_BYTES });
    const [ws] = await hub.openServer(id);
    const writing = ws?.write(new Uint8Array(LARGE_BYTES));
    const relayed = await hub.room('lobby').publish('news').relayed;
    const [message, status] = await client.readMessage();
    expect([await writing, relayed, status, message?.length]).toEqual(['ok', 'sent', 'ok', LARGE_BYTES]);
    client.terminate();
    for (const node of nodes) await node.close();
  });
});
