// A host beside an application of Hono: on what `serve` of @hono/node-server gives.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import { serve } from '@hono/node-server';
import type { ServerType } from '@hono/node-server';
import { attach } from 'corosock';
import type { Handler } from 'corosock';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { echoOf } from './echo-of.ts';

const echo: Handler = async (ws) => {
  for await (const data of ws) await ws.write(data);
};
const app = new Hono().get('/', (context) => context.text('a page'));
const read = (name: string): Buffer =>
  readFileSync(new URL(`../fixtures/localhost-${name}`, import.meta.url));

const servers: ReadonlyArray<readonly [string, () => ServerType]> = [
  ['node:http', () => serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' })],
  [
    'node:http2 with allowHTTP1',
    () =>
      serve({
        fetch: app.fetch,
        port: 0,
        hostname: '127.0.0.1',
        createServer: createSecureServer,
        serverOptions: { key: read('key.pem'), cert: read('cert.pem'), allowHTTP1: true },
      }),
  ],
];

describe('attach to Hono', () => {
  it.each(servers)('serves beside its pages on %s', async (_, listen) => {
    const server = listen();
    await once(server, 'listening');
    const host = attach(server, { '/chat': echo });
    expect(await echoOf(`${host.url}/chat`)).toBe('word');
    expect(await echoOf(`${host.url}/else`)).toBe('Unexpected server response: 404');
    if (host.url.startsWith('ws:')) {
      const page = await fetch(`http://127.0.0.1:${host.port}/`);
      expect(await page.text()).toBe('a page');
    }
    await host.close({ graceMs: 0 });
    server.close();
  });
});
