// R10, R13, B4, B5 and the floods of pings (spec/faults/README.md): peers that have
// gone, seem to have gone, or ask whether we have, on a port. The spec reads in the
// handler's place.

import { once } from 'node:events';
import { attach, serve } from 'corosock';
import type { Host, ServeOptions, ServerSocket } from 'corosock';
import { settle, virtualClock } from 'corosock/testing';
import type { VirtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { listenSecurely } from '../fixtures/listening-server.ts';
import { closeFrame, frame, OPCODE, textFrame } from '../peers/frames.ts';
import { openRaw } from '../peers/raw-client.ts';
import type { RawClient } from '../peers/raw-client.ts';
import { HandClock, turn } from '../time/hand-clock.ts';
import { gist } from '../fixtures/memory-host.ts';
import { socketOf, until, untilStill } from './until.ts';

const PONG = frame({ opcode: OPCODE.pong });
/** The defaults: every 25 s, dead 20 s later. */
const INTERVAL_MS = 25_000;
const MOST_MS = INTERVAL_MS + 20_000;
/** The default of `writeTimeoutMs`, and at most an eighth more. */
const WRITE_MS = 30_000 * (9 / 8) + 1000;

async function idle(ws: ServerSocket): Promise<void> {
  await ws.closed;
}

async function idleHost(
  options: ServeOptions = {},
): Promise<{ readonly host: Host; readonly clock: VirtualClock }> {
  const clock = virtualClock();
  return { host: await serve(idle, { clock, report: () => {}, ...options }), clock };
}

/** A peer that behaves: each ping is answered, until the connection ends. */
async function answerPings(client: RawClient): Promise<void> {
  try {
    for (;;) {
      const { opcode, payload } = await client.nextFrame();
      if (opcode === OPCODE.ping) await client.send(frame({ opcode: OPCODE.pong, payload }));
    }
  } catch {
    // It has ended.
  }
}

/** Lets time pass second by second, so long as a socket is open; says how long that was. */
async function lifeOf(ws: ServerSocket, clock: VirtualClock, mostMs: number): Promise<number> {
  const sinceMs = clock.now();
  while (ws.closeInfo === undefined && clock.now() - sinceMs < mostMs) {
    await clock.advance(1000);
    await settle();
  }
  return clock.now() - sinceMs;
}

describe('a peer that has gone without a word', () => {
  it.each([0, 1000, 24_000, 25_000, 60_000])(
    'R10: is found out within interval and time-out: after %d ms of answers',
    async (answersForMs) => {
      const { host, clock } = await idleHost();
      await using _ = host;
      using client = await openRaw(host.port);
      const ws = await socketOf(host);
      void answerPings(client);
      await clock.advance(answersForMs);
      await settle();
      client.pause();
      expect(await lifeOf(ws, clock, 3 * MOST_MS)).toBeLessThanOrEqual(MOST_MS + 1000);
      expect(gist(await ws.closed)).toEqual([1006, 'heartbeat', false]);
      expect(ws.closeInfo?.cause).toEqual(new Error('The peer has given no sign of life for 20000 ms'));
    },
  );

  it('R10: ends what waits for it: a read with closed, a write with closed', async () => {
    const { host, clock } = await idleHost();
    await using _ = host;
    using client = await openRaw(host.port);
    client.pause();
    const ws = await socketOf(host);
    const read = ws.read();
    let written = ws.write(Buffer.alloc(1_000_000));
    while (ws.bufferedBytes === 0) written = ws.write(Buffer.alloc(1_000_000));
    written = ws.write('waits');
    await clock.advance(MOST_MS);
    expect([await read, await written]).toEqual([[undefined, 'closed'], 'closed']);
  });

  it('R10: is found out though it still sends, when it takes nothing', async () => {
    const { host, clock } = await idleHost();
    await using _ = host;
    using client = await openRaw(host.port);
    client.pause();
    const ws = await socketOf(host);
    while (ws.bufferedBytes === 0) {
      void ws.write(Buffer.alloc(1_000_000));
      await settle();
    }
    const sinceMs = clock.now();
    while (ws.closeInfo === undefined) {
      await client.send(PONG);
      await clock.advance(1000);
    }
    expect(gist(ws.closeInfo)).toEqual([1006, 'heartbeat', false]);
    expect(clock.now() - sinceMs).toBeLessThanOrEqual(WRITE_MS);
  });

  it('R10: lives on while it takes what waits, though its pongs would come minutes later', async () => {
    const { host, clock } = await idleHost();
    await using _ = host;
    using client = await openRaw(host.port);
    client.pause();
    const ws = await socketOf(host);
    let isWriting = true;
    const writing = (async () => {
      while (isWriting && (await ws.write(Buffer.alloc(4000))) === 'ok');
    })();
    while (ws.bufferedBytes === 0) await settle();
    for (let seconds = 0; seconds < 120 && ws.closeInfo === undefined; seconds += 5) {
      client.resume();
      while (client.unreadBytes < 5 * 65_536) await turn();
      client.pause();
      client.discard();
      await clock.advance(5000);
    }
    expect(ws.closeInfo).toBe(undefined);
    isWriting = false;
    client.reset();
    await writing;
  });

  it('R10: is found out without a heartbeat, when it takes nothing', async () => {
    const { host, clock } = await idleHost({ heartbeat: false });
    await using _ = host;
    using client = await openRaw(host.port);
    client.pause();
    const ws = await socketOf(host);
    while (ws.bufferedBytes === 0) {
      void ws.write(Buffer.alloc(1_000_000));
      await settle();
    }
    expect(await lifeOf(ws, clock, 3 * MOST_MS)).toBeLessThanOrEqual(WRITE_MS);
    expect(gist(await ws.closed)).toEqual([1006, 'heartbeat', false]);
    expect(String(ws.closeInfo?.cause)).toMatch(/^Error: The peer has taken no byte .* for \d+ ms$/);
  });

  it('R10: lives on when it answers, for a day', async () => {
    const { host, clock } = await idleHost({ heartbeat: { intervalMs: 1_000_000, timeoutMs: 900_000 } });
    await using _ = host;
    using client = await openRaw(host.port);
    const ws = await socketOf(host);
    void answerPings(client);
    await clock.advance(86_400_000);
    expect(ws.closeInfo).toBe(undefined);
  });

  it('R10: is found out over TLS, too, and lives on while it answers', async () => {
    const clock = virtualClock();
    await using secure = await listenSecurely();
    await using host = attach(secure.server, idle, { clock });
    const client = new WebSocket(host.url, { rejectUnauthorized: false });
    await once(client, 'open');
    const ws = await socketOf(host);
    expect(await lifeOf(ws, clock, 2 * MOST_MS)).toBe(2 * MOST_MS);
    client.pause();
    expect(await lifeOf(ws, clock, 2 * MOST_MS)).toBeLessThanOrEqual(MOST_MS + 1000);
    expect(gist(await ws.closed)).toEqual([1006, 'heartbeat', false]);
    client.terminate();
  });

  it('R10: is not looked for without a heartbeat', async () => {
    const { host, clock } = await idleHost({ heartbeat: false });
    await using _ = host;
    using client = await openRaw(host.port);
    const ws = await socketOf(host);
    await clock.advance(86_400_000);
    expect([ws.closeInfo, client.unreadBytes]).toEqual([undefined, 0]);
  });
});

describe('a process that stood still', () => {
  it('R13: reads the pongs that have come meanwhile before it judges', async () => {
    const clock = new HandClock();
    await using host = await serve(idle, { clock });
    using client = await openRaw(host.port);
    const ws = await socketOf(host);
    clock.tick(INTERVAL_MS);
    expect(await client.nextFrame()).toMatchObject({ opcode: OPCODE.ping });
    await client.send(PONG);
    // The loop has had no turn since: the pong is in the kernel.
    clock.tick(20_000);
    await untilStill(() => host.sockets.size);
    expect(ws.closeInfo).toBe(undefined);
  });

  it('R13: gives a peer that has not answered up all the same', async () => {
    const clock = new HandClock();
    await using host = await serve(idle, { clock });
    using client = await openRaw(host.port);
    const ws = await socketOf(host);
    clock.tick(INTERVAL_MS);
    await client.nextFrame();
    clock.tick(20_000);
    expect(gist(await ws.closed)).toEqual([1006, 'heartbeat', false]);
  });
});

describe('a peer that is held back', () => {
  /** A socket whose queue is full of four messages; the bytes of a fifth wait behind them. */
  async function held(): Promise<
    AsyncDisposable & { readonly client: RawClient; readonly ws: ServerSocket; readonly clock: VirtualClock }
  > {
    const { host, clock } = await idleHost({ queueMessages: 4 });
    const client = await openRaw(host.port);
    const ws = await socketOf(host);
    await client.send(Buffer.concat(['1', '2', '3', '4', '5'].map(textFrame)));
    await until(() => ws.queued.messages === 4);
    return {
      client,
      ws,
      clock,
      async [Symbol.asyncDispose]() {
        client[Symbol.dispose]();
        await host[Symbol.asyncDispose]();
      },
    };
  }

  async function readAll(ws: ServerSocket): Promise<readonly unknown[]> {
    const read: unknown[] = [];
    for (let [data] = await ws.read(); data !== undefined; [data] = await ws.read()) read.push(data);
    return read;
  }

  it.each([
    ['closes', [4000, 'peer', true], (client: RawClient) => client.send(closeFrame(4000))],
    ['ends its side', [1006, 'link', false], (client: RawClient) => client.halfClose()],
    ['resets the link', [1006, 'link', false], (client: RawClient) => client.reset()],
    ['vanishes', [1006, 'heartbeat', false], (client: RawClient) => client.pause()],
  ] as const)('B4: is noticed when it %s, and what is queued is read first', async (_, end, act) => {
    await using stage = await held();
    const { client, ws, clock } = stage;
    await act(client);
    void client.hangUp();
    expect(await lifeOf(ws, clock, 3 * MOST_MS)).toBeLessThanOrEqual(MOST_MS + 1000);
    expect(gist(await ws.closed)).toEqual(end);
    expect(await readAll(ws)).toEqual(['1', '2', '3', '4', '5']);
  });

  it('B5: lives on so long as it answers, and what it sends is not lost', async () => {
    await using stage = await held();
    const { client, ws, clock } = stage;
    void answerPings(client);
    await client.send(textFrame('6'));
    expect(await lifeOf(ws, clock, 3 * MOST_MS)).toBe(3 * MOST_MS);
    const read: unknown[] = [];
    while (read.length < 6) read.push((await ws.read())[0]);
    expect(read).toEqual(['1', '2', '3', '4', '5', '6']);
  });

  it('B5: has its own pings answered, and gets pongs that it has not asked for', async () => {
    await using stage = await held();
    const { client, clock } = stage;
    await clock.advance(6000);
    expect([(await client.nextFrame()).opcode, (await client.nextFrame()).opcode]).toEqual([
      OPCODE.pong,
      OPCODE.pong,
    ]);
    await client.send(frame({ opcode: OPCODE.ping, payload: 'are you there?' }));
    await clock.advance(3000);
    await client.nextFrame();
    expect(await client.nextText()).toBe('are you there?');
  });

  it('B5: is not killed for its silence while its data fills the queue, nor read beyond the marks and some chunks', async () => {
    const { host, clock } = await idleHost({ queueMessages: 1_000_000, queueBytes: 300_000 });
    await using _ = host;
    using client = await openRaw(host.port);
    const ws = await socketOf(host);
    const messages = Array.from({ length: 200 }, (_unused, n) => `${n}`.padEnd(50_000));
    const sending = client.send(Buffer.concat(messages.map(textFrame)));
    await until(() => ws.queued.bytes >= 300_000);
    expect(await lifeOf(ws, clock, 2 * MOST_MS)).toBe(2 * MOST_MS);
    expect(ws.queued.bytes).toBeLessThanOrEqual(300_000 + 5 * 65_536 + 50_000);
    for (const message of messages) expect((await ws.readMessage())[0] === message).toBe(true);
    await sending;
  });

  it('B5: of a flood of small messages is read on in looks, within the marks and some chunks', async () => {
    const { host, clock } = await idleHost({ queueMessages: 64, queueBytes: 100_000 });
    await using _ = host;
    using client = await openRaw(host.port);
    const ws = await socketOf(host);
    const sending = client.send(Buffer.alloc(50_000 * 7, textFrame('x')));
    await until(() => ws.queued.messages > 0);
    expect(await lifeOf(ws, clock, 2 * MOST_MS)).toBe(2 * MOST_MS);
    const { messages, bytes } = ws.queued;
    expect(bytes + messages * 6).toBeLessThanOrEqual(64 + 64 * 6 + 4 * 65_536);
    while (ws.queued.messages > 0) await ws.read();
    await sending;
  });
});

describe('a ping flood', () => {
  const ping = (n: number): Buffer => frame({ opcode: OPCODE.ping, payload: `${n}` });

  it('F24: that is paced is answered ping for ping', async () => {
    const { host } = await idleHost();
    await using _ = host;
    using client = await openRaw(host.port);
    for (let n = 0; n < 500; n += 1) {
      await client.send(ping(n));
      expect(await client.nextText()).toBe(`${n}`);
    }
  });

  it('F24: of a peer that reads is served, the last ping included', async () => {
    const { host } = await idleHost();
    await using _ = host;
    using client = await openRaw(host.port);
    const ws = await socketOf(host);
    await client.send(
      Buffer.concat([...Array.from({ length: 20_000 }, (_unused, n) => ping(n)), textFrame('!')]),
    );
    expect((await ws.read())[0]).toBe('!');
    let last = '';
    while (last !== '19999') last = await client.nextText();
    expect(ws.closeInfo).toBe(undefined);
  });

  it('F25: of a peer that does not read ends with 1008', async () => {
    const { host } = await idleHost();
    await using _ = host;
    using client = await openRaw(host.port);
    client.pause();
    const ws = await socketOf(host);
    const flood = Buffer.alloc(1000 * 131, frame({ opcode: OPCODE.ping, payload: Buffer.alloc(125) }));
    while (ws.closeInfo === undefined) {
      await client.send(flood).catch(() => {});
      await settle();
    }
    expect(gist(ws.closeInfo)).toEqual([1008, 'limit', false]);
    expect(ws.closeInfo.cause).toMatchObject({ name: 'RangeError', code: 'WS_ERR_TOO_MANY_PINGS' });
  });
});

describe('a flood of pongs that were not asked for', () => {
  it('F26: is neither answered nor queued, and the message behind it is read', async () => {
    const { host } = await idleHost();
    await using _ = host;
    using client = await openRaw(host.port);
    const ws = await socketOf(host);
    await client.send(Buffer.concat([Buffer.alloc(20_000 * PONG.length, PONG), textFrame('a question')]));
    expect(await ws.read()).toEqual(['a question', 'ok']);
    expect(ws.queued).toEqual({ messages: 0, bytes: 0 });
    await ws.write('the answer');
    expect(await client.nextText()).toBe('the answer');
    expect(ws.closeInfo).toBe(undefined);
  });
});
