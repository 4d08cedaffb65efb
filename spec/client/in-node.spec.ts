// A client in Node and a host of ours, on a port.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { serve } from 'corosock';
import type { Handler } from 'corosock';
import { connect } from 'corosock/client';
import { virtualClock } from 'corosock/testing';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { describe, expect, it } from 'vitest';
import { connectProxy } from '../fixtures/connect-proxy.ts';
import { listen } from '../fixtures/listening-server.ts';

const echo: Handler = async (ws) => {
  for await (const data of ws) await ws.write(data);
};

describe('connect in Node', () => {
  it('talks, text and binary, in order, and closes', async () => {
    await using host = await serve(echo);
    const ws = await connect(host.url);
    const sent = ['text ü😀', '', new Uint8Array([0, 255]), 'x'.repeat(100_000)];
    for (const data of sent) await ws.write(data);
    const received: unknown[] = [];
    for (let count = 0; count < sent.length; count += 1) {
      const [data] = await ws.readMessage();
      received.push(typeof data === 'string' ? data : new Uint8Array(data ?? []));
    }
    expect(received).toEqual(sent);
    expect(await ws.close(4000, 'bye')).toMatchObject({
      code: 4000,
      reason: 'bye',
      clean: true,
      by: 'local',
    });
  });

  it('agrees on a protocol and on compression', async () => {
    await using host = await serve(
      {
        server: async (ws) => void (await ws.write(`${ws.protocol} ${String(ws.request.headers['x-mark'])}`)),
      },
      { protocols: ['b', 'a'], compression: true },
    );
    await using ws = await connect(host.url, {
      protocols: ['a', 'b'],
      compression: true,
      headers: new Headers({ 'X-Mark': '7' }),
    });
    expect([ws.protocol, await ws.read()]).toEqual(['b', ['b 7', 'ok']]);
  });

  it('rejects with the status of a refusal by a hook', async () => {
    await using host = await serve({
      onPreServer: () => new Response('who are you?', { status: 401 }),
      server: echo,
    });
    await expect(connect(host.url)).rejects.toMatchObject({ code: 'COROSOCK_CONNECT', status: 401 });
  });

  it('rejects with 404 for a path without a route', async () => {
    await using host = await serve({ '/echo': echo });
    await expect(connect(`${host.url}/elsewhere`)).rejects.toMatchObject({ status: 404 });
  });

  it('pauses the server while no read waits, and loses nothing', async () => {
    const count = 2000;
    await using host = await serve(async (ws) => {
      for (let number = 0; number < count; number += 1) await ws.write(`${number} ${'x'.repeat(10_000)}`);
    });
    const ws = await connect(host.url, { queueMessages: 4 });
    const numbers: number[] = [];
    for await (const data of ws) numbers.push(Number.parseInt(String(data), 10));
    expect(numbers).toEqual(Array.from({ length: count }, (_, number) => number));
  });

  it('gives up a server that does not answer, at its time-out and at an abort', async () => {
    await using http = await listen();
    http.server.on('upgrade', (_, stream) => {
      stream.on('error', () => {});
      stream.on('end', () => stream.end());
      stream.resume();
    });
    const clock = virtualClock();
    const asked = once(http.server, 'upgrade');
    const late = connect(`ws://127.0.0.1:${http.port}`, { clock });
    await asked;
    await clock.advance(10_000);
    await expect(late).rejects.toThrow('no answer within 10000 ms');
    const controller = new AbortController();
    const askedAgain = once(http.server, 'upgrade');
    const stopped = connect(`ws://127.0.0.1:${http.port}`, { signal: controller.signal });
    await askedAgain;
    controller.abort('no more');
    await expect(stopped).rejects.toBe('no more');
  });

  it('connects again after the server was down', async () => {
    const first = await serve(async (ws) => void (await ws.write('first')));
    const { port, url } = first;
    const causes: string[] = [];
    let onRefused = (): void => {};
    const refused = new Promise<void>((resolve) => (onRefused = resolve));
    const received: unknown[] = [];
    const visiting = (async (): Promise<void> => {
      const onRetry = ({ code, message }: Error & { readonly code: string }): void => {
        causes.push(message);
        if (code === 'COROSOCK_CONNECT') onRefused();
      };
      for await (const ws of connect.each(url, { minDelayMs: 1, maxDelayMs: 1, onRetry })) {
        received.push(await ws.read());
        if (received.length === 2) break;
        await first.close({ graceMs: 0 });
      }
    })();
    await refused;
    await using _ = await serve(async (ws) => void (await ws.write('second')), { port });
    await visiting;
    expect(received).toEqual([
      ['first', 'ok'],
      ['second', 'ok'],
    ]);
    expect(causes[0]).toBe('The conversation ended with close code 1000 by peer');
    expect(causes[1]).toBe(`The handshake failed: connect ECONNREFUSED 127.0.0.1:${port}`);
  });
});

describe('connect in Node, with tls and agent,', () => {
  const read = (name: string): string =>
    readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');
  const tls = { cert: read('localhost-cert.pem'), key: read('localhost-key.pem') };
  const ca = tls.cert;

  it('trusts an authority of its own', async () => {
    await using host = await serve(echo, { tls });
    await using ws = await connect(host.url, { tls: { ca } });
    await ws.write('secret');
    expect(await ws.read()).toEqual(['secret', 'ok']);
  });

  it('shows a certificate to a server that asks for one', async () => {
    const asking = { ...tls, ca, requestCert: true, rejectUnauthorized: true };
    await using host = await serve(echo, { tls: asking });
    await using ws = await connect(host.url, { tls: { ca, cert: tls.cert, key: tls.key } });
    await ws.write('known');
    expect(await ws.read()).toEqual(['known', 'ok']);
  });

  it('goes through a proxy by CONNECT, also to a server with TLS', async () => {
    await using proxy = await connectProxy();
    await using plain = await serve(echo);
    await using secure = await serve(echo, { tls });
    const agent = new HttpsProxyAgent(proxy.url);
    for (const { url } of [plain, secure]) {
      await using ws = await connect(url, { agent, tls: { ca } });
      await ws.write('from afar');
      expect(await ws.read()).toEqual(['from afar', 'ok']);
    }
    expect(proxy.targets).toEqual([plain, secure].map(({ port }) => `127.0.0.1:${port}`));
  });

  it('uses an agent of node:http, and leaves it no connection', async () => {
    await using host = await serve(echo);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (const word of ['one', 'two']) {
      await using ws = await connect(host.url, { agent });
      await ws.write(word);
      expect(await ws.read()).toEqual([word, 'ok']);
    }
    expect(agent.freeSockets).toEqual({});
  });

  it('rejects with the error of node:http for an agent of the other scheme, and leaves nothing', async () => {
    const clock = virtualClock();
    const agent = new Agent();
    await expect(connect('wss://127.0.0.1:1', { agent, clock })).rejects.toMatchObject({
      code: 'ERR_INVALID_PROTOCOL',
    });
    expect(clock.timers).toBe(0);
  });

  it.each([
    ['the certificate of the server is not trusted', {}, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['it is for another name', { ca, servername: 'elsewhere' }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ])('connect.each ends at once where %s', async (_, options, code) => {
    await using host = await serve(echo, { tls });
    const retries: unknown[] = [];
    const sockets = connect.each(host.url, {
      tls: options,
      minDelayMs: 1,
      onRetry: (error) => retries.push(error),
    });
    await expect(sockets.next()).rejects.toMatchObject({ code: 'COROSOCK_CONNECT', cause: { code } });
    expect(retries).toEqual([]);
  });
});
