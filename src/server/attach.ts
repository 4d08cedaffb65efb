// `attach`: serving on an http server of the user. Express, Fastify, Koa, Vite and others have one
// beneath. Makes the host, and registers it with upgrade-registry.ts; `serve` is serve.ts's.

/// <reference types="node" preserve="true" />

import { Server as HttpsServer } from 'node:https';
import { isIP } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { AttachableServer } from './upgrade-registry.ts';
import type { Host } from './host.ts';
import { ServingHost } from './serving-host.ts';
import { settingsOf } from './host-options.ts';
import type { HostOptions } from './host-options.ts';
import { RouteTable } from './routes.ts';
import type { Routes } from './servable.ts';
import type { LoneRoute, RouteMap, WithHostHook } from './typed-routes.ts';
import { registryOf } from './upgrade-registry.ts';
import { badArgument } from '../core/arguments.ts';

/** Where clients connect to. */
interface Address {
  readonly url: string;
  readonly port: number;
}

/**
 * Serves WebSockets beside what an http server serves already.
 *
 * Several hosts may share one server. A path that no host serves is left to other `upgrade`
 * listeners, and gets 404 when there are none. `host.close` leaves the http server as it was.
 *
 * How long a request may take until it is whole is the http server's own: 60 s and more, unless it
 * was made with `headersTimeout` and `connectionsCheckingInterval`.
 *
 * @param server - Of node:http, node:https, or node:http2 with `allowHTTP1`; listening or not. What
 *   Vite (`httpServer`) and Hono (`serve`) give is one.
 * @param routes - One server for every path, or a map of patterns. A map is asked before a server
 *   for every path.
 * @param options - See {@link HostOptions}.
 * @throws UsageError `COROSOCK_ARGUMENT`; `COROSOCK_ROUTE` for a pattern that is malformed, or that
 *   a host of this server has claimed.
 */
export function attach<
  Pattern extends string,
  Contexts extends Readonly<Record<string, unknown>> = Readonly<Record<Pattern, unknown>>,
  Context = unknown,
  HostContext = unknown,
>(
  server: AttachableServer,
  routes: LoneRoute<Context, NoInfer<HostContext>> | RouteMap<Pattern, Contexts, NoInfer<HostContext>>,
  options?: WithHostHook<HostOptions, HostContext>,
): Host;
export function attach(server: AttachableServer, routes: Routes, options: HostOptions = {}): Host {
  // An Express or Koa application has `listen`, too, and is not a server.
  if (typeof server?.listen !== 'function' || typeof server.address !== 'function') {
    throw badArgument('attach()', 'a server of node:http, node:https or node:http2', server);
  }
  // Of the servers that know HTTP/2, only one with `allowHTTP1` has a time for the headers.
  if ('updateSettings' in server && !('headersTimeout' in server)) {
    throw badArgument('attach()', HTTP1_TOO, server);
  }
  // First: of `serve('/chat', handler)` the path is what is wrong.
  const table = new RouteTable(routes);
  const settings = settingsOf('attach()', options);
  const registry = registryOf(server);
  const address = addressOf(server);
  const host = new ServingHost(table, settings, {
    get address() {
      return address();
    },
    close: async () => {
      address();
      registry.remove(table);
    },
  });
  registry.add(table, host, settings.report);
  return host;
}

const HTTP1_TOO = 'a server that speaks HTTP/1.1, too: http2.createSecureServer({ allowHTTP1: true, … })';

/**
 * Gives the address for clients when it is called, or the last one that it has seen; undefined
 * where the server has not listened on a port by then.
 *
 * @param given - What the caller listens on. A name stays a name: certificates are made for names.
 */
export function addressOf(server: AttachableServer, given = ''): () => Address | undefined {
  const name = isIP(given) === 0 ? given : '';
  let last: Address | undefined;
  return () => (last = addressNow(server, name) ?? last);
}

function addressNow(server: AttachableServer, name: string): Address | undefined {
  const address = server.address();
  if (address === null || typeof address === 'string') return undefined;
  // Bun has a node:https without `setSecureContext`, Node a node:http2 of another class.
  const isSecure = 'setSecureContext' in server || server instanceof HttpsServer;
  const scheme = isSecure ? 'wss' : 'ws';
  return { url: `${scheme}://${name || hostOf(address)}:${address.port}`, port: address.port };
}

/** All addresses of this machine are no address to connect to. */
function hostOf({ address, family }: AddressInfo): string {
  if (address === '::' || address === '0.0.0.0') return 'localhost';
  return family === 'IPv6' ? `[${address}]` : address;
}
