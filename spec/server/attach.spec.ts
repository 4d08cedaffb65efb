// Hosts on http servers of the user, over real ports: beside what is served there already, beside
// each other, and closed without a trace.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attach } from 'corosock';
import type { Handler, HostOptions } from 'corosock';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { listen, listenSecurely } from '../fixtures/listening-server.ts';
import { refused } from '../fixtures/refused.ts';
import { closeFrame, textFrame } from '../peers/frames.ts';
import { openRaw, upgradeRequest } from '../peers/raw-client.ts';

/** A handler that answers each message with its own name. */
const saying =
  (name: string): Handler =>
  async (ws) => {
    for await (const data of ws) await ws.write(`${name}: ${String(data)}`);
  };

/** What the handler of a path answers. */
async function say(port: number, path: string): Promise<string> {
  using client = await openRaw(port, { requestLine: `GET ${path} HTTP/1.1` });
  await client.send(textFrame('hello'));
  const answer = await client.nextText();
  await client.send(closeFrame(1000));
  await client.untilClosed();
  return answer;
}

/** How many listen to what. */
function listeners(server: Server): readonly unknown[] {
  return server.eventNames().map((name) => [name, server.listenerCount(name)]);
}

describe('attach', () => {
  it('serves beside what the server serves already', async () => {
    await using plain = await listen((_request, response) => response.end('a page'));
    await using host = attach(plain.server, { '/chat': saying('chat') });
    expect(host.url).toBe(`ws://127.0.0.1:${plain.port}`);
    expect(await say(plain.port, '/chat')).toBe('chat: hello');
    const page = await fetch(`http://127.0.0.1:${plain.port}/chat`);
    expect([page.status, await page.text()]).toEqual([200, 'a page']);
  });

  it('serves on a server that begins to listen later', async () => {
    const server = createServer();
    await using host = attach(server, saying('late'));
    expect([host.url, host.port]).toEqual(['', 0]);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    expect(await say(host.port, '/')).toBe('late: hello');
    server.close();
    await once(server, 'close');
  });

  it('has no URL on a server that listens on no port', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'corosock-'));
    const server = createServer().listen(join(folder, 'socket'));
    await once(server, 'listening');
    await using host = attach(server, saying('local'));
    expect([host.url, host.port]).toEqual(['', 0]);
    server.close();
    rmSync(folder, { recursive: true });
  });

  it('keeps its URL after the end, also where the server no longer listens', async () => {
    const plain = await listen((_request, response) => response.end('a page'));
    const url = `ws://127.0.0.1:${plain.port}`;
    const host = attach(plain.server, { '/chat': saying('chat') });
    await host.close();
    await plain[Symbol.asyncDispose]();
    expect([host.url, host.port]).toEqual([url, plain.port]);
  });

  it('has the URL of the port that its server listens on now', async () => {
    const server = createServer();
    await using host = attach(server, { '/chat': saying('chat') });
    const ports: number[] = [];
    for (let round = 0; round < 2; round += 1) {
      await once(server.listen(0, '127.0.0.1'), 'listening');
      ports.push((server.address() as AddressInfo).port);
      expect(host.port).toBe(ports[round]);
      await new Promise((resolve) => server.close(resolve));
      expect(host.port).toBe(ports[round]);
    }
  });

  it('serves on node:https', async () => {
    await using secure = await listenSecurely();
    const urls: string[] = [];
    await using host = attach(secure.server, (ws) => void urls.push(ws.request.url.href));
    expect(host.url).toBe(`wss://127.0.0.1:${secure.port}`);
    const client = new WebSocket(`${host.url}/chat?x`, { rejectUnauthorized: false });
    const [code] = (await once(client, 'close')) as [number];
    expect([code, urls]).toEqual([1000, [`wss://127.0.0.1:${secure.port}/chat?x`]]);
  });

  it.each([
    ['node:https', listenSecurely, true],
    ['node:http', listen, false],
  ] as const)('gives a session a cookie that is Secure where the link is: %s', async (_, open, isSecure) => {
    await using site = await open();
    await using host = attach(site.server, () => {}, {
      sessions: { secret: 'a secret of 32 bytes, as it seems' },
    });
    const client = new WebSocket(host.url, { rejectUnauthorized: false });
    const [{ headers }] = (await once(client, 'upgrade')) as [IncomingMessage];
    await once(client, 'close');
    const cookie = headers['set-cookie']?.[0] ?? '';
    expect([cookie.startsWith('corosock.sid='), /; Secure(?:;|$)/.test(cookie)]).toEqual([true, isSecure]);
  });

  it('refuses on node:https', async () => {
    await using secure = await listenSecurely();
    await using host = attach(secure.server, { '/chat': saying('chat') });
    const client = new WebSocket(host.url, { rejectUnauthorized: false });
    const [error] = (await once(client, 'error')) as [Error];
    expect(error.message).toBe('Unexpected server response: 404');
  });

  it('H20: lets two hosts serve on one server', async () => {
    await using plain = await listen();
    await using a = attach(plain.server, { '/a': saying('a') });
    await using b = attach(plain.server, { '/b/:x': saying('b') });
    expect(await Promise.all(['/a', '/b/1'].map((path) => say(plain.port, path)))).toEqual([
      'a: hello',
      'b: hello',
    ]);
    expect([a.url, b.url]).toEqual(Array(2).fill(`ws://127.0.0.1:${plain.port}`));
    expect(await refused(plain.port, upgradeRequest())).toMatchObject({ status: 404 });
  });

  it('H20: says which pattern is claimed already, and leaves the first host as it is', async () => {
    await using plain = await listen();
    await using host = attach(plain.server, { '/chat/:id': saying('first') });
    expect(() => attach(plain.server, { '/x': saying('x'), '/chat/:room': saying('second') })).toThrow(
      expect.objectContaining({
        code: 'COROSOCK_ROUTE',
        message: `routes: expected patterns that each match something else, but /chat/:id is claimed already, got '/chat/:room'`,
      }),
    );
    expect(await say(host.port, '/chat/1')).toBe('first: hello');
    expect(await refused(host.port, upgradeRequest({ requestLine: 'GET /x HTTP/1.1' }))).toMatchObject({
      status: 404,
    });
  });

  it('lets a lone handler serve what a map does not', async () => {
    await using plain = await listen();
    await using lone = attach(plain.server, saying('any'));
    await using map = attach(plain.server, { '/chat': saying('chat') });
    expect([lone.port, map.port]).toEqual([plain.port, plain.port]);
    expect(await say(plain.port, '/chat')).toBe('chat: hello');
    expect(await say(plain.port, '/else')).toBe('any: hello');
  });

  it('leaves other listeners alone, and leaves them their paths', async () => {
    await using plain = await listen();
    plain.server.on('upgrade', ({ url }, stream) => {
      if (url === '/theirs') stream.end('HTTP/1.1 418 Teapot\r\nContent-Length: 0\r\n\r\n');
    });
    await using host = attach(plain.server, { '/ours': saying('ours') });
    expect(await say(host.port, '/ours')).toBe('ours: hello');
    await expect(openRaw(plain.port, { requestLine: 'GET /theirs HTTP/1.1' })).rejects.toThrow('got 418');
  });

  it('leaves the server as it was when it is closed', async () => {
    await using plain = await listen((_request, response) => response.end('a page'));
    const before = listeners(plain.server);
    const host = attach(plain.server, { '/chat': saying('first') });
    using client = await openRaw(plain.port, { requestLine: 'GET /chat HTTP/1.1' });
    const closing = host.close({ graceMs: 0 });
    expect(await client.untilCloseFrame()).toEqual({ code: 1001, reason: '' });
    await client.send(closeFrame(1001));
    client.halfClose();
    expect(await closing).toMatchObject({ closed: 1, abandoned: [] });
    expect([listeners(plain.server), plain.server.listening]).toEqual([before, true]);
    await expect(openRaw(plain.port)).rejects.toThrow('got 200');
    await using again = attach(plain.server, { '/chat': saying('second') });
    expect(await say(again.port, '/chat')).toBe('second: hello');
  });

  it('goes on with the other host when one is closed', async () => {
    await using plain = await listen();
    const a = attach(plain.server, { '/a': saying('a') });
    await using b = attach(plain.server, { '/b': saying('b') });
    await a.close();
    expect(await say(b.port, '/b')).toBe('b: hello');
    expect(await refused(b.port, upgradeRequest({ requestLine: 'GET /a HTTP/1.1' }))).toMatchObject({
      status: 404,
    });
  });

  it('H21: refuses its own paths with 503 while it closes', async () => {
    await using plain = await listen();
    const a = attach(plain.server, { '/a': async (ws) => void (await ws.closed) });
    await using b = attach(plain.server, { '/b': saying('b') });
    using client = await openRaw(plain.port, { requestLine: 'GET /a HTTP/1.1' });
    const closing = a.close({ graceMs: 60_000 });
    const { status, headers } = await refused(plain.port, upgradeRequest({ requestLine: 'GET /a HTTP/1.1' }));
    expect([status, headers['retry-after'], await say(b.port, '/b')]).toEqual([503, '5', 'b: hello']);
    client.reset();
    expect(await closing).toMatchObject({ finished: 1, closed: 0 });
  });

  it.each([
    ['no server', undefined, {}],
    ['an object that is not a server', { on: () => {} }, {}],
    ['a port', 8080, {}],
    ['an unknown option', createServer(), { port: 1 }],
    ['a limit out of range', createServer(), { queueMessages: 0 }],
  ])('C2: refuses %s', (_, server, options) => {
    expect(() => attach(server as Server, saying('never'), options as HostOptions)).toThrow(
      expect.objectContaining({ code: 'COROSOCK_ARGUMENT' }),
    );
  });

  it('refuses an application, which only makes a server', () => {
    const application = Object.assign(() => {}, { listen: () => {}, on: () => {} });
    expect(() => attach(application as unknown as Server, () => {})).toThrow(
      'attach(): expected a server of node:http, node:https or node:http2, got a function',
    );
  });

  it('adds no listener when it refuses', () => {
    const server = createServer();
    // @ts-expect-error -- it begins with no slash
    expect(() => attach(server, { chat: saying('never') })).toThrow(`begins with '/'`);
    expect(() => attach(server, saying('never'), { queueBytes: NaN })).toThrow('queueBytes');
    expect(server.listenerCount('upgrade')).toBe(0);
  });
});
