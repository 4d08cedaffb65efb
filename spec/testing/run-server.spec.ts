// A server's whole life cycle without a port: how it ends, who hears of it, and
// that `await using` ends it whatever its handler does.

import { describe, expect, it } from 'vitest';
import { runServer, virtualClock } from 'corosock/testing';
import type { FakeOptions } from 'corosock/testing';
import type { ConnectError } from 'corosock/client';
import { UsageError } from 'corosock';
import type { Handler, Servable, SessionStore } from 'corosock';

const echo: Handler = async (ws) => {
  for await (const message of ws) await ws.write(message);
};

describe('runServer', () => {
  it('runs a function, and gives the client', async () => {
    await using run = runServer(echo);
    const client = await run.client;
    await client.write('hello');
    expect(await client.read()).toEqual(['hello', 'ok']);
  });

  it('runs an object with server(), as its method', async () => {
    const counter = {
      greeting: 'welcome',
      async server(ws: Parameters<Handler>[0]): Promise<void> {
        await ws.write(this.greeting);
      },
    };
    await using run = runServer(counter);
    expect(await (await run.client).read()).toEqual(['welcome', 'ok']);
  });

  it('reports that a handler returned, and closes with 1000', async () => {
    await using run = runServer(async (ws) => void (await ws.read()));
    const client = await run.client;
    await client.write('enough');
    expect([await run.done, (await client.closed).code]).toEqual([
      { kind: 'returned', end: { code: 1000, reason: '', clean: true, by: 'handler', unread: 0 } },
      1000,
    ]);
  });

  it('reports what a handler threw, and closes with 1011', async () => {
    const reported: unknown[] = [];
    const error = new Error('mine');
    await using run = runServer(() => Promise.reject(error), { report: (given) => reported.push(given) });
    expect([await run.done, reported, (await (await run.client).closed).reason]).toEqual([
      { kind: 'threw', error, end: { code: 1011, reason: '', clean: true, by: 'handler', unread: 0 } },
      [error],
      '',
    ]);
  });

  it('reports that a handler which ignored the end was given up', async () => {
    const clock = virtualClock();
    const reported: unknown[] = [];
    const run = runServer(() => new Promise(() => {}), { clock, report: (error) => reported.push(error) });
    (await run.client).terminate();
    await clock.advance(5000);
    expect(await run.done).toMatchObject({ kind: 'abandoned', end: { code: 1006, by: 'link' } });
    expect(reported).toHaveLength(1);
  });

  it('gives the host, which has the socket while it is open', async () => {
    await using run = runServer(echo);
    const seen = [run.host.sockets.size, run.host.url, run.host.port];
    await (await run.client).close();
    await run.done;
    expect([seen, run.host.sockets.size]).toEqual([[1, '', 0], 0]);
  });

  it('gives each run headers of its own, which a handler may change as on a port', async () => {
    const mark: Handler = async (ws) => {
      const { headers } = ws.request;
      headers['x-mark'] = `${String(headers['x-mark'] ?? '')}!`;
      await ws.write(headers['x-mark']);
    };
    for (let visit = 0; visit < 2; visit += 1) {
      await using run = runServer(mark);
      expect(await (await run.client).readMessage()).toEqual(['!', 'ok']);
    }
  });

  it('takes the options of a host, and of the request', async () => {
    const handler: Handler = async (ws) => {
      const { url, headers, params, protocols, remoteAddress } = ws.request;
      await ws.write(JSON.stringify([url.pathname, headers, params, protocols, remoteAddress ?? null]));
    };
    await using run = runServer(handler, {
      url: 'ws://localhost/chat/lobby',
      headers: { 'x-mark': '!' },
      params: { room: 'lobby' },
      protocols: ['v2', 'v1'],
    });
    const client = await run.client;
    const [told] = await client.read();
    expect([JSON.parse(String(told)), client.protocol]).toEqual([
      ['/chat/lobby', { host: 'localhost', 'x-mark': '!' }, { room: 'lobby' }, ['v2', 'v1'], null],
      'v2',
    ]);
  });

  it('takes a Headers, and refuses a Map', async () => {
    const handler: Handler = async (ws) => void (await ws.write(String(ws.request.headers['x-mark'])));
    await using run = runServer(handler, { headers: new Headers({ 'X-Mark': '!' }) });
    expect(await (await run.client).read()).toEqual(['!', 'ok']);
    const headers = new Map() as unknown as Headers;
    expect(() => runServer(handler, { headers })).toThrow('runServer(): expected headers to be an object');
    const bad = { 'x-mark': 7 } as unknown as Headers;
    expect(() => runServer(handler, { headers: bad })).toThrow(
      'runServer(): expected the header x-mark to be text of ISO-8859-1 in one line, or several, got "number"',
    );
    const several = { a: ['1', '2'], b: undefined };
    await using other = runServer(async (ws) => void (await ws.writeJson(ws.request.headers['a'])), {
      headers: several,
    });
    expect(await (await other.client).readJson()).toEqual([['1', '2'], 'ok']);
  });

  it.each([
    ['a name with a space', { 'a b': '1' }, 'headers to have names that are tokens'],
    ['a second line', { 'x-mark': 'a\r\nx-other: b' }, 'the header x-mark to be text of ISO-8859-1'],
    ['a letter of no byte', { 'x-mark': '€' }, 'the header x-mark to be text of ISO-8859-1'],
  ])('refuses a header that no port gets: %s', (_, headers, expected) => {
    expect(() => runServer(() => {}, { headers })).toThrow(`runServer(): expected ${expected}`);
  });

  it('refuses params that are a Map', () => {
    const params = new Map([['room', 'lobby']]) as unknown as Record<string, string>;
    expect(() => runServer(() => {}, { params })).toThrow(
      'runServer(): expected params to be an object of strings, got an object',
    );
  });

  it.each([
    ['a foreign page', { headers: { origin: 'https://evil.example' } }, 403],
    [
      'a page of the own host, by its URL',
      { url: 'wss://a.example/', headers: { origin: 'https://a.example' } },
      200,
    ],
    ['a page of another port', { url: 'ws://a.example:81/', headers: { origin: 'http://a.example' } }, 403],
    ['a page of no list', { origins: [], headers: { origin: 'http://localhost' } }, 403],
    ['any page', { origins: 'any', headers: { origin: 'null' } }, 200],
  ] as const)('H5: refuses a foreign page as a port does: %s', async (_, options, status) => {
    const calls: string[] = [];
    const server = { onPreServer: () => void calls.push('hook'), server: () => void calls.push('server') };
    await using run = runServer(server, options);
    const outcome = await run.done;
    expect('response' in outcome ? outcome.response.status : 200).toBe(status);
    expect(calls).toEqual(status === 200 ? ['hook', 'server'] : []);
    if (status === 403) await expect(run.client).rejects.toMatchObject({ code: 'COROSOCK_CONNECT', status });
  });

  it('H16: has the address, scheme and host that proxies say, where trustProxy trusts them', async () => {
    const handler: Handler = async (ws) => {
      const { remoteAddress = 'no address', url } = ws.request;
      await ws.write(`${remoteAddress}, ${url.href}`);
    };
    const headers = {
      'x-forwarded-for': '203.0.113.7',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'a.example',
      origin: 'https://a.example',
    };
    const tell = async (options: FakeOptions): Promise<unknown> => {
      await using run = runServer(handler, { url: 'ws://inside:80/a?b', headers, ...options });
      const client = await run.client.catch(({ status }: ConnectError) => status);
      return typeof client === 'object' ? (await client.read())[0] : client;
    };
    expect(await tell({ trustProxy: 1 })).toBe('203.0.113.7, wss://a.example/a?b');
    expect(await tell({ trustProxy: 0, origins: 'any' })).toBe('no address, ws://inside/a?b');
    expect(await tell({ trustProxy: ['10.0.0.1'], origins: 'any' })).toBe('no address, ws://inside/a?b');
    expect(await tell({})).toBe(403);
    expect(await tell({ trustProxy: 1, headers: { ...headers, forwarded: 'for=10.0.0.1' } })).toBe(400);
  });

  it('takes a URL of a page for one of a socket', async () => {
    await using run = runServer(async (ws) => void (await ws.write(ws.request.url.href)), {
      url: 'https://me@a.example/a?b#c',
    });
    expect(await (await run.client).read()).toEqual(['wss://a.example/a?b', 'ok']);
  });

  it.each<[string, () => unknown]>([
    ['an unknown option', () => runServer(echo, { graceMs: 0 } as object)],
    ['what cannot be served', () => runServer(undefined as unknown as Servable)],
  ])('refuses %s', (_, call) => {
    expect(call).toThrow(UsageError);
  });
});

describe('await using a run', () => {
  it('closes with 1001 and waits for the handler', async () => {
    const order: string[] = [];
    {
      await using run = runServer(async (ws) => {
        await ws.read();
        order.push(`handler, ${ws.closeInfo?.code}`);
      });
      void run.done.then((outcome) => order.push(`done, by ${'end' in outcome ? outcome.end.by : ''}`));
    }
    order.push('out of scope');
    expect(order).toEqual(['handler, 1001', 'done, by shutdown', 'out of scope']);
  });

  it('advances a virtual clock by what a handler may take that ignores it', async () => {
    const ended = async (closeTimeoutMs: number): Promise<unknown> => {
      const clock = virtualClock();
      const run = runServer(() => new Promise(() => {}), { clock, closeTimeoutMs, report: () => {} });
      await run[Symbol.asyncDispose]();
      return [(await run.done).kind, clock.timers];
    };
    // At once: each gives its handler a second of real time.
    const ends = await Promise.all([0, 5000, 2 ** 30 - 1].map((ms) => ended(ms)));
    expect(ends).toEqual(ends.map(() => ['abandoned', 0]));
  });

  it('ends also if the client reads nothing', async () => {
    const clock = virtualClock();
    const run = runServer(
      async (ws) => {
        while ((await ws.write('flood')) === 'ok');
      },
      { clock, queueMessages: 1 },
    );
    await run[Symbol.asyncDispose]();
    expect(await run.done).toMatchObject({ kind: 'returned', end: { code: 1001, clean: false } });
  });

  it('ends also if the store of sessions no longer answers', async () => {
    const ended = async (storeTimeoutMs: number): Promise<readonly unknown[]> => {
      const store: SessionStore = {
        get: () => Promise.resolve(undefined),
        set: () => Promise.resolve(),
        touch: () => Promise.resolve(),
        delete: () => new Promise(() => {}),
      };
      const sessions = { secret: 'a secret of some length', store, storeTimeoutMs, endOnClose: true };
      const reports: unknown[] = [];
      const options = { clock: virtualClock(), sessions, report: (error: unknown) => reports.push(error) };
      await using run = runServer(() => {}, options);
      expect((await (await run.client).closed).code).toBe(1000);
      return reports;
    };
    // At once, as above.
    expect(await Promise.all([ended(10_000), ended(60_000)])).toMatchObject([
      [{ message: 'The store of sessions has not answered delete() within 10000 ms' }],
      [{ message: 'Sessions had more to write at the deadline of host.close' }],
    ]);
  });

  it('does nothing after the run has ended by itself', async () => {
    const run = runServer(() => {});
    await run.done;
    expect(await run[Symbol.asyncDispose]()).toBeUndefined();
  });
});
