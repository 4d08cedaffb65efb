// A host on the dev server of Vite, by a plugin, beside the socket of its own hot reloads.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attach } from 'corosock';
import type { Host, ServerSocket } from 'corosock';
import { createServer } from 'vite';
import type { Plugin, ViteDevServer } from 'vite';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { echoOf } from './echo-of.ts';

const read = (name: string): Buffer =>
  readFileSync(new URL(`../fixtures/localhost-${name}`, import.meta.url));

interface Attached extends AsyncDisposable {
  readonly vite: ViteDevServer;
  readonly hosts: readonly Host[];
  readonly reports: readonly unknown[];
}

/** Vite with a plugin that attaches a host, as docs/guide/serving.md shows it. */
async function viteWith(server: object): Promise<Attached> {
  const root = mkdtempSync(join(tmpdir(), 'corosock-vite-'));
  writeFileSync(join(root, 'index.html'), '<title>a page</title>');
  const hosts: Host[] = [];
  const reports: unknown[] = [];
  const plugin: Plugin = {
    name: 'chat',
    configureServer({ httpServer }) {
      if (httpServer === null) return;
      const routes = {
        '/chat': async (ws: ServerSocket) => {
          for await (const data of ws) await ws.write(data);
        },
      };
      hosts.push(attach(httpServer, routes, { report: (error) => reports.push(error) }));
    },
  };
  const vite = await createServer({
    root,
    configFile: false,
    logLevel: 'silent',
    plugins: [plugin],
    server: { host: '127.0.0.1', port: 0, ...server },
  });
  return {
    vite,
    hosts,
    reports,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(hosts.map((host) => host.close({ graceMs: 0 })));
      await vite.close();
      rmSync(root, { recursive: true });
    },
  };
}

/** Asks for the socket of Vite's hot reloads, and tells what it says first. */
async function hotReload(port: number): Promise<string> {
  const script = await (await fetch(`http://127.0.0.1:${port}/@vite/client`)).text();
  const [, token = ''] = /wsToken = "([^"]+)"/.exec(script) ?? [];
  const client = new WebSocket(`ws://127.0.0.1:${port}/?token=${token}`, 'vite-hmr');
  return new Promise((resolve) => {
    client.on('error', ({ message }) => resolve(message));
    client.on('message', (data: Buffer) => {
      client.terminate();
      resolve(String(data));
    });
  });
}

describe('attach to Vite', () => {
  it('serves beside pages and hot reloads', async () => {
    await using attached = await viteWith({});
    await attached.vite.listen();
    const [host] = attached.hosts;
    expect(await echoOf(`${host?.url}/chat`)).toBe('word');
    expect(await hotReload(host?.port ?? 0)).toBe('{"type":"connected"}');
    const page = await fetch(`http://127.0.0.1:${host?.port}/`);
    expect(await page.text()).toContain('a page');
    expect(attached.reports).toEqual([]);
  });

  it('serves on its server with TLS, which knows HTTP/2, too', async () => {
    await using attached = await viteWith({ https: { key: read('key.pem'), cert: read('cert.pem') } });
    await attached.vite.listen();
    const [host] = attached.hosts;
    expect(host?.url).toBe(`wss://127.0.0.1:${host?.port}`);
    expect(await echoOf(`${host?.url}/chat`)).toBe('word');
    expect(attached.reports).toEqual([]);
  });

  it('is not asked to where Vite has no server of its own', async () => {
    await using attached = await viteWith({ middlewareMode: true, ws: false });
    expect([attached.vite.httpServer, attached.hosts]).toEqual([null, []]);
  });
});
