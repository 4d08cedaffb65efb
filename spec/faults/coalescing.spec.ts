// Frames that wait for the end of their turn, when something ends the socket, the
// link or the process first: what was accepted goes out before the close frame. On
// a port; the frames themselves: spec/transport/frame-batch.spec.ts, and behind them
// what `ws` sends by itself: spec/transport/ws/ordered-socket.spec.ts.

import { serve } from 'corosock';
import type { CloseInfo, ServerSocket } from 'corosock';
import { settle } from 'corosock/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildPackage } from '../fixtures/built-package.ts';
import type { BuiltPackage } from '../fixtures/built-package.ts';
import { recordCrashes } from '../fixtures/process-events.ts';
import { OPCODE, textFrame } from '../peers/frames.ts';
import { openRaw } from '../peers/raw-client.ts';
import type { RawClient } from '../peers/raw-client.ts';
import { socketOf, until } from './until.ts';

const TEXTS = ['one', 'two', 'three'];

function writeAll(ws: ServerSocket): void {
  for (const text of TEXTS) void ws.write(text);
}

/** What comes until the close frame, that included, as text. */
async function framesOf(client: RawClient): Promise<readonly string[]> {
  const frames: string[] = [];
  for (;;) {
    const { opcode, payload } = await client.nextFrame();
    if (opcode === OPCODE.close) return [...frames, `close ${payload.readUInt16BE(0)}`];
    frames.push(String(payload));
  }
}

describe('what was accepted in the same turn', () => {
  it.each<readonly [end: string, handler: (ws: ServerSocket) => unknown, close: string]>([
    ['the handler returns', writeAll, 'close 1000'],
    [
      'the handler throws',
      (ws) => {
        writeAll(ws);
        throw new Error('mine');
      },
      'close 1011',
    ],
    [
      'endServer is called',
      async (ws) => {
        writeAll(ws);
        await ws.endServer(4000);
      },
      'close 4000',
    ],
    [
      'the host closes',
      async (ws) => {
        writeAll(ws);
        void ws.host.close({ graceMs: 0 });
        await ws.closed;
      },
      'close 1001',
    ],
    [
      'endServer is called behind a long message',
      async (ws) => {
        writeAll(ws);
        void ws.write('long'.repeat(10_000));
        await ws.endServer(4000);
      },
      'close 4000',
    ],
  ])('goes out before the close frame when %s', async (_, handler, close) => {
    await using host = await serve((ws) => handler(ws) as Promise<void>, { report: () => {} });
    using client = await openRaw(host.port);
    const frames = await framesOf(client);
    expect([frames.slice(0, 3), frames.at(-1)]).toEqual([TEXTS, close]);
  });

  it('is not taken back when the signal of its write aborts', async () => {
    await using host = await serve(async (ws) => {
      const controller = new AbortController();
      const write = ws.write('accepted', { signal: controller.signal });
      controller.abort();
      expect(await write).toBe('ok');
    });
    using client = await openRaw(host.port);
    expect(await framesOf(client)).toEqual(['accepted', 'close 1000']);
  });

  it('is dropped by terminate, as all that is under way: the end says so', async () => {
    using crashes = recordCrashes();
    await using host = await serve(async (ws) => void (await ws.closed));
    using client = await openRaw(host.port);
    const ws = await socketOf(host);
    writeAll(ws);
    ws.terminate();
    expect(await ws.closed).toMatchObject({ code: 1006, clean: false, by: 'local' });
    expect(ws.bufferedBytes).toBe(0);
    await client.untilClosed();
    expect([client.unreadBytes, crashes.errors]).toEqual([0, []]);
  });

  it('is dropped with a link that is lost: the end says so, and nothing is thrown', async () => {
    using crashes = recordCrashes();
    const ends: CloseInfo[] = [];
    await using host = await serve(async (ws) => void ends.push(await ws.closed));
    const client = await openRaw(host.port);
    const ws = await socketOf(host);
    client.reset();
    // Each turn until the loss is known, and beyond.
    await until(() => {
      writeAll(ws);
      return ws.closeInfo !== undefined;
    });
    writeAll(ws);
    await settle();
    expect([ends, ws.bufferedBytes, crashes.errors]).toMatchObject([[{ code: 1006, by: 'link' }], 0, []]);
  });

  it('goes out while we hold the link paused', async () => {
    await using host = await serve(async (ws) => void (await ws.closed), { queueMessages: 1 });
    using client = await openRaw(host.port);
    await client.send(Buffer.concat(TEXTS.map((text) => textFrame(text))));
    const ws = await socketOf(host);
    await until(() => ws.queued.messages === 1);
    writeAll(ws);
    for (const text of TEXTS) expect(await client.nextText()).toBe(text);
    expect(ws.queued.messages).toBe(1);
  });

  it('comes whole and in order to a peer that did not read for a while', async () => {
    await using host = await serve(async (ws) => void (await ws.closed));
    using client = await openRaw(host.port);
    client.pause();
    const ws = await socketOf(host);
    const sent: string[] = [];
    for (let status = 'ok'; status === 'ok';) {
      const text = `${sent.length} `.padEnd(1000, '.');
      status = await ws.write(text, { timeoutMs: 0 });
      if (status === 'ok') sent.push(text);
      if (sent.length % 7 === 0) await settle();
    }
    expect(ws.bufferedBytes).toBeGreaterThan(0);
    client.resume();
    for (const text of sent) expect(await client.nextText()).toBe(text);
    await until(() => ws.bufferedBytes === 0);
  });
});

describe('what was accepted in the turn in which the process ends', () => {
  let built: BuiltPackage;
  beforeAll(async () => {
    built = await buildPackage();
  }, 60_000);
  afterAll(() => built[Symbol.asyncDispose]());

  it.each([
    ['exits', 'exit', 7],
    ['dies of an error', 'throw', 1],
  ])('goes out when it %s', async (_, way, code) => {
    const script = built.run('exiting.js');
    using client = await openRaw(Number(await script.firstLine));
    await client.send(textFrame(way));
    for (const text of TEXTS) expect(await client.nextText()).toBe(text);
    expect((await script.end).code).toBe(code);
  });
});
