// Two nodes and, on a port of its own, the page that follows a room on one of them: what server.ts
// opens from the command line, and the spec on free ports.

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { memoryBroker } from 'corosock';
import type { HostOptions, MemoryBroker } from 'corosock';
import { Node } from './nodes.ts';

/** Nodes that serve, and the page. */
export interface Deployment extends AsyncDisposable {
  /** Where the page is. */
  readonly url: string;
  readonly nodes: readonly [Node, Node];
}

/** The same from this source and from what it is compiled to. */
const FOLDER = new URL('../../examples/follow/page/', import.meta.url);

/**
 * Opens the page and both nodes.
 *
 * @param script - Of the page: page-script.ts makes it.
 * @param port - Of the page, 0 to 65535; 0 is any free port.
 * @param options - Of both hosts.
 * @param broker - Between them.
 */
export async function deploy(
  script: string,
  port: number,
  options: HostOptions = {},
  broker: MemoryBroker = memoryBroker(),
): Promise<Deployment> {
  const files = await filesWith(script);
  const server = createServer((request, response) => answer(request, response, nodes, files));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const settings = { ...options, origins: [url] };
  const nodes = [new Node(broker, 0, settings), new Node(broker, 0, settings)] as const;
  await Promise.all(nodes.map((node) => node.start()));
  return {
    url,
    nodes: [...nodes],
    async [Symbol.asyncDispose]() {
      await Promise.all(nodes.map((node) => node.kill()));
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

type Files = ReadonlyMap<string, readonly [type: string, text: string]>;

async function filesWith(script: string): Promise<Files> {
  return new Map([
    ['/', ['text/html; charset=utf-8', await fileOf('index.html')]],
    ['/style.css', ['text/css; charset=utf-8', await fileOf('style.css')]],
    ['/page.js', ['text/javascript; charset=utf-8', script]],
  ]);
}

function fileOf(name: string): Promise<string> {
  return readFile(new URL(name, FOLDER), 'utf8');
}

function answer(
  { url }: IncomingMessage,
  response: ServerResponse,
  nodes: readonly Node[],
  files: Files,
): void {
  const urls = nodes.map((node) => node.url);
  const nodeList = ['application/json', JSON.stringify(urls)] as const;
  const [type, text] = url === '/nodes' ? nodeList : (files.get(url ?? '') ?? []);
  if (type === undefined) return void response.writeHead(404).end();
  response.writeHead(200, {
    'Content-Type': type,
    'Content-Security-Policy': `default-src 'self'; connect-src 'self' ${urls.map((node) => new URL(node).origin).join(' ')}`,
    'Cache-Control': 'no-cache',
  });
  response.end(text);
}
