// `host.ready` and `host.health`: what a load balancer asks, over node:http and the frameworks on it.

import { createServer, request as httpRequest } from 'node:http';
import { createServer as createHttp2, connect } from 'node:http2';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { attach, serve } from 'corosock';
import type { Host } from 'corosock';
import { virtualClock } from 'corosock/testing';
import express from 'express';
import { describe, expect, it } from 'vitest';
import { listen } from '../fixtures/listening-server.ts';
import { MemoryHost } from '../fixtures/memory-host.ts';
import { refused } from '../fixtures/refused.ts';
import { openRaw, upgradeRequest } from '../peers/raw-client.ts';

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

async function ask(port: number, path = '/', method = 'GET'): Promise<Answer> {
  const request = httpRequest({ port, path, method, host: '127.0.0.1', agent: false });
  request.end();
  const [response] = (await once(request, 'response')) as [import('node:http').IncomingMessage];
  let body = '';
  for await (const chunk of response) body += String(chunk);
  return { status: response.statusCode, body, headers: response.headers };
}

/** A host that is ready, and one that is not. */
async function bothHosts(): Promise<readonly [open: Host, closed: Host]> {
  const [open, closed] = [new MemoryHost().host, new MemoryHost().host];
  await closed.close();
  return [open, closed];
}

describe('host.ready', () => {
  it('is true until close is called', async () => {
    const { host } = new MemoryHost();
    const before = host.ready;
    const closing = host.close();
    expect([before, host.ready]).toEqual([true, false]);
    await closing;
    expect(host.ready).toBe(false);
  });
});

describe('delayMs of host.close', () => {
  it('lets clients in that come before load balancers have noticed', async () => {
    const clock = virtualClock();
    const host = await serve(async (ws) => void (await ws.closed), { clock, heartbeat: false });
    const closing = host.close({ delayMs: 1000, graceMs: 0 });
    using late = await openRaw(host.port);
    await clock.advance(1000);
    expect(await late.untilCloseFrame()).toEqual({ code: 1001, reason: '' });
    const refusal = await refused(host.port, upgradeRequest());
    late.reset();
    expect([refusal.status, (await closing).closed]).toEqual([503, 1]);
  });
});

describe('host.health', () => {
  it('answers 200 while the host is ready, and 503 from then on', async () => {
    const [open, closed] = await bothHosts();
    await using up = await listen(open.health);
    await using down = await listen(closed.health);
    expect([await ask(up.port), await ask(down.port)]).toMatchObject([
      { status: 200, body: 'ready\n' },
      { status: 503, body: 'closing\n' },
    ]);
  });

  it('is text that no cache keeps', async () => {
    await using up = await listen(new MemoryHost().host.health);
    expect((await ask(up.port)).headers).toMatchObject({
      'cache-control': 'no-store',
      'content-length': '6',
      'content-type': 'text/plain; charset=utf-8',
    });
  });

  it('answers HEAD without a body', async () => {
    await using up = await listen(new MemoryHost().host.health);
    expect(await ask(up.port, '/', 'HEAD')).toMatchObject({
      status: 200,
      body: '',
      headers: { 'content-length': '6' },
    });
  });

  it('is a handler of Express, beside other routes', async () => {
    const [open, closed] = await bothHosts();
    const app = express();
    app.get('/up', open.health);
    app.get('/down', closed.health);
    await using site = await listen(app);
    const answers = [
      await ask(site.port, '/up'),
      await ask(site.port, '/down'),
      await ask(site.port, '/other'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 503, 404]);
  });

  it('answers on the raw response of a framework that wraps it', async () => {
    const { host } = new MemoryHost();
    await using site = await listen((request, response) => host.health({ raw: request }, { raw: response }));
    expect((await ask(site.port)).status).toBe(200);
  });

  it('answers over HTTP/2', async () => {
    const server = createHttp2(new MemoryHost().host.health);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const [headers] = (await once(client.request({ ':path': '/' }), 'response')) as [Record<string, unknown>];
    client.destroy();
    server.close();
    expect(headers[':status']).toBe(200);
  });

  it('leaves a request alone that has been answered', async () => {
    const { host } = new MemoryHost();
    await using site = await listen((request, response) => {
      response.end('a page');
      host.health(request, response);
    });
    expect(await ask(site.port)).toMatchObject({ status: 200, body: 'a page' });
  });

  it('is asked on a server of its own beside `serve`', async () => {
    await using host = await serve(() => {});
    await using health = await listen(host.health);
    const before = await ask(health.port);
    await host.close();
    expect([before.status, (await ask(health.port)).status]).toEqual([200, 503]);
  });

  it('takes nothing from the routes of an attached host', async () => {
    const server = createServer();
    await using host = attach(server, { '/chat': () => {} });
    server.on('request', host.health);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { status } = await ask(host.port);
    server.close();
    expect(status).toBe(200);
  });

  it.each([[undefined], [null], [{}], ['text']])('refuses a response that is %s', (response) => {
    expect(() => new MemoryHost().host.health({}, response)).toThrow(
      'host.health(): expected the response of a node:http request, got ',
    );
  });
});
