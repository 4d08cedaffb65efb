// Hosts on servers of node:http2 that speak HTTP/1.1, too: pages by HTTP/2, WebSockets by HTTP/1.1.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createSecureServer, createServer } from 'node:http2';
import type { Http2SecureServer, SecureServerOptions } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { attach } from 'corosock';
import type { Handler } from 'corosock';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { echoOf } from './echo-of.ts';

const read = (name: string): Buffer =>
  readFileSync(new URL(`../fixtures/localhost-${name}`, import.meta.url));

function secureServer(options: SecureServerOptions): Http2SecureServer {
  return createSecureServer({ key: read('key.pem'), cert: read('cert.pem'), ...options });
}

const echo: Handler = async (ws) => {
  for await (const data of ws) await ws.write(`${ws.request.url.protocol} ${String(data)}`);
};

describe('attach to node:http2', () => {
  it('serves beside pages of HTTP/2', async () => {
    const server = secureServer({ allowHTTP1: true }).on('request', (_, response) => response.end('a page'));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const host = attach(server, { '/chat': echo });
    expect([host.url, host.port]).toEqual([`wss://127.0.0.1:${port}`, port]);
    expect(await echoOf(`${host.url}/chat`)).toBe('wss: word');
    expect(await echoOf(`${host.url}/else`)).toBe('Unexpected server response: 404');
    const session = connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
    const [page] = (await once(session.request({ ':path': '/' }).setEncoding('utf8'), 'data')) as [string];
    expect(page).toBe('a page');
    session.close();
    await host.close({ graceMs: 0 });
    server.close();
    await once(server, 'close');
  });

  it('tells the protocol to a client that offers both', async () => {
    const server = secureServer({ allowHTTP1: true });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const host = attach(server, echo);
    const client = new WebSocket(host.url, {
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
    } as object);
    await once(client, 'open');
    expect(client.readyState).toBe(WebSocket.OPEN);
    await host.close({ graceMs: 0 });
    server.close();
    await once(server, 'close');
  });

  it.each([
    ['with TLS', () => secureServer({})],
    ['without TLS', () => createServer()],
  ])('C2: refuses a server of HTTP/2 alone, %s', (_, make) => {
    expect(() => attach(make(), echo)).toThrow(
      expect.objectContaining({
        code: 'COROSOCK_ARGUMENT',
        message: expect.stringContaining('attach(): expected a server that speaks HTTP/1.1, too') as string,
      }),
    );
  });
});
