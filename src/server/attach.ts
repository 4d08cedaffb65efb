// Serving on an http server of the user's own: Express, Fastify, Koa, Vite, all
// that has a node:http server beneath.

/// <reference types="node" preserve="true" />

import type { Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Host } from './host.ts';
import { ServingHost } from './serving-host.ts';
import { settingsOf } from './host-options.ts';
import type { HostOptions } from './host-options.ts';
import { RouteTable } from './routes.ts';
import type { Routes } from './servable.ts';
import { registryOf } from './upgrade-registry.ts';
import { badArgument } from '../core/arguments.ts';

/**
 * Serves WebSockets beside what an http server serves already.
 *
 * Several hosts may share one server; a path that is none of theirs is left to
 * other `upgrade` listeners, and gets 404 when there are none. `host.close` leaves
 * the http server as it was.
 *
 * @param server - A node:http or node:https server, listening or not.
 * @param routes - One server for every path, or a map of patterns. A map is asked
 *   before a server for every path.
 * @param options - See {@link HostOptions}.
 * @throws UsageError `COROSOCK_ARGUMENT`; `COROSOCK_ROUTE` for a pattern that is
 *   none, or that a host of this server has claimed.
 */
export function attach(server: HttpServer | HttpsServer, routes: Routes, options: HostOptions = {}): Host {
  // An Express or Koa application has `listen`, too, and is no server.
  if (typeof server?.listen !== 'function' || typeof server.address !== 'function') {
    throw badArgument('attach()', 'a node:http or node:https server', server);
  }
  const settings = settingsOf('attach()', options);
  const table = new RouteTable(routes);
  const registry = registryOf(server);
  const host = new ServingHost(table, settings, {
    get address() {
      return addressOf(server);
    },
    close: async () => registry.remove(table),
  });
  registry.add(table, host);
  return host;
}

/** Where a client connects to; undefined while the server does not listen on a port. */
export function addressOf(
  server: HttpServer | HttpsServer,
): { readonly url: string; readonly port: number } | undefined {
  const address = server.address();
  if (address === null || typeof address === 'string') return undefined;
  const scheme = 'setSecureContext' in server ? 'wss' : 'ws';
  const hostname = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return { url: `${scheme}://${hostname}:${address.port}`, port: address.port };
}
