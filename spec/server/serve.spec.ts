// A port of its own: where it listens, what it answers to plain requests, and that nothing is left
// of it. Upgrades that are refused: spec/faults/handshake.spec.ts.

import { serve } from 'corosock';
import type { Host, ServeOptions } from 'corosock';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../faults/until.ts';
import { quietPort } from '../fixtures/free-port.ts';
import { recordWarnings } from '../fixtures/process-events.ts';
import { refused } from '../fixtures/refused.ts';
import { connectRaw, openRaw, upgradeRequest } from '../peers/raw-client.ts';

const nothing = (): void => {};

describe('serve', () => {
  it('listens on any free port of this machine, and says which', async () => {
    await using host = await serve(nothing);
    expect(host.port).toBeGreaterThan(0);
    expect(host.url).toBe(`ws://127.0.0.1:${host.port}`);
  });

  it('keeps its URL and its port after the end', async () => {
    const host = await serve(nothing);
    await host.close();
    expect(host.port).toBeGreaterThan(0);
    expect(host.url).toBe(`ws://127.0.0.1:${host.port}`);
  });

  it('listens on the given hostname, also over IPv6', async () => {
    await using host = await serve(nothing, { hostname: '::1' });
    expect(host.url).toBe(`ws://[::1]:${host.port}`);
    const { status } = await fetch(host.url.replace('ws:', 'http:'));
    expect(status).toBe(426);
  });

  it.each([
    ['a name as it was given', 'localhost', 'localhost'],
    ['localhost for all addresses of IPv4', '0.0.0.0', 'localhost'],
    ['localhost for all addresses', '::', 'localhost'],
    ['an address', '127.0.0.1', '127.0.0.1'],
  ])('has in its URL %s', async (_, hostname, shown) => {
    await using host = await serve(nothing, { hostname });
    expect(host.url).toBe(`ws://${shown}:${host.port}`);
    expect((await fetch(host.url.replace('ws:', 'http:'))).status).toBe(426);
  });

  it('rejects when the port is taken, with the line that has called it', async () => {
    await using host = await serve(nothing);
    const error = await serve(nothing, { port: host.port }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'EADDRINUSE', syscall: 'listen' });
    expect((error as Error).stack?.split('\n')[1]).toContain('serve.spec.ts');
  });

  it('rejects when there is no such address', async () => {
    await expect(serve(nothing, { hostname: '192.0.2.1' })).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
  });

  it.each([-1, 65_536, 1.5, NaN, Infinity, '8080', null])('refuses port %s', async (port) => {
    await expect(serve(nothing, { port } as ServeOptions)).rejects.toMatchObject({
      code: 'COROSOCK_ARGUMENT',
      message: expect.stringContaining('serve(): expected port to be an integer from 0 to 65535') as string,
    });
  });

  it('takes the highest port', async () => {
    const options = { port: 65_535, hostname: '192.0.2.1' };
    await expect(serve(nothing, options)).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
  });

  it.each(['', 1, null, ['::1']])('refuses hostname %j', async (hostname) => {
    await expect(serve(nothing, { hostname } as ServeOptions)).rejects.toMatchObject({
      code: 'COROSOCK_ARGUMENT',
      message: expect.stringContaining('hostname to be a name or address') as string,
    });
  });

  it.each([
    ['an unknown option', { prot: 1 }, 'COROSOCK_ARGUMENT'],
    ['a limit out of range', { maxMessageBytes: Infinity }, 'COROSOCK_ARGUMENT'],
    ['null as options', null, 'COROSOCK_ARGUMENT'],
  ])('C2: refuses %s', async (_, options, code) => {
    await expect(serve(nothing, options as ServeOptions)).rejects.toMatchObject({ code });
  });

  it('says of a path before a handler how a map is written', async () => {
    await expect(serve('/chat' as never, nothing as never)).rejects.toThrow(
      `routes: expected a map such as { '/chat': handler }, not a path, got "/chat"`,
    );
  });

  it('refuses a number for routes', async () => {
    // @ts-expect-error -- a pattern begins with a slash
    await expect(serve({ chat: nothing })).rejects.toMatchObject({ code: 'COROSOCK_ROUTE' });
  });

  it('L6: frees the port at once', async () => {
    const ports = [await quietPort(), 0, 0];
    for (const round of ports.keys()) {
      await using host = await serve(nothing, { port: ports[0] as number });
      using client = await openRaw(host.port);
      expect(client.end).toBe(undefined);
      ports[0] = ports[round] = host.port;
    }
    expect(new Set(ports).size).toBe(1);
  });

  it('L5: leaves no handle behind', async () => {
    const before = process.getActiveResourcesInfo();
    {
      await using host = await serve(async (ws) => void (await ws.read()));
      using client = await openRaw(host.port);
      using idle = await connectRaw(host.port);
      using half = await connectRaw(host.port);
      await half.send('GET / HTTP/1.1\r\nHos');
      await refused(host.port, 'no HTTP\r\n\r\n');
      expect([client.end, idle.end]).toEqual([undefined, undefined]);
    }
    await until(() => moreThan(before).length === 0);
    expect(moreThan(before)).toEqual([]);
  });

  it('H1: closes while a connection says nothing, and while one is being refused', async () => {
    const host = await serve(nothing);
    const { port } = host;
    using idle = await connectRaw(host.port);
    using stubborn = await connectRaw(host.port);
    await stubborn.send(upgradeRequest({ requestLine: 'GET * HTTP/1.1' }));
    await stubborn.answer();
    await host.close({ graceMs: 0 });
    expect(await idle.untilClosed()).toBeDefined();
    expect(await stubborn.untilClosed()).toBe('fin');
    await expect(connectRaw(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('a plain request', () => {
  let host: Host;
  beforeAll(async () => {
    host = await serve({ '/chat/:room': nothing });
  });
  afterAll(() => host.close());

  const get = (target: string, more = ''): string => `GET ${target} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;

  it.each([
    ['a route', get('/chat/1'), 426],
    ['another path', get('/chat'), 404],
    ['a target with a dot segment', get('/chat/../chat/1'), 400],
    ['a parameter that is malformed', get('/chat/%ff'), 400],
    ['a route by POST', 'POST /chat/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}', 405],
    [
      'a route by POST, asking before it sends',
      'POST /chat/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n',
      405,
    ],
    ['a route, expecting the unknown', get('/chat/1', 'Expect: tea\r\n'), 426],
    ['the whole server', 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['a tunnel', 'CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n', 405],
    ['no Host', 'GET /chat/1 HTTP/1.1\r\n\r\n', 400],
    ['two Hosts', get('/chat/1', 'Host: b\r\n'), 400],
    ['a route, wanting to stay connected', get('/chat/1', 'Connection: keep-alive\r\n'), 426],
    ['a route, in HTTP/1.0', 'GET /chat/1 HTTP/1.0\r\nHost: a\r\n\r\n', 426],
    [
      'a WebSocket without saying Upgrade',
      upgradeRequest({ requestLine: 'GET /chat/1 HTTP/1.1', headers: { Connection: 'close' } }),
      426,
    ],
  ])('to %s gets one complete answer', async (_, request, status) => {
    expect(await refused(host.port, request)).toMatchObject({ status });
  });

  it('gets an answer that says how to upgrade', async () => {
    expect((await refused(host.port, get('/chat/1'))).headers).toMatchObject({
      connection: 'close, Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
    });
    expect((await refused(host.port, 'PUT /chat/1 HTTP/1.1\r\nHost: a\r\n\r\n')).headers).toMatchObject({
      allow: 'GET',
    });
  });

  it('of a WebSocket whose Upgrade a proxy has dropped hears of that', async () => {
    const request = get(
      '/chat/1',
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n',
    );
    expect(await refused(host.port, request)).toMatchObject({
      status: 426,
      body: 'A WebSocket is served here. A proxy may have dropped the Upgrade header\n',
    });
  });

  it('by HEAD gets the answer to GET without its body', async () => {
    const response = await fetch(`http://127.0.0.1:${host.port}/chat/1`, { method: 'HEAD' });
    expect([response.status, response.headers.get('content-length')]).toEqual([426, '72']);
    using client = await connectRaw(host.port);
    await client.send('HEAD /chat/1 HTTP/1.1\r\nHost: a\r\n\r\n');
    await expect(client.answer()).rejects.toThrow('got fin');
  });

  it('with a body of many megabytes gets the answer', async () => {
    const response = await fetch(`http://127.0.0.1:${host.port}/chat/1`, {
      method: 'POST',
      body: new Uint8Array(32 * 1024 * 1024),
    });
    expect([response.status, await response.text()]).toEqual([
      405,
      'The method of a WebSocket handshake is GET\n',
    ]);
  });

  it('with a body of megabytes gets the answer, also when it is sent before anything is read', async () => {
    using client = await connectRaw(host.port);
    client.pause();
    await client.send('POST /chat/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 8388608\r\n\r\n');
    await client.send(Buffer.alloc(8 * 1024 * 1024));
    client.resume();
    expect([(await client.answer()).status, await client.untilClosed()]).toEqual([405, 'fin']);
  });

  it.each([
    ['another one', get('/chat/1')],
    ['an upgrade', upgradeRequest({ requestLine: 'GET /chat/1 HTTP/1.1' })],
    ['bytes that are not HTTP', '\u0016\u0003 nonsense\r\n\r\n'],
  ])('that is followed by %s gets one answer', async (_, more) => {
    expect(await refused(host.port, get('/chat/1') + more)).toMatchObject({ status: 426 });
  });
});

describe('a connection that does not speak HTTP', () => {
  it('gets one complete answer, in however many pieces it comes', async () => {
    await using host = await serve(nothing);
    using warnings = recordWarnings();
    const pieces = Array.from({ length: 20 }, (_, i) => `nonsense ${i}\r\n`);
    const { status, body } = await refused(host.port, ...pieces);
    expect([status, body]).toEqual([400, 'The request is malformed\n']);
    expect(warnings.texts).toEqual([]);
  });
});

/** What keeps the process alive beyond what did before. */
function moreThan(before: readonly string[]): readonly string[] {
  const rest = [...before];
  return process.getActiveResourcesInfo().filter((name) => {
    const at = rest.indexOf(name);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}
