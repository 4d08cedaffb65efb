// Upgrades over links that do not behave (spec/faults/README.md, "Handshake"). What comes
// early is kept, what goes away is noticed, and an answer also reaches a peer that does
// not wait for it.

import { once } from 'node:events';
import { connect } from 'node:net';
import { serve } from 'corosock';
import type { CloseInfo, Data, Handler, Host, WebSocketServer } from 'corosock';
import { settle } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { recordCrashes } from '../fixtures/process-events.ts';
import { formFaults, refused } from '../fixtures/refused.ts';
import { until } from './until.ts';
import { closeFrame, textFrame } from '../peers/frames.ts';
import { connectRaw, openRaw, upgradeRequest } from '../peers/raw-client.ts';
import type { RawClient } from '../peers/raw-client.ts';

/** All that a handler has read, and how it ended. */
interface Story {
  readonly read: readonly Data[];
  readonly end: CloseInfo;
}

interface TellingHost extends AsyncDisposable {
  readonly host: Host;
  readonly reports: readonly unknown[];
  /** One for each handler that was started. */
  readonly stories: ReadonlyArray<Promise<Story>>;
  /** The first. */
  readonly story: Promise<Story>;
}

/** Serves a handler that reads until the end, once it has set itself up; `hook` is asked before. */
async function telling(setUp: Handler = (): void => {}, hook?: () => unknown): Promise<TellingHost> {
  const reports: unknown[] = [];
  const stories: Array<Promise<Story>> = [];
  let tellFirst: (story: Promise<Story>) => void;
  const story = new Promise<Story>((resolve) => {
    tellFirst = resolve;
  });
  const tell = async (...[ws]: Parameters<Handler>): Promise<Story> => {
    await setUp(ws);
    const read: Data[] = [];
    for (;;) {
      const [data, status] = await ws.readMessage();
      if (status !== 'ok') return { read, end: await ws.closed };
      read.push(data);
    }
  };
  const server: WebSocketServer = {
    ...(hook === undefined ? {} : { onPreServer: hook }),
    async server(ws) {
      const told = tell(ws);
      stories.push(told);
      tellFirst(told);
      await told;
    },
  };
  const host = await serve(server, { report: (error) => reports.push(error) });
  return { host, reports, stories, story, [Symbol.asyncDispose]: () => host[Symbol.asyncDispose]() };
}

/** Ends a conversation as a peer that keeps the rules. */
async function close(client: RawClient): Promise<void> {
  await client.send(closeFrame(1000));
  await client.untilClosed();
  client.halfClose();
}

const TEXTS = ['1', '2', '3', '4', '5'];

describe('an upgrade', () => {
  it('H12: may have 100 header lines', async () => {
    await using told = await telling();
    const headers = Object.fromEntries(Array.from({ length: 95 }, (_, i) => [`X-${i}`, 'a']));
    using client = await openRaw(told.host.port, { headers });
    await close(client);
    expect((await told.story).end.code).toBe(1000);
  });

  it('H17: delivers frames that came in one segment with it', async () => {
    await using told = await telling();
    const frames = Buffer.concat([...TEXTS.map(textFrame), closeFrame(4000, 'bye')]);
    using client = await openRaw(told.host.port, {}, frames);
    expect(await client.untilCloseFrame()).toEqual({ code: 4000, reason: 'bye' });
    client.halfClose();
    expect(await told.story).toMatchObject({
      read: TEXTS,
      end: { code: 4000, reason: 'bye', by: 'peer', clean: true, unread: 0 },
    });
  });

  it('H17: delivers them also when it comes byte by byte', async () => {
    await using told = await telling();
    using client = await connectRaw(told.host.port);
    await client.send(Buffer.concat([Buffer.from(upgradeRequest()), textFrame('1'), closeFrame(1000)]), 1);
    expect(await client.untilClosed()).toBe('fin');
    client.halfClose();
    expect(await told.story).toMatchObject({ read: ['1'], end: { code: 1000 } });
  });

  it.each<[when: string, hook: () => unknown]>([
    ['at once', () => undefined],
    ['in the same turn', () => Promise.resolve()],
    ['in the next turn', () => new Promise(setImmediate)],
    ['some turns later', settle],
  ])('H17: delivers them also when its hook decides %s', async (_, hook) => {
    await using told = await telling(undefined, hook);
    const frames = Buffer.concat([...TEXTS.map(textFrame), closeFrame(4000, 'bye')]);
    using client = await openRaw(told.host.port, {}, frames);
    expect(await client.untilCloseFrame()).toEqual({ code: 4000, reason: 'bye' });
    client.halfClose();
    expect(await told.story).toMatchObject({ read: TEXTS, end: { code: 4000, by: 'peer' } });
  });

  it('H18: loses nothing that comes while its handler is still setting up', async () => {
    let goOn = (): void => {};
    const isSetUp = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    await using told = await telling(async (ws) => {
      await isSetUp;
      expect(ws.queued.messages).toBe(5);
    });
    const client = new WebSocket(told.host.url);
    client.on('open', () => {
      for (const text of TEXTS) client.send(text);
      client.ping();
    });
    // The server answers a ping in its turn: all messages are there.
    await once(client, 'pong');
    goOn();
    client.close(1000);
    expect((await told.story).read).toEqual(TEXTS);
  });

  it('H21: gets 503 while the host closes, and no port when it has closed', async () => {
    const host = await serve(async (ws) => void (await ws.closed));
    using client = await openRaw(host.port);
    const { port } = host;
    const closing = host.close({ graceMs: 60_000 });
    const { status, headers } = await refused(port, upgradeRequest());
    expect([status, headers['retry-after']]).toEqual([503, '5']);
    expect(await refused(port, upgradeRequest({ requestLine: 'GET * HTTP/1.1' }))).toMatchObject({
      status: 400,
    });
    await close(client);
    expect(await closing).toMatchObject({ finished: 1, abandoned: [] });
    await expect(connectRaw(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('H25: a peer that leaves', () => {
  it('in the segment of its request ends a conversation that has just begun', async () => {
    await using told = await telling();
    const socket = connect({ port: told.host.port, host: '127.0.0.1', allowHalfOpen: true });
    socket.end(Buffer.concat([Buffer.from(upgradeRequest()), textFrame('1')]));
    expect(await told.story).toMatchObject({ read: ['1'], end: { code: 1006, by: 'link', clean: false } });
    socket.destroy();
    expect(told.reports).toEqual([]);
  });

  it.each([
    ['a FIN', 'halfClose'],
    ['a reset', 'reset'],
  ] as const)('by %s right after the 101 is told of as 1006', async (_, leave) => {
    using crashes = recordCrashes();
    await using told = await telling();
    using client = await openRaw(told.host.port);
    client[leave]();
    expect((await told.story).end).toMatchObject({ code: 1006, by: 'link', clean: false });
    await until(() => told.host.sockets.size === 0);
    expect([told.reports, crashes.errors]).toEqual([[], []]);
  });

  it.each([
    ['a FIN', 'halfClose'],
    ['a reset', 'reset'],
  ] as const)('by %s at any byte of its request hurts nobody', async (_, leave) => {
    using crashes = recordCrashes();
    await using told = await telling();
    using bystander = await openRaw(told.host.port);
    const request = upgradeRequest();
    for (let length = 0; length <= request.length; length += 1) {
      using client = await connectRaw(told.host.port);
      await client.send(request.slice(0, length));
      client[leave]();
    }
    await until(() => told.host.sockets.size === 1);
    expect(told.stories.length).toBeLessThanOrEqual(2);
    await bystander.send(textFrame('still here'));
    await close(bystander);
    expect(await told.story).toMatchObject({ read: ['still here'], end: { code: 1000, clean: true } });
    expect([told.reports, crashes.errors]).toEqual([[], []]);
  });
});

describe('a refused peer', () => {
  it('hears why, though it goes on sending and reads late', async () => {
    await using told = await telling();
    using client = await connectRaw(told.host.port);
    client.pause();
    await client.send(upgradeRequest({ headers: { 'Sec-WebSocket-Version': '8' } }));
    await client.send(Buffer.alloc(4 * 1024 * 1024));
    client.resume();
    const answer = await client.answer();
    expect([answer.status, formFaults(answer), await client.untilClosed()]).toEqual([426, [], 'fin']);
  });

  it('hears why after its own FIN', async () => {
    await using told = await telling();
    using client = await connectRaw(told.host.port);
    void client.send(upgradeRequest({ requestLine: 'GET * HTTP/1.1' }));
    client.halfClose();
    expect([(await client.answer()).status, await client.untilClosed()]).toEqual([400, 'fin']);
  });

  it('may reset while it is being refused', async () => {
    using crashes = recordCrashes();
    await using told = await telling();
    for (const request of ['GET * HTTP/1.1', 'GET / HTTP/1.0', 'no HTTP'].map((requestLine) =>
      upgradeRequest({ requestLine }),
    )) {
      using client = await connectRaw(told.host.port);
      await client.send(request);
      client.reset();
    }
    expect(await refused(told.host.port, 'no HTTP\r\n\r\n')).toMatchObject({ status: 400 });
    expect([told.reports, crashes.errors, told.stories.length]).toEqual([[], [], 0]);
  });

  it('is cut off when it never stops sending', async () => {
    await using told = await telling();
    using client = await connectRaw(told.host.port);
    await client.send(upgradeRequest({ requestLine: 'GET * HTTP/1.1' }));
    const sendForever = async (): Promise<void> => {
      for (;;) await client.send(Buffer.alloc(65_536));
    };
    await expect(sendForever()).rejects.toBeInstanceOf(Error);
  });
});
