// One `upgrade` listener per http server, whatever the number of hosts on it.
// A path that is none of theirs is left to whoever else listens.

import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { checkHandshake } from '../handshake/check-handshake.ts';
import { refuse, REFUSALS } from '../handshake/refusal.ts';
import { targetOf } from '../handshake/request-target.ts';
import type { RouteTable } from './routes.ts';
import { realClock } from '../time/real-clock.ts';

/** Gets the upgrades of its routes. */
export interface UpgradeTaker {
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** Hosts by http server: the one module-level state, so that two `attach` calls know of each other. */
const registries = new WeakMap<HttpServer | HttpsServer, UpgradeRegistry>();

/** Finds the registry of a server, or starts one. */
export function registryOf(server: HttpServer | HttpsServer): UpgradeRegistry {
  const registry = registries.get(server) ?? new UpgradeRegistry(server);
  registries.set(server, registry);
  return registry;
}

/** The hosts that share one http server. */
export class UpgradeRegistry {
  readonly #server: HttpServer | HttpsServer;
  /** Those with patterns first, so that one that answers every path leaves them theirs. */
  #claims: readonly { readonly routes: RouteTable; readonly taker: UpgradeTaker }[] = [];

  constructor(server: HttpServer | HttpsServer) {
    this.#server = server;
  }

  /** @throws UsageError `COROSOCK_ROUTE` when a pattern is claimed already. */
  add(routes: RouteTable, taker: UpgradeTaker): void {
    for (const claim of this.#claims) routes.refuseClash(claim.routes);
    if (this.#claims.length === 0) this.#server.on('upgrade', this.#serverOnUpgrade);
    const claims = [...this.#claims, { routes, taker }];
    this.#claims = claims.toSorted((a, b) => Number(a.routes.isLone) - Number(b.routes.isLone));
  }

  remove(routes: RouteTable): void {
    this.#claims = this.#claims.filter((claim) => claim.routes !== routes);
    if (this.#claims.length === 0) this.#server.off('upgrade', this.#serverOnUpgrade);
  }

  readonly #serverOnUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const taker = this.#takerOf(request);
    if (taker !== undefined) return taker.handleUpgrade(request, socket, head);
    if (this.#server.listenerCount('upgrade') > 1) return;
    const checked = checkHandshake(request);
    refuse(socket, 'status' in checked ? checked : REFUSALS.route, realClock, request.method);
  };

  #takerOf(request: IncomingMessage): UpgradeTaker | undefined {
    const target = targetOf(request);
    if (target === undefined) return undefined;
    return this.#claims.find(({ routes }) => routes.find(target.path) !== undefined)?.taker;
  }
}
