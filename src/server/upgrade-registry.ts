// One `upgrade` listener for each http server, whatever the number of hosts on it. attach.ts adds
// hosts. A path that no host serves is left to other listeners; without any, the answer is 404.

import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Http2SecureServer, Http2Server } from 'node:http2';
import type { Server as HttpsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { checkHandshake } from '../handshake/check-handshake.ts';
import { whenAnswered } from '../handshake/pipelining.ts';
import { refuse, REFUSALS } from '../handshake/refusal.ts';
import { targetOf } from '../handshake/request-target.ts';
import type { ServingHost } from './serving-host.ts';
import { OtherListeners } from './other-listeners.ts';
import type { Report } from './report.ts';
import type { RouteTable } from './routes.ts';
import { realClock } from '../time/real-clock.ts';

/** A host that takes upgrades, and its routes. */
interface Claim {
  readonly routes: RouteTable;
  readonly host: Pick<ServingHost, 'handleUpgrade' | 'tellRefused'>;
  readonly others: OtherListeners;
}

/** A server that hosts can be attached to. One of HTTP/2 has upgrades with `allowHTTP1` only. */
export type AttachableServer = HttpServer | HttpsServer | Http2Server | Http2SecureServer;

/** Module-level state, so that two `attach` calls on one server share its listener. */
const registries = new WeakMap<AttachableServer, UpgradeRegistry>();

/** Finds the registry of a server, or makes it. */
export function registryOf(server: AttachableServer): UpgradeRegistry {
  const registry = registries.get(server) ?? new UpgradeRegistry(server);
  registries.set(server, registry);
  return registry;
}

/** Passes the upgrades of one http server to the host that serves their path. */
export class UpgradeRegistry {
  readonly #server: AttachableServer;
  /** Hosts with patterns first: a host that answers every path gets what they leave. */
  #claims: readonly Claim[] = [];

  constructor(server: AttachableServer) {
    this.#server = server;
  }

  /**
   * Adds a host; with the first, the listener.
   *
   * @throws UsageError `COROSOCK_ROUTE` when another host has one of the patterns.
   */
  add(routes: RouteTable, host: Claim['host'], report: Report): void {
    for (const claim of this.#claims) routes.refuseClash(claim.routes);
    if (this.#claims.length === 0) this.#server.on('upgrade', this.#serverOnUpgrade);
    const claims = [...this.#claims, { routes, host, others: new OtherListeners(report) }];
    this.#claims = claims.toSorted((a, b) => Number(a.routes.isLone) - Number(b.routes.isLone));
  }

  /** Removes the host of a table; with the last, the listener. */
  remove(routes: RouteTable): void {
    this.#claims = this.#claims.filter((claim) => claim.routes !== routes);
    if (this.#claims.length === 0) this.#server.off('upgrade', this.#serverOnUpgrade);
  }

  readonly #serverOnUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const path = targetOf(request)?.path;
    const claim = this.#claimOf(path);
    const isShared = this.#server.listenerCount('upgrade') > 1;
    if (claim !== undefined && path !== undefined) {
      if (!isShared) return claim.host.handleUpgrade(request, socket, head);
      return claim.others.watch(socket, path, () => claim.host.handleUpgrade(request, socket, head));
    }
    if (isShared) return;
    const checked = checkHandshake(request);
    const refusal = 'status' in checked ? checked : REFUSALS.route;
    whenAnswered(socket, () => {
      refuse(socket, refusal, realClock, request.method);
      // It is no host's own: the first one that has the hook hears of it.
      this.#claims.some(({ host: told }) => told.tellRefused(request, refusal));
    });
  };

  #claimOf(path: string | undefined): Claim | undefined {
    return path === undefined ? path : this.#claims.find(({ routes }) => routes.find(path) !== undefined);
  }
}
