// Several clients of one run: each is a conversation of its own, with one host.

import { describe, expect, it } from 'vitest';
import { defineServer } from 'corosock';
import type { Handler, Servable } from 'corosock';
import { runServer, settle, virtualClock } from 'corosock/testing';
import type { ClientOfWorld } from 'corosock/testing';

/** Sends each message to all other sockets. */
const chat: Handler = async (ws) => {
  for await (const message of ws) {
    for (const other of ws.host.sockets.values()) if (other !== ws) await other.write(message);
  }
};

describe('run.connect', () => {
  it('gives a further client of the same host', async () => {
    await using run = runServer(chat);
    const [ada, bob, eve] = [await run.client, await run.connect(), await run.connect()];
    await bob.write('hello');
    expect([await ada.read(), await eve.read(), run.host.sockets.size, bob.queued.messages]).toEqual([
      ['hello', 'ok'],
      ['hello', 'ok'],
      3,
      0,
    ]);
  });

  const mirror: Handler = async (ws) => {
    const { url, headers, protocols, params } = ws.request;
    await ws.writeJson([url.href, headers, protocols, params, ws.protocol]);
  };
  const OPTIONS = {
    url: 'wss://a.example/chat/lobby',
    headers: { 'x-mark': '!' },
    params: { room: 'lobby' },
    protocols: ['v2', 'v1'],
  };

  it.each<[string, ClientOfWorld | undefined, readonly unknown[]]>([
    [
      'those of the run',
      undefined,
      [
        'wss://a.example/chat/lobby',
        { host: 'a.example', 'x-mark': '!' },
        ['v2', 'v1'],
        { room: 'lobby' },
        'v2',
      ],
    ],
    [
      'those of its own',
      { url: 'ws://a.example/chat/lobby?b', headers: { 'X-Other': '?' }, protocols: ['v1', 'v0'] },
      [
        'ws://a.example/chat/lobby?b',
        { host: 'a.example', 'x-other': '?' },
        ['v1', 'v0'],
        { room: 'lobby' },
        'v1',
      ],
    ],
    [
      'a room of its own, and a Headers',
      {
        url: 'ws://a.example/chat/b',
        params: { room: 'b' },
        headers: new Headers({ 'X-Other': '?' }),
        protocols: [],
      },
      ['ws://a.example/chat/b', { host: 'a.example', 'x-other': '?' }, [], { room: 'b' }, ''],
    ],
    [
      'no parameters at all',
      { url: 'ws://a.example/', params: {}, headers: {}, protocols: [] },
      ['ws://a.example/', { host: 'a.example' }, [], {}, ''],
    ],
    [
      'no protocols at all',
      { protocols: [] },
      ['wss://a.example/chat/lobby', { host: 'a.example', 'x-mark': '!' }, [], { room: 'lobby' }, ''],
    ],
  ])('sends url, headers, parameters and protocols: %s', async (_, given, told) => {
    await using run = runServer(mirror, OPTIONS);
    const client = await run.connect(given);
    expect([await client.readJson(), client.protocol]).toEqual([[told, 'ok'], told[4]]);
  });

  it('does not put the parameters of one path beside the URL of another', async () => {
    await using run = runServer(mirror, OPTIONS);
    await expect(run.connect({ url: 'wss://a.example/chat/b' })).rejects.toThrow(
      'run.connect(): expected params beside the url, because its path is not that of the run, ' +
        'got "wss://a.example/chat/b"',
    );
    await using bare = runServer(mirror);
    const client = await bare.connect({ url: 'ws://localhost/elsewhere' });
    expect(await client.readJson()).toEqual([
      ['ws://localhost/elsewhere', { host: 'localhost' }, [], {}, ''],
      'ok',
    ]);
  });

  it.each([null, 'b', ['b'], { room: 7 }])('refuses %j as parameters', async (params) => {
    await using run = runServer(mirror, OPTIONS);
    await expect(run.connect({ params } as unknown as ClientOfWorld)).rejects.toThrow(
      'run.connect(): expected params to be an object of strings, got ',
    );
  });

  it('rejects with the status of a refusal, as run.client does', async () => {
    const server = defineServer({
      onPreServer: ({ request }) =>
        request.headers['authorization'] === 'Ada' ? undefined : new Response(null, { status: 401 }),
      server: (ws) => void ws.closed,
    });
    await using run = runServer(server, { headers: { authorization: 'Ada' } });
    await run.client;
    const refused = { code: 'COROSOCK_CONNECT', status: 401 };
    await expect(run.connect({ headers: {} })).rejects.toMatchObject(refused);
    await expect(run.connect({ headers: { origin: 'https://evil.example' } })).rejects.toMatchObject({
      status: 403,
    });
  });

  it('makes an instance of a class for each client', async () => {
    let made = 0;
    const Counter = class {
      readonly number = (made += 1);
      async server(ws: Parameters<Handler>[0]): Promise<void> {
        await ws.writeJson(this.number);
      }
    };
    await using run = runServer(Counter);
    const clients = [await run.client, await run.connect()];
    expect(await Promise.all(clients.map(async (client) => await client.readJson()))).toEqual([
      [1, 'ok'],
      [2, 'ok'],
    ]);
  });

  it('takes a slot of maxSockets, until its socket has ended', async () => {
    await using run = runServer(chat, { maxSockets: 2 });
    const second = await run.connect();
    await expect(run.connect()).rejects.toMatchObject({ status: 503 });
    await second.close();
    expect((await run.connect()).closeInfo).toBeUndefined();
  });

  it('gives the slot of a refused handshake back', async () => {
    let isOpen = true;
    const server = defineServer({
      onPreServer: () => (isOpen ? undefined : new Response(null, { status: 401 })),
      server: chat,
    });
    await using run = runServer(server, { maxSockets: 2 });
    await run.client;
    isOpen = false;
    await expect(run.connect()).rejects.toMatchObject({ status: 401 });
    isOpen = true;
    expect((await run.connect()).closeInfo).toBeUndefined();
  });

  it('counts by limitBy', async () => {
    const limitBy = (): { key: string; maxSockets: number } => ({ key: 'everybody', maxSockets: 1 });
    await using run = runServer(chat, { limitBy });
    await expect(run.connect()).rejects.toMatchObject({ status: 429 });
  });

  it('is refused with 503 once the host closes', async () => {
    const run = runServer(chat);
    await run.host.close({ graceMs: 0 });
    await expect(run.connect()).rejects.toMatchObject({ status: 503 });
  });

  it.each<[string, ClientOfWorld, string]>([
    ['a misspelt name', { header: {} } as ClientOfWorld, 'unknown option "header"; did you mean "headers"?'],
    [
      'a path for a URL',
      { url: '/chat' },
      'expected url to be an absolute URL, such as ws://localhost/chat, got "/chat"',
    ],
    [
      'headers that are none',
      { headers: [] as unknown as Record<string, string> },
      'expected headers to be an object of strings or a Headers (of pairs: Object.fromEntries(headers)), got an array',
    ],
    ['a protocol that is no token', { protocols: ['a b'] }, 'expected protocols to be an array of tokens'],
    ['what is no object', null as unknown as ClientOfWorld, 'expected options to be an object, got null'],
  ])('refuses %s', async (_, options, message) => {
    await using run = runServer(chat);
    await expect(run.connect(options)).rejects.toThrow(message);
  });

  it('is no unhandled rejection where it is not awaited', async () => {
    await using run = runServer(chat);
    void run.connect({ url: '/' });
    void run.connect({ headers: { origin: 'null' } });
    await settle();
    expect(run.host.sockets.size).toBe(1);
  });

  it('is closed with the run', async () => {
    const run = runServer(chat, { clock: virtualClock() });
    const clients = [await run.client, await run.connect()];
    await run[Symbol.asyncDispose]();
    expect(clients.map(({ closeInfo }) => closeInfo?.code)).toEqual([1001, 1001]);
  });
});

describe('runServer', () => {
  it('says of a map of routes that it is for serve', () => {
    const routes = { '/chat/:room': chat } as unknown as Servable;
    expect(() => runServer(routes)).toThrow(
      'runServer(): expected one server, got a map of routes ("/chat/:room"), which are for serve() and attach(). ' +
        'Give the server of one route, and in params what its pattern would find',
    );
  });
});
