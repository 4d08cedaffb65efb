// The behaviour suite, handshakes: what a handler learns of the request, what a client is answered,
// and what goes before the first read.

import type { Handshake, HandshakeRequest, KeyLimit, ServerSocket, WebSocketServer } from 'corosock';
import { virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { until } from '../faults/until.ts';
import type { Road } from './road.ts';
import { numbered, readAll, visit, writeAll } from './scenes.ts';

const idle = async (ws: ServerSocket): Promise<void> => void (await ws.closed);

/** A server that refuses with a response of its hook. */
function refusing(response: () => Response | Promise<Response>): WebSocketServer {
  return { onPreServer: response, server: (): void => expect.fail('it was refused') };
}

export function handshakes(road: Road): void {
  describe('a request', () => {
    it('is what the handler sees: path, parameters, query and headers', async () => {
      await using stage = await road.serve({
        '/room/:name': async (ws) => {
          const { url, params, headers, remoteAddress } = ws.request;
          await ws.writeJson([url.pathname, url.search, params, headers['x-of-client'], remoteAddress]);
        },
      });
      const client = await stage.connect('/room/caf%C3%A9?a=1&b=%20%2F&b=2', {
        headers: { 'X-Of-Client': 'as it is' },
      });
      expect((await client.readJson())[0]).toEqual([
        '/room/caf%C3%A9',
        '?a=1&b=%20%2F&b=2',
        { name: 'caf\u00e9' },
        'as it is',
        // JSON has no undefined.
        road.sees.address ?? null,
      ]);
    });

    it('may have a long query, a long header and a long cookie', async () => {
      await using stage = await road.serve(async (ws) => {
        const { url, headers } = ws.request;
        await ws.writeJson([url.search.length, headers['x-long']?.length, headers.cookie?.length]);
      });
      const headers = { 'X-Long': 'x'.repeat(4000), Cookie: `a=${'c'.repeat(3998)}` };
      const client = await stage.connect(`/?${'q'.repeat(2999)}`, { headers });
      expect(await client.readJson()).toEqual([[3000, 4000, 4000], 'ok']);
    });

    it('says ws: or wss: as the link to the host is', async () => {
      await using v = await visit(road);
      expect(v.ws.request.url.protocol).toBe(road.sees.scheme);
    });

    it('that is accepted keeps what the client sends while the handler is setting up', async () => {
      let begin: (value: unknown) => void = () => {};
      const setUp = new Promise((resolve) => {
        begin = resolve;
      });
      const read: unknown[] = [];
      await using stage = await road.serve({
        onPreServer: () => 'context',
        server: async (ws) => {
          await setUp;
          read.push(ws.context, ...(await readAll(ws)));
        },
      });
      const client = await stage.connect();
      await writeAll(client, numbered(5));
      begin(undefined);
      await client.close();
      await until(() => read.length === 6);
      expect(read).toEqual(['context', ...numbered(5)]);
    });
  });

  describe('a refusal', () => {
    it('of a path that nobody serves is 404', async () => {
      await using stage = await road.serve({ '/here': idle });
      expect(await stage.ask('/there')).toMatchObject({ status: 404, body: 'Nothing is served here\n' });
      await expect(stage.connect('/there')).rejects.toMatchObject({ code: 'COROSOCK_CONNECT', status: 404 });
    });

    it.each([
      [401, { 'www-authenticate': 'Bearer' }],
      [403, {}],
      [409, { 'x-reason': 'taken' }],
      [426, { 'x-reason': 'old' }],
      [429, { 'retry-after': '7' }],
      [503, { 'retry-after': '9' }],
    ])('by a hook is its response: %i with headers and body', async (status, headers) => {
      await using stage = await road.serve(
        refusing(() => new Response(`no: ${status}`, { status, headers })),
      );
      const answer = await stage.ask();
      expect(answer).toMatchObject({ status, body: `no: ${status}` });
      expect(answer.headers).toMatchObject(headers);
      await expect(stage.connect()).rejects.toMatchObject({ status });
    });

    it('with a long body arrives whole', async () => {
      const body = 'long '.repeat(20_000);
      await using stage = await road.serve(refusing(async () => new Response(body, { status: 400 })));
      expect(await stage.ask()).toMatchObject({ status: 400, body });
    });

    it('by a hook that throws is 500, and shows nothing of the error', async () => {
      const reports: unknown[] = [];
      const thrown = new Error('a secret');
      await using stage = await road.serve(
        refusing(() => {
          throw thrown;
        }),
        { report: (error, { phase }) => reports.push([error, phase]) },
      );
      const answer = await stage.ask();
      expect(answer).toMatchObject({ status: 500, body: 'The server has failed\n' });
      expect(reports).toEqual([[thrown, 'onPreServer']]);
    });

    it('of a hook that never settles is 408 after handshakeTimeoutMs', async () => {
      const clock = virtualClock();
      const signals: AbortSignal[] = [];
      await using stage = await road.serve(
        {
          onPreServer: ({ signal }: Handshake) => {
            signals.push(signal);
            return new Promise(() => {});
          },
          server: () => {},
        },
        { clock, handshakeTimeoutMs: 1000 },
      );
      const asking = stage.ask();
      await until(() => signals.length === 1);
      await clock.advance(1000);
      expect((await asking).status).toBe(408);
      expect(signals[0]?.aborted).toBe(true);
    });
  });

  describe('a page', () => {
    it.each([
      [101, 'the page of its own host', 'https://chat.example', 'chat.example'],
      [101, 'the page of its own host and port', 'http://chat.example:8080', 'chat.example:8080'],
      [403, 'the page of another host', 'https://evil.example', 'chat.example'],
      [403, 'a page on another port', 'https://chat.example:8443', 'chat.example'],
      [403, 'a page without an origin', 'null', 'chat.example'],
    ])('gets %i: %s', async (status, _, origin, host) => {
      await using stage = await road.serve(idle);
      expect((await stage.ask('/', { headers: { Origin: origin, Host: host } })).status).toBe(status);
    });
  });

  describe('a subprotocol', () => {
    it('is the first of the host that the client offers', async () => {
      await using v = await visit(road, { protocols: ['b', 'a'] }, { protocols: ['x', 'a', 'b'] });
      expect([v.ws.protocol, v.client.protocol, v.ws.request.protocols]).toEqual(['b', 'b', ['x', 'a', 'b']]);
    });

    it('can be chosen by the hook, and is none where none is offered', async () => {
      await using stage = await road.serve({
        onPreServer: (handshake: Handshake) => {
          if (handshake.request.protocols.includes('x')) handshake.protocol = 'x';
        },
        server: idle,
      });
      const [chosen, none] = [await stage.connect('/', { protocols: ['a', 'x'] }), await stage.connect()];
      expect([chosen.protocol, none.protocol]).toEqual(['x', '']);
      expect((await stage.ask('/', { protocols: ['a', 'x'] })).headers['sec-websocket-protocol']).toBe('x');
    });
  });

  describe('an answer', () => {
    it('carries the headers of the hook', async () => {
      await using stage = await road.serve({
        onPreServer: ({ responseHeaders }: Handshake) => responseHeaders.set('X-Node', 'seven'),
        server: idle,
      });
      expect(await stage.ask()).toMatchObject({ status: 101, headers: { 'x-node': 'seven' } });
    });
  });

  if (road.isWire) {
    describe('a request that is bytes', () => {
      it('of version 8 is 426, and says which version is spoken', async () => {
        await using stage = await road.serve(idle);
        const answer = await stage.ask('/', { headers: { 'Sec-WebSocket-Version': '8' } });
        expect(answer).toMatchObject({ status: 426, headers: { 'sec-websocket-version': '13' } });
      });

      it('without a valid key is 400', async () => {
        await using stage = await road.serve(idle);
        expect((await stage.ask('/', { headers: { 'Sec-WebSocket-Key': 'short' } })).status).toBe(400);
      });

      it('beyond maxSockets is 503, until a socket has ended', async () => {
        await using stage = await road.serve(idle, { maxSockets: 2 });
        const first = await stage.connect();
        await stage.connect();
        const { status, headers } = await stage.ask();
        expect([status, Number(headers['retry-after']) > 0]).toEqual([503, true]);
        await first.close();
        await until(() => stage.host.sockets.size === 1);
        expect((await stage.ask()).status).toBe(101);
      });

      it('beyond the limit of its key is 429, and other keys are served', async () => {
        const limitBy = ({ url }: HandshakeRequest): KeyLimit => ({ key: url.search, maxSockets: 1 });
        await using stage = await road.serve(idle, { limitBy });
        await stage.connect('/?a');
        expect((await stage.ask('/?a')).status).toBe(429);
        expect((await stage.ask('/?b')).status).toBe(101);
      });

      it('beyond maxUnadmitted is 503, until the handler admits a client', async () => {
        const strangers: ServerSocket[] = [];
        const server = async (ws: ServerSocket): Promise<void> => {
          if (ws.request.url.search === '?known') ws.admit();
          else strangers.push(ws);
          await ws.closed;
        };
        await using stage = await road.serve(server, { maxUnadmitted: 1 });
        await stage.connect('/?known');
        await stage.connect('/?stranger');
        await until(() => strangers.length === 1);
        expect((await stage.ask('/?known')).status).toBe(503);
        strangers[0]?.admit();
        expect((await stage.ask('/?known')).status).toBe(101);
      });

      it('to a host that closes is 503 with Retry-After', async () => {
        await using stage = await road.serve({ '/a': idle });
        await using client = await stage.connect('/a');
        const closing = stage.host.close({ graceMs: 60_000 });
        const answer = await stage.ask('/a');
        expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
        client.terminate();
        expect(await closing).toMatchObject({ finished: 1 });
      });
    });
  }
}
