// What `serve` listens with: a server of node:http, or of node:https where there is a certificate.
// serve.ts makes it and passes its upgrades to the host; requests that are no upgrade, and bytes
// that are no HTTP, are serve.ts's, too.

import { createServer } from 'node:http';
import type { Server as HttpServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Server as HttpsServer, ServerOptions as HttpsServerOptions } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { badArgument } from '../core/arguments.ts';
import { badTls, checkPem } from '../core/tls-material.ts';

/** An http server, and the end of all that it has open. */
export interface PortListener {
  readonly server: HttpServer | HttpsServer;
  /** @throws The error of node:net, such as `EADDRINUSE`. */
  listen(port: number, hostname: string): Promise<void>;
  /**
   * Frees the port. Upgraded sockets do not belong to the http server any more; its other
   * connections are cut, because no answer is under way on them.
   */
  stop(): Promise<void>;
}

/** We answer a request without Host ourselves. */
const OWN_ANSWERS = { requireHostHeader: false } as const;
/** We bound the time of a request ourselves: pending-requests.ts. */
const OWN_TIMES = { headersTimeout: 0, requestTimeout: 0 } as const;

/**
 * Makes the listener of a port.
 *
 * @param tls - What node:https takes; undefined for a port without TLS.
 * @param handshakeTimeoutMs - Longest time of a TLS handshake, unless `tls` has its own.
 * @throws UsageError `COROSOCK_ARGUMENT` for a certificate or key that OpenSSL refuses.
 */
export function portListener(
  call: string,
  tls: HttpsServerOptions | undefined,
  handshakeTimeoutMs: number,
): PortListener {
  if (tls === undefined) return listenerOf(createServer({ ...OWN_TIMES, ...OWN_ANSWERS }), []);
  // Node takes 0 for "no time limit".
  const handshakeTimeout = Math.max(handshakeTimeoutMs, 1);
  try {
    const server = createSecureServer({ ...OWN_TIMES, handshakeTimeout, ...tls, ...OWN_ANSWERS });
    return listenerOf(server, connectionsOf(server));
  } catch (cause) {
    throw badTls(call, 'node:https', cause);
  }
}

/** Options that each bring a certificate, or a cipher that needs none. */
const CREDENTIALS = ['cert', 'pfx', 'SNICallback', 'pskCallback'] as const;

/**
 * Refuses TLS options without a certificate, with which Node listens and each handshake fails, and
 * names of files. The values are in no message.
 */
export function checkTls(call: string, name: string, tls: unknown): void {
  if (tls === undefined) return;
  if (typeof tls !== 'object' || tls === null) throw badArgument(call, `${name} to be an object`, tls);
  const options: Readonly<Record<string, unknown>> = { ...tls };
  if (CREDENTIALS.every((credential) => options[credential] === undefined)) {
    throw badArgument(call, `${name} to have a certificate: cert and key, pfx, or SNICallback`, tls);
  }
  if (options['cert'] !== undefined && options['key'] === undefined) {
    throw badArgument(call, `${name} to have the key of its cert`, tls);
  }
  for (const part of ['cert', 'key']) checkPem(call, `${name}.${part}`, options[part]);
}

/**
 * Tells whether bytes that are no HTTP are the fault of a TLS handshake: no answer can be written.
 */
export function hasNoTls(stream: Duplex): boolean {
  return stream.destroyed || ('secureConnecting' in stream && stream.secureConnecting === true);
}

function listenerOf(server: HttpServer | HttpsServer, connections: Iterable<Socket>): PortListener {
  return {
    server,
    listen: (port, hostname) => listen(server, port, hostname),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        for (const connection of connections) connection.destroy();
      }),
  };
}

/** TCP connections of a TLS server: node:https knows one only when its TLS handshake has ended. */
function connectionsOf(server: HttpsServer): Iterable<Socket> {
  const connections = new Set<Socket>();
  function forget(this: Socket): void {
    connections.delete(this);
  }
  server.on('connection', (connection: Socket) => {
    connections.add(connection);
    connection.once('close', forget);
  });
  return connections;
}

function listen(server: HttpServer | HttpsServer, port: number, hostname: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, hostname, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
