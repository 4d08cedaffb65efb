// An http server for one page: its files, and the addresses of the nodes that it may connect to.

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A page that is served, to this machine only. */
export interface PageServer extends AsyncDisposable {
  readonly server: Server;
  /** Where the page is. */
  readonly url: string;
}

/** What a page consists of. */
export interface Page {
  /** Its folder: `index.html` and `style.css`. */
  readonly folder: URL;
  /** Its script; page-script.ts makes it. */
  readonly script: string;
}

/**
 * Serves a page.
 *
 * @param port - 0 to 65535; 0 is any free port.
 * @param nodes - Called for each request; the page gets them as `/nodes`. While one is '', it has
 *   not begun yet: the answer is 503, and the browser asks again a second later.
 */
export async function servePage(
  page: Page,
  port: number,
  nodes: () => readonly string[],
): Promise<PageServer> {
  const files = await filesOf(page);
  const server = createServer((request, response) => answer(request, response, nodes(), files));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    server,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

type Files = ReadonlyMap<string, readonly [type: string, text: string]>;

async function filesOf({ folder, script }: Page): Promise<Files> {
  const fileOf = (name: string): Promise<string> => readFile(new URL(name, folder), 'utf8');
  return new Map([
    ['/', ['text/html; charset=utf-8', await fileOf('index.html')]],
    ['/style.css', ['text/css; charset=utf-8', await fileOf('style.css')]],
    ['/page.js', ['text/javascript; charset=utf-8', script]],
  ]);
}

function answer(
  { url, headers }: IncomingMessage,
  response: ServerResponse,
  nodes: readonly string[],
  files: Files,
): void {
  if (nodes.includes('')) {
    return void response.writeHead(503, { Refresh: '1', 'Retry-After': '1' }).end('The nodes begin.');
  }
  const nodeList = ['application/json', JSON.stringify(nodes)] as const;
  const [type, text] = url === '/nodes' ? nodeList : (files.get(url ?? '') ?? []);
  if (type === undefined) return void response.writeHead(404).end();
  const sockets = [`ws://${headers.host}`, ...nodes.map((node) => new URL(node).origin)];
  response.writeHead(200, {
    'Content-Type': type,
    'Content-Security-Policy': `default-src 'self'; connect-src 'self' ${sockets.join(' ')}`,
    'Cache-Control': 'no-cache',
  });
  response.end(text);
}
