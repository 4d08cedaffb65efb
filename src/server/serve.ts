// Serving on a port of its own: an http server that does nothing but upgrade. It
// hands upgrades to its host, and answers plain requests itself.

/// <reference types="node" preserve="true" />

import { createServer } from 'node:http';
import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import { addressOf } from './attach.ts';
import { REFUSALS } from './handshake-rules.ts';
import type { Host } from './host.ts';
import { ServingHost } from './serving-host.ts';
import { HOST_OPTIONS, settingsOf } from './host-options.ts';
import type { HostOptions } from './host-options.ts';
import type { Refusal } from './refusal.ts';
import { refuse } from './refusal.ts';
import { parseTarget } from './request-target.ts';
import { RouteTable } from './routes.ts';
import type { Routes } from './servable.ts';
import { badArgument, checkNames } from '../words/arguments.ts';

export interface ServeOptions extends HostOptions {
  /** 0 to 65535. Default 0: any free port. */
  readonly port?: number;
  /** Default '127.0.0.1'. */
  readonly hostname?: string;
}

const SERVE_OPTIONS: ReadonlySet<string> = new Set([...HOST_OPTIONS, 'port', 'hostname']);

/**
 * Serves WebSockets on a port, and nothing else: a plain request to a route gets
 * 426, to anything else 404.
 *
 * @param routes - One server for every path, or a map of patterns.
 * @param options - See {@link ServeOptions}.
 * @returns The host, listening. Its open port keeps the process alive; `host.close`
 *   frees it.
 * @throws UsageError `COROSOCK_ARGUMENT`, `COROSOCK_ROUTE`. What node:net says when the
 *   port is not to be had, `EADDRINUSE` for one.
 */
export async function serve(routes: Routes, options: ServeOptions = {}): Promise<Host> {
  const { port, hostname, ...rest } = checkServeOptions(options);
  const table = new RouteTable(routes);
  const settings = settingsOf('serve()', rest);
  const server = createServer((request, response) => answerPlainRequest(table, request, response));
  const host = new ServingHost(table, settings, {
    get address() {
      return addressOf(server);
    },
    close: () => stopListening(server),
  });
  server.on('upgrade', (request, socket, head) => host.handleUpgrade(request, socket, head));
  // What the HTTP parser refuses gets a complete answer, too.
  server.on('clientError', (error, stream) => refuse(stream, refusalFor(error), settings.clock));
  await listen(server, port, hostname);
  return host;
}

function checkServeOptions(
  options: ServeOptions,
): ServeOptions & { readonly port: number; readonly hostname: string } {
  checkNames('serve()', options, SERVE_OPTIONS);
  const { port = 0, hostname = '127.0.0.1' } = options;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw badArgument('serve()', 'port to be an integer from 0 to 65535', port);
  }
  if (typeof hostname !== 'string' || hostname === '')
    throw badArgument('serve()', 'hostname to be a name or address', hostname);
  return { ...options, port, hostname };
}

function listen(server: HttpServer, port: number, hostname: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, hostname, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Frees the port. Upgraded sockets are not the http server's any more; what else is open has nothing to wait for. */
function stopListening(server: HttpServer): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function answerPlainRequest(table: RouteTable, request: IncomingMessage, response: ServerResponse): void {
  const { status, text, headers } = judgePlainRequest(table, request);
  response.writeHead(status, {
    Connection: 'close',
    'Content-Type': 'text/plain; charset=utf-8',
    ...headers,
  });
  response.end(`${text}\n`);
}

function judgePlainRequest(table: RouteTable, { url, headers, method }: IncomingMessage): Refusal {
  const target = parseTarget(url ?? '', headers.host ?? '');
  if (target === undefined) return REFUSALS.target;
  const found = table.find(target.path);
  if (found === undefined) return REFUSALS.route;
  if (found === 'malformed') return REFUSALS.target;
  return method === 'GET' ? REFUSALS.plainRequest : REFUSALS.method;
}

function refusalFor(error: Error): Refusal {
  const code = 'code' in error ? error.code : undefined;
  if (code === 'HPE_HEADER_OVERFLOW') return REFUSALS.headers;
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return REFUSALS.tooLate;
  return REFUSALS.malformed;
}
