// What a host tells its log: `onRefused` for each client that gets an answer instead of a socket,
// `onOpen` and `onClose` for each socket. They change nothing.

import { createServer } from 'node:http';
import { attach, serve } from 'corosock';
import type {
  CloseInfo,
  HandshakeRequest,
  HostOptions,
  Servable,
  ServeOptions,
  ServerSocket,
} from 'corosock';
import { ConnectError, runServer, settle, virtualClock } from 'corosock/testing';
import { describe, expect, it, vi } from 'vitest';
import { drop, enterAll, open } from './limited-host.ts';
import { until } from '../faults/until.ts';
import { MemoryHost } from '../fixtures/memory-host.ts';
import { recordCrashes } from '../fixtures/process-events.ts';
import { connectRaw, upgradeRequest } from '../peers/raw-client.ts';
import type { RequestParts } from '../peers/raw-client.ts';

const untilClosed = async (ws: ServerSocket): Promise<void> => void (await ws.closed);

type Line = readonly [path: string | undefined, status: number, reason: string];

/** A log of refusals. */
function refusals(): { readonly lines: Line[]; readonly onRefused: NonNullable<HostOptions['onRefused']> } {
  const lines: Line[] = [];
  return {
    lines,
    onRefused: (request, { status, reason }) => lines.push([request?.url.pathname, status, reason]),
  };
}

/** What the log has of one request to a port. */
async function loggedBy(text: string, options: ServeOptions = {}): Promise<readonly Line[]> {
  const { lines, onRefused } = refusals();
  await using host = await serve({ '/here/:id': untilClosed }, { ...options, onRefused });
  using client = await connectRaw(host.port);
  await client.send(Buffer.from(text, 'latin1'));
  const { status } = await client.answer();
  expect(lines.map(([, logged]) => logged)).toEqual([status]);
  return lines;
}

const request = (requestLine: string, headers: RequestParts['headers'] = {}): string =>
  upgradeRequest({ requestLine, headers });

describe('onRefused', () => {
  it.each<[string, string, Line]>([
    ['a path without a route', request('GET /there HTTP/1.1'), ['/there', 404, 'Nothing is served here']],
    [
      'a page of a foreign origin',
      request('GET /here/1 HTTP/1.1', { Origin: 'https://evil.example' }),
      ['/here/1', 403, 'A page of this origin may not connect'],
    ],
    [
      'another version',
      request('GET /here/1 HTTP/1.1', { 'Sec-WebSocket-Version': '8' }),
      ['/here/1', 426, 'WebSocket version 13 is spoken here'],
    ],
    [
      'malformed subprotocols',
      request('GET /here/1 HTTP/1.1', { 'Sec-WebSocket-Protocol': 'a,,b' }),
      ['/here/1', 400, 'Sec-WebSocket-Protocol is malformed'],
    ],
    [
      'a parameter that is unsafe',
      request('GET /here/%2e%2e HTTP/1.1'),
      [undefined, 400, 'The request target is not valid here'],
    ],
    [
      'a request without Host',
      request('GET /here/1 HTTP/1.1', { Host: undefined }),
      [undefined, 400, 'One valid Host is needed'],
    ],
    [
      'a plain request for a WebSocket',
      'GET /here/1 HTTP/1.1\r\nHost: a.example\r\n\r\n',
      ['/here/1', 426, 'A WebSocket is served here. A proxy may have dropped the Upgrade header'],
    ],
    [
      'a plain request for nothing',
      'GET /x HTTP/1.1\r\nHost: a.example\r\n\r\n',
      ['/x', 404, 'Nothing is served here'],
    ],
    [
      'CONNECT',
      'CONNECT a.example:80 HTTP/1.1\r\nHost: a.example\r\n\r\n',
      [undefined, 405, 'The method of a WebSocket handshake is GET'],
    ],
    ['bytes that are no request', '\x16\x03\x01\0\r\n\r\n', [undefined, 400, 'The request is malformed']],
  ])('hears of %s', async (_, text, line) => {
    expect(await loggedBy(text)).toEqual([line]);
  });

  it('hears of a request that is not whole in time', async () => {
    const clock = virtualClock();
    const { lines, onRefused } = refusals();
    await using host = await serve(untilClosed, { clock, onRefused });
    using client = await connectRaw(host.port);
    await client.send(Buffer.from('GET / HTTP/1.1\r\n'));
    await until(() => clock.timers > 0);
    await clock.advance(10_000);
    expect((await client.answer()).status).toBe(408);
    expect(lines).toEqual([[undefined, 408, 'The request took too long']]);
  });

  it('hears of malformed extensions', async () => {
    const text = request('GET /here/1 HTTP/1.1', { 'Sec-WebSocket-Extensions': 'permessage-deflate; =' });
    expect(await loggedBy(text, { compression: true })).toEqual([
      ['/here/1', 400, 'Sec-WebSocket-Extensions is malformed'],
    ]);
  });

  it.each<[string, Servable, HostOptions, Line]>([
    [
      'false of a hook',
      { onPreServer: () => false, server: untilClosed },
      {},
      ['/', 403, 'This client may not connect'],
    ],
    [
      'a Response of a hook',
      { onPreServer: () => new Response(null, { status: 402 }), server: untilClosed },
      {},
      ['/', 402, 'Refused by onPreServer'],
    ],
    [
      'a throw of a hook',
      { onPreServer: () => Promise.reject(new Error('no')), server: untilClosed },
      { report: () => {} },
      ['/', 500, 'The server has failed'],
    ],
    [
      'false of the hook of the host',
      untilClosed,
      { onPreServer: () => false },
      ['/', 403, 'This client may not connect'],
    ],
    [
      'a hook that takes too long',
      { onPreServer: () => new Promise<never>(() => {}), server: untilClosed },
      { handshakeTimeoutMs: 0 },
      ['/', 408, 'The request took too long'],
    ],
    [
      'a credential that has ended',
      { onPreServer: (handshake) => void (handshake.expiresAt = 1), server: untilClosed },
      {},
      ['/', 401, 'The credential has expired'],
    ],
    [
      'a limit by key',
      untilClosed,
      { limitBy: () => ({ key: 'a', handshakes: { count: 1, perMs: 1000 } }) },
      ['/', 429, 'Too many sockets or handshakes'],
    ],
    ['maxSockets', untilClosed, { maxSockets: 1 }, ['/', 503, 'The server is full']],
  ])('hears of %s', async (_, server, options, line) => {
    const { lines, onRefused } = refusals();
    const house = open(server, { ...options, onRefused });
    await house.enter();
    await house.clock.advance(0);
    await house.enter();
    await house.clock.advance(0);
    expect(lines.at(-1)).toEqual(line);
  });

  it('hears of clients that come while the host closes', async () => {
    const { lines, onRefused } = refusals();
    const house = open(untilClosed, { onRefused });
    await house.host.close();
    expect([(await house.status())[0], lines]).toEqual([503, [['/', 503, 'The server is shutting down']]]);
  });

  it('hears nothing of a client that has left before its answer', async () => {
    const { lines, onRefused } = refusals();
    const house = open(
      { onPreServer: () => new Promise<never>(() => {}), server: untilClosed },
      { onRefused },
    );
    const [written] = await enterAll(house, 1);
    if (written !== undefined) await drop(written);
    await house.host.close();
    expect(lines).toEqual([]);
  });

  it('has the parameters and the address of the client, also behind trusted proxies', async () => {
    const seen: unknown[] = [];
    const onRefused = (from: HandshakeRequest | undefined): void =>
      void seen.push({ ...from?.params }, from?.remoteAddress, from?.protocols);
    const house = open({ '/here/:id': untilClosed }, { onRefused, trustProxy: 1 });
    const headers = {
      'X-Forwarded-For': '192.0.2.7',
      Origin: 'https://evil.example',
      'Sec-WebSocket-Protocol': 'a, b',
    };
    await house.enter({ path: '/here/7', address: '10.0.0.1', headers });
    expect(seen).toEqual([{ id: '7' }, '192.0.2.7', ['a', 'b']]);
  });

  it('has the address of the link where proxies contradict each other', async () => {
    const seen: unknown[] = [];
    const onRefused: HostOptions['onRefused'] = (from, { status }) =>
      void seen.push(status, from?.remoteAddress);
    const house = open(untilClosed, { onRefused, trustProxy: 1 });
    const headers = { 'X-Forwarded-For': '192.0.2.7', Forwarded: 'for=192.0.2.8' };
    await house.enter({ address: '10.0.0.1', headers });
    expect(seen).toEqual([400, '10.0.0.1']);
  });

  it('is told of a path that no host of an http server serves by the first host that has it', async () => {
    const [one, two] = [refusals(), refusals()];
    const http = createServer();
    const hosts = [
      attach(http, { '/a': untilClosed }),
      attach(http, { '/b': untilClosed }, { onRefused: one.onRefused }),
      attach(http, { '/c': untilClosed }, { onRefused: two.onRefused }),
    ];
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    using client = await connectRaw((http.address() as { readonly port: number }).port);
    await client.send(Buffer.from(request('GET /nowhere HTTP/1.1')));
    expect((await client.answer()).status).toBe(404);
    for (const host of hosts) await host.close();
    http.closeAllConnections();
    http.close();
    expect([one.lines, two.lines]).toEqual([[['/nowhere', 404, 'Nothing is served here']], []]);
  });

  it('runs in the test kit, too', async () => {
    const { lines, onRefused } = refusals();
    await using refused = runServer({ onPreServer: () => false, server: untilClosed }, { onRefused });
    await refused.done;
    await using foreign = runServer(untilClosed, { onRefused, headers: { origin: 'https://evil.example' } });
    await expect(foreign.client).rejects.toThrow(ConnectError);
    expect(lines).toEqual([
      ['/', 403, 'This client may not connect'],
      ['/', 403, 'A page of this origin may not connect'],
    ]);
  });

  it('H29: changes nothing by a throw or a rejection, of which a flood of strangers reports the first', async () => {
    using crashes = recordCrashes();
    let calls = 0;
    const onRefused = (): void => {
      calls += 1;
      if (calls % 2 === 0) return Promise.reject(new Error('of the log')) as unknown as undefined;
      throw new Error('of the log');
    };
    const house = open({ '/here': untilClosed }, { onRefused });
    const statuses = await Promise.all(Array.from({ length: 100 }, () => house.status()));
    expect(new Set(statuses.map(([status]) => status))).toEqual(new Set([404]));
    await house.host.close();
    expect(house.reports.map(([error, phase]) => [String(error), phase])).toEqual([
      ['Error: of the log', 'onRefused'],
      [expect.stringMatching(/^PeerFaultsError: 99 more .*onRefused has failed/), 'onRefused'],
    ]);
    expect([calls, crashes.errors]).toEqual([100, []]);
  });

  it('is called once for bytes to which the parser objects again and again', async () => {
    const { lines, onRefused } = refusals();
    await using host = await serve(untilClosed, { onRefused });
    using client = await connectRaw(host.port);
    await client.send('no HTTP\r\n\r\n');
    expect((await client.answer()).status).toBe(400);
    for (let part = 0; part < 5; part += 1) await client.send('no HTTP\r\n\r\n');
    // What comes on another connection is read later.
    using later = await connectRaw(host.port);
    await later.send('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n');
    expect((await later.answer()).status).toBe(426);
    expect(lines.map(([, status]) => status)).toEqual([400, 426]);
  });
});

describe('onOpen and onClose', () => {
  /** A host in memory, and what its log has. */
  function logged(options: HostOptions = {}): { readonly memory: MemoryHost; readonly lines: unknown[] } {
    const lines: unknown[] = [];
    const memory = new MemoryHost({
      onOpen: (ws) => lines.push(['open', ws.id, memory.host.sockets.has(ws.id)]),
      onClose: (ws, { code }) => lines.push(['close', ws.id, memory.host.sockets.has(ws.id), code]),
      ...options,
    });
    return { memory, lines };
  }

  it('frame the handler: before its first line, and behind the end of its socket', async () => {
    const { memory, lines } = logged();
    const { run, client } = memory.visit(async (ws) => {
      lines.push('handler');
      await ws.closed;
      lines.push('returns');
    });
    await client.close();
    await run.outcome;
    expect(lines).toEqual([['open', run.id, true], 'handler', ['close', run.id, false, 1000], 'returns']);
  });

  it('are paired, however the socket ends', async () => {
    const open = vi.fn<(ws: ServerSocket) => void>();
    const close = vi.fn<(ws: ServerSocket, end: CloseInfo) => void>();
    const memory = new MemoryHost({ onOpen: open, onClose: close, report: () => {} });
    const ends: ReadonlyArray<readonly [number, (ws: ServerSocket) => unknown]> = [
      [1000, () => {}],
      [1011, () => Promise.reject(new Error('no'))],
      [4000, (ws) => ws.endServer(4000)],
      [1006, (ws) => (ws.terminate(), ws.closed)],
      [1001, () => new Promise(() => {})],
    ];
    const runs = ends.map(([, handler]) => memory.visit((ws) => handler(ws) as undefined).run);
    const shared = memory.visit(() => {}, 'shared').run;
    const closing = memory.host.close({ graceMs: 0 });
    await memory.clock.advance(30_000);
    await closing;
    const calls = close.mock.calls.map(([ws, { code }]) => [ws, code] as const);
    const expected = [...ends.map(([code], at) => [runs[at]?.ws, code]), [shared.ws, 1001]];
    expect(new Map(calls as never)).toEqual(new Map(expected as never));
    expect([open.mock.calls.length, calls.length]).toEqual([6, 6]);
    expect(close.mock.calls.every(([ws, end]) => ws.closeInfo === end)).toBe(true);
  });

  it('has no onClose for a socket that never opened', async () => {
    const lines: unknown[] = [];
    const house = open(untilClosed, {
      onOpen: (ws) => lines.push(['open', ws.request.url.pathname]),
      onClose: (ws) => lines.push(['close', ws.request.url.pathname]),
      maxSockets: 1,
    });
    const first = await house.enter({ path: '/first' });
    await house.enter({ path: '/second' });
    await drop(first);
    expect(lines).toEqual([
      ['open', '/first'],
      ['close', '/first'],
    ]);
  });

  it('closes what onOpen closes, and its handler finds it closed', async () => {
    const { memory, lines } = logged({ onOpen: (ws) => ws.terminate() });
    const { run } = memory.visit(async (ws) => void lines.push(await ws.read()));
    await run.outcome;
    expect(lines).toEqual([
      ['close', run.id, false, 1006],
      [undefined, 'closed'],
    ]);
  });

  it('H29: changes nothing by a throw or a rejection, which is reported', async () => {
    using crashes = recordCrashes();
    const { memory } = logged({
      onOpen: () => {
        throw new Error('of onOpen');
      },
      onClose: () => Promise.reject(new Error('of onClose')) as unknown as undefined,
    });
    const { run, client } = memory.visit(async (ws) => void (await ws.write('hello')));
    expect(await client.read()).toEqual(['hello', 'ok']);
    expect(await run.outcome).toMatchObject({ kind: 'returned', end: { code: 1000, clean: true } });
    await settle();
    expect(memory.reports.map(([error, where]) => [String(error), where])).toEqual([
      ['Error: of onOpen', { socketId: run.id, phase: 'onOpen', route: '*', path: '/' }],
      ['Error: of onClose', { socketId: run.id, phase: 'onClose', route: '*', path: '/' }],
    ]);
    expect(crashes.errors).toEqual([]);
  });

  it('can read the address of a client that has left', async () => {
    const addresses: unknown[] = [];
    await using host = await serve(untilClosed, {
      onClose: ({ request: { remoteAddress } }) => void addresses.push(remoteAddress),
    });
    const client = await connectRaw(host.port);
    await client.send(Buffer.from(upgradeRequest()));
    await client.answer();
    client[Symbol.dispose]();
    await until(() => addresses.length > 0);
    expect(addresses).toEqual(['127.0.0.1']);
  });
});

describe('the hooks of a host', () => {
  it.each(['onPreServer', 'onRefused', 'onOpen', 'onClose'])('have to be functions: %s', (hook) => {
    expect(() => new MemoryHost({ [hook]: 'log' })).toThrow(
      `spec: expected ${hook} to be a function, got "log"`,
    );
  });
});
