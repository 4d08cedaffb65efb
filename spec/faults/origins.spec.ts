// Handshakes of pages, over real ports: what a foreign page is answered, before what else, and that
// nothing of ours has run. The rules one by one: spec/handshake/origins.spec.ts.

import { createServer } from 'node:http';
import { attach, serve } from 'corosock';
import type { Host, HostOptions, Routes, WebSocketServer } from 'corosock';
import { beforeEach, describe, expect, it } from 'vitest';
import { formFaults, refused } from '../fixtures/refused.ts';
import { listen } from '../fixtures/listening-server.ts';
import { openRaw, upgradeRequest } from '../peers/raw-client.ts';
import type { HeaderChanges } from '../peers/raw-client.ts';

const FORBIDDEN = [403, 'A page of this origin may not connect\n'];

/** What has run for a client. */
let ran: string[] = [];
beforeEach(() => (ran = []));

const watched: WebSocketServer = {
  onPreServer: () => void ran.push('onPreServer'),
  server: () => void ran.push('server'),
  onPostServer: () => void ran.push('onPostServer'),
};
const routes = {
  '/chat': watched,
  '/room/:name': class {
    constructor() {
      ran.push('constructor');
    }
    server(): void {}
  },
};

/** The answer to a handshake that is refused. */
async function answerTo(
  { port }: Pick<Host, 'port'>,
  headers: HeaderChanges,
  path = '/chat',
): Promise<readonly unknown[]> {
  const request = upgradeRequest({ requestLine: `GET ${path} HTTP/1.1`, headers });
  const { status, body } = await refused(port, request);
  return [status, body];
}

/** Opens a socket, and gives 101. */
async function opened(host: Pick<Host, 'port'>, headers: HeaderChanges, path = '/chat'): Promise<number> {
  using client = await openRaw(host.port, { requestLine: `GET ${path} HTTP/1.1`, headers });
  return client.end === undefined ? 101 : 0;
}

describe('a handshake of a page', () => {
  it.each([
    ['another host', 'http://evil.example'],
    ['another port of this host', 'http://127.0.0.1:8081'],
    ['a longer name', 'http://127.0.0.1.evil.example'],
    ['a sandbox, or a file', 'null'],
    ['two origins, of which one is ours', ['http://127.0.0.1', 'http://evil.example']],
    ['two origins, of which the other is ours', ['http://evil.example', 'http://127.0.0.1']],
    ['our origin, twice', ['http://127.0.0.1', 'http://127.0.0.1']],
    ['nothing', ''],
    ['a user of our host', 'http://127.0.0.1@evil.example'],
    ['a path of our host', 'http://127.0.0.1/'],
    ['bytes beyond ASCII', 'http://127.0.0.1\u00e9'],
  ])('H5: of %s gets 403, and nothing runs', async (_, Origin) => {
    await using host = await serve(routes);
    expect(await answerTo(host, { Origin })).toEqual(FORBIDDEN);
    expect(await answerTo(host, { Origin }, '/room/1')).toEqual(FORBIDDEN);
    expect(ran).toEqual([]);
  });

  it.each([
    ['none', undefined],
    ['our own', 'http://127.0.0.1'],
    ['our own by TLS', 'https://127.0.0.1'],
  ])('H5: of an origin that is %s is accepted', async (_, Origin) => {
    await using host = await serve(routes);
    expect([await opened(host, { Origin }), await opened(host, { Origin }, '/room/1')]).toEqual([101, 101]);
  });

  it('H5: is refused whatever other headers claim', async () => {
    await using host = await serve(routes);
    const Origin = 'http://evil.example';
    const claims = {
      'X-Forwarded-Host': 'evil.example',
      Forwarded: 'host=evil.example',
      Referer: 'http://127.0.0.1/',
    };
    expect(await answerTo(host, { Origin, ...claims })).toEqual(FORBIDDEN);
    expect(await answerTo(host, { Origin, 'Sec-WebSocket-Origin': 'http://127.0.0.1' })).toEqual(FORBIDDEN);
  });

  it('H5: is refused before its route, and after the rules of a request', async () => {
    await using host = await serve(routes);
    const Origin = 'http://evil.example';
    expect(await answerTo(host, { Origin }, '/nowhere')).toEqual(FORBIDDEN);
    expect(await answerTo(host, { Origin }, '/room/%ff')).toEqual(FORBIDDEN);
    expect(await answerTo(host, {}, '/nowhere')).toEqual([404, 'Nothing is served here\n']);
    expect((await answerTo(host, { Origin, 'Sec-WebSocket-Version': '8' }))[0]).toBe(426);
    expect((await answerTo(host, { Origin, Host: 'evil.example, 127.0.0.1' }))[0]).toBe(400);
  });

  it('H5: is refused before the session: the store is not asked, and no cookie is set', async () => {
    const calls: string[] = [];
    const store = new Proxy({} as never, {
      get: (_, name) => () => calls.push(String(name)),
      getOwnPropertyDescriptor: () => undefined,
    });
    const sessions = { secret: 'a secret of at least 32 bytes, as it should be', store };
    await using host = await serve(routes, { sessions });
    const answer = await refused(
      host.port,
      upgradeRequest({
        requestLine: 'GET /chat HTTP/1.1',
        headers: { Origin: 'http://evil.example', Cookie: 'corosock.sid=s:a.b' },
      }),
    );
    expect([answer.status, formFaults(answer), calls]).toEqual([403, [], []]);
  });

  it.each([
    ['any', 'any', 'http://evil.example', true],
    ['any', 'any', 'null', true],
    ['on a list', ['https://a.example'], 'https://a.example', true],
    ['not on a list, our own', ['https://a.example'], 'http://127.0.0.1', false],
    ['of a pattern', [/https:\/\/\w+\.example/g], 'https://b.example', true],
    ['beyond a pattern', [/https:\/\/\w+\.example/g], 'https://b.example.evil.test', false],
    ['that a function knows', (origin: string) => origin === 'https://a.example', 'https://a.example', true],
    ['that a function does not know', () => false, 'http://127.0.0.1', false],
  ] as const)('H5: of an origin %s', async (_, origins, Origin, isIn) => {
    await using host = await serve(routes, { origins });
    // Twice: a pattern keeps no state.
    for (const path of ['/chat', '/room/1']) {
      if (isIn) expect(await opened(host, { Origin }, path)).toBe(101);
      else expect(await answerTo(host, { Origin }, path)).toEqual(FORBIDDEN);
    }
  });

  it('gives a function the request with its parameters, where a route has the path', async () => {
    const seen: unknown[] = [];
    const origins: HostOptions['origins'] = (origin, { url, params, headers }) => {
      seen.push([origin, url.pathname, { ...params }, headers['x-mark']]);
      return false;
    };
    await using host = await serve(routes, { origins });
    const headers = { Origin: 'https://a.example', 'X-Mark': 'm' };
    await answerTo(host, headers, '/room/red');
    await answerTo(host, headers, '/nowhere');
    expect(seen).toEqual([
      ['https://a.example', '/room/red', { name: 'red' }, 'm'],
      ['https://a.example', '/nowhere', {}, 'm'],
    ]);
  });

  it('gets 500 where the function throws; the error is reported, and of many their count', async () => {
    const reports: unknown[] = [];
    const origins = (): never => {
      throw new Error('no such table');
    };
    const report = (error: unknown, where: object): number => reports.push([String(error), where]);
    {
      await using host = await serve(routes, { origins, report });
      for (let i = 0; i < 3; i += 1) {
        const [status] = await answerTo(host, { Origin: 'https://a.example' });
        expect(status).toBe(500);
      }
    }
    expect(ran).toEqual([]);
    expect(reports).toEqual([
      ['Error: no such table', { phase: 'origins' }],
      [expect.stringContaining('2 more of these'), { phase: 'origins' }],
    ]);
  });

  it('H11: gets 400 where a parameter hides a path', async () => {
    await using host = await serve(routes);
    for (const name of ['%2e%2e%2fchat', 'a%2fb', 'a%5cb', '%00', '..%2f', '%0d%0a']) {
      expect(await answerTo(host, {}, `/room/${name}`)).toEqual([
        400,
        'The request target is not valid here\n',
      ]);
    }
    expect(ran).toEqual([]);
  });
});

describe('a handshake of a page on a shared http server', () => {
  /** Attaches, beside a listener of another library. */
  async function attached(own: Routes): Promise<Awaited<ReturnType<typeof listen>> & { host: Host }> {
    const site = await listen();
    const host = attach(site.server, own);
    site.server.on('upgrade', (request, socket) => {
      if (request.url === '/theirs') socket.end('HTTP/1.1 418 Theirs\r\nContent-Length: 0\r\n\r\n');
    });
    return Object.assign(site, { host });
  }

  it('H5: gets 403 on a path of ours, and is left to others on theirs', async () => {
    await using site = await attached({ '/chat': watched });
    const Origin = 'http://evil.example';
    expect(await answerTo(site, { Origin })).toEqual(FORBIDDEN);
    using theirs = await openRaw(site.port, {
      requestLine: 'GET /theirs HTTP/1.1',
      headers: { Origin },
    }).catch((error: Error) => ({ error: error.message, [Symbol.dispose]: () => {} }));
    expect(theirs).toMatchObject({ error: 'Expected 101, got 418' });
    expect(ran).toEqual([]);
    await site.host.close();
  });

  it('H5: is judged by the host that serves its path', async () => {
    await using site = await listen();
    await using strict = attach(site.server, { '/chat': watched });
    await using open = attach(site.server, { '/open': watched }, { origins: 'any' });
    expect(strict.port).toBe(open.port);
    const headers = { Origin: 'http://evil.example' };
    expect(await answerTo(site, headers)).toEqual(FORBIDDEN);
    expect(await opened(site, headers, '/open')).toBe(101);
  });

  it('H5: gets 403 from host.handleUpgrade, also', async () => {
    const server = createServer();
    await using host = attach(createServer(), routes);
    server.on('upgrade', (request, socket, head) => host.handleUpgrade(request, socket, head));
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    expect(await answerTo({ port }, { Origin: 'http://evil.example' })).toEqual(FORBIDDEN);
    server.close();
  });
});
