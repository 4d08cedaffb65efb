// The hooks of a server in memory: asked and answered as on a port.

import { defineServer, UsageError } from 'corosock';
import type { Handshake, WebSocketServer } from 'corosock';
import { ConnectError, runServer, settle, virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';

const forever = (): Promise<never> => new Promise(() => {});

/** A server with a hook whose other members must not run. */
function guarded(
  onPreServer: (handshake: Handshake) => unknown,
): WebSocketServer & { readonly ran: string[] } {
  const ran: string[] = [];
  return {
    ran,
    onPreServer,
    server: () => void ran.push('server'),
    onPostServer: () => void ran.push('onPostServer'),
  };
}

describe('runServer with hooks', () => {
  it('runs the whole life cycle in order', async () => {
    const order: string[] = [];
    const server = defineServer({
      async onPreServer() {
        order.push('onPreServer');
        await settle();
        return { user: 'ann' };
      },
      async server(ws) {
        order.push(`server of ${ws.context.user}`);
        await ws.read();
        order.push('returns');
      },
      async onPostServer(ws, { code }) {
        await settle();
        order.push(`onPostServer of ${ws.context.user}, ${code}`);
      },
    });
    await using run = runServer(server);
    const client = await run.client;
    order.push('client');
    await client.write('go');
    await run.done;
    expect(order).toEqual(['onPreServer', 'server of ann', 'client', 'returns', 'onPostServer of ann, 1000']);
  });

  it('takes undefined as a context like any other', async () => {
    const server = defineServer({
      onPreServer: () => undefined,
      server: async (ws) => void (await ws.write(String(ws.context))),
    });
    await using run = runServer(server);
    expect(await (await run.client).read()).toEqual(['undefined', 'ok']);
  });

  it('keeps `this` in all four members of a class, and makes one instance', async () => {
    const made: unknown[] = [];
    class Chat implements WebSocketServer {
      readonly #told: string[] = [];

      constructor() {
        made.push(this.#told);
      }

      onPreServer(handshake: Handshake): void {
        handshake.sharedConnection = true;
        this.#told.push('onPreServer');
      }

      server(): void {
        this.#told.push('server');
      }

      onClientMessage(): boolean {
        this.#told.push('onClientMessage');
        return true;
      }

      onPostServer(): void {
        this.#told.push('onPostServer');
      }
    }
    await using run = runServer(Chat);
    const client = await run.client;
    await client.write('hello');
    await settle();
    await client.close();
    await run.done;
    expect(made).toEqual([['onPreServer', 'server', 'onClientMessage', 'onPostServer']]);
  });

  it('rejects the client with the status of the Response that refuses', async () => {
    const response = new Response('members only', { status: 403, headers: { 'X-Why': 'no' } });
    const server = guarded(() => response);
    await using run = runServer(server);
    await expect(run.client).rejects.toMatchObject({ code: 'COROSOCK_CONNECT', status: 403 });
    await expect(run.client).rejects.toBeInstanceOf(ConnectError);
    expect(await run.done).toEqual({ kind: 'refused', response });
    expect([await response.text(), server.ran, run.host.sockets.size]).toEqual(['members only', [], 0]);
  });

  it.each<[string, (handshake: Handshake) => unknown, unknown]>([
    [
      'throws',
      () => {
        throw new Error('secret');
      },
      { message: 'secret' },
    ],
    ['rejects', () => Promise.reject(new Error('secret')), { message: 'secret' }],
    [
      'speaks what was not offered',
      (handshake) => void (handshake.protocol = 'v3'),
      { code: 'COROSOCK_ARGUMENT' },
    ],
  ])('refuses with 500 without detail when the hook %s, and reports it', async (_, hook, error) => {
    const reports: unknown[] = [];
    const server = guarded(hook);
    await using run = runServer(server, { report: (given, { phase }) => reports.push([given, phase]) });
    await expect(run.client).rejects.toMatchObject({ status: 500 });
    const outcome = await run.done;
    const text = outcome.kind === 'refused' && (await outcome.response.text());
    expect([text, reports, server.ran]).toMatchObject([
      'The server has failed\n',
      [[error, 'onPreServer']],
      [],
    ]);
  });

  it('refuses with 408 when the hook takes longer than handshakeTimeoutMs, and aborts its signal', async () => {
    const clock = virtualClock();
    let signal: AbortSignal | undefined;
    const server = guarded((handshake) => {
      ({ signal } = handshake);
      return forever();
    });
    const run = runServer(server, { clock, handshakeTimeoutMs: 700 });
    await clock.advance(700);
    await expect(run.client).rejects.toMatchObject({ status: 408 });
    expect([(await run.done).kind, signal?.reason, clock.timers, server.ran]).toMatchObject([
      'refused',
      { why: 'late' },
      0,
      [],
    ]);
  });

  it('refuses with 503 when the host closes while the hook runs', async () => {
    let signal: AbortSignal | undefined;
    const server = guarded((handshake) => {
      ({ signal } = handshake);
      return forever();
    });
    const run = runServer(server);
    await settle();
    await run[Symbol.asyncDispose]();
    await expect(run.client).rejects.toMatchObject({ status: 503 });
    expect([(await run.done).kind, signal?.reason, server.ran]).toMatchObject([
      'refused',
      { why: 'closing' },
      [],
    ]);
  });

  it('uses the protocol that the hook chose, and a shared socket can be opened by id', async () => {
    const server = defineServer({
      onPreServer(handshake) {
        handshake.protocol = 'v1';
        handshake.sharedConnection = true;
      },
      server: () => {},
    });
    await using run = runServer(server, { protocols: ['v2', 'v1'] });
    const client = await run.client;
    const [id = ''] = run.host.sockets.keys();
    const [ws, status] = await run.host.openServer(id);
    await ws?.write('from elsewhere');
    expect([client.protocol, status, await client.read()]).toEqual(['v1', 'ok', ['from elsewhere', 'ok']]);
  });

  it('does not let sharedConnection be set once the socket is open', async () => {
    let error: unknown;
    await using run = runServer((ws) => {
      try {
        (ws as { sharedConnection: boolean }).sharedConnection = true;
      } catch (thrown) {
        error = thrown;
      }
    });
    await run.done;
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ code: 'COROSOCK_TOO_LATE' });
  });
});
