// How many clients a host takes: sockets at once, sockets of clients that no handler knows yet, and
// the limits of each key. serving-host.ts asks it between route and session, before anything is
// made for the socket. Handshakes under way count as sockets. socket-id.ts holds the slot of a
// socket, and gives it back once, however the socket ends.

import type { HandshakeRequest } from '../handshake/handshake-request.ts';
import { REFUSALS } from '../handshake/refusal.ts';
import type { Refusal } from '../handshake/refusal.ts';
import { checkKeyLimit, KeyLimits } from './key-limits.ts';
import type { KeyLimit, LiveKey } from './key-limits.ts';
import type { PeerFaults } from './peer-faults.ts';
import type { Slot, SocketId } from './socket-id.ts';
import { noop } from '../core/noop.ts';
import { isThenable } from '../core/object-like.ts';
import type { Clock } from '../time/clock.ts';

export interface CapacitySettings {
  readonly clock: Clock;
  readonly peerFaults: Pick<PeerFaults, 'report'>;
  readonly maxSockets: number;
  readonly maxUnadmitted: number;
  readonly limitBy: (request: HandshakeRequest) => KeyLimit | undefined;
}

/** The counts of one route. */
interface RouteCounts {
  /** Sockets, and handshakes under way. */
  sockets: number;
  /**
   * The sockets whose client is known. Undefined until a handler of this route calls
   * `ws.admit()` for the first time: until then the route has no unadmitted sockets.
   */
  admitted: Set<SocketId> | undefined;
  /** For sockets without a key: a slot of their own would cost each of them 40 bytes. */
  readonly slot: Slot;
}

/** Counts the sockets of one host, and refuses what is beyond its limits. */
export class Capacity {
  readonly #settings: CapacitySettings;
  readonly #keys: KeyLimits;
  /** By pattern. */
  readonly #routes = new Map<string, RouteCounts>();
  #sockets = 0;
  /** Unadmitted sockets of all routes whose handlers call `ws.admit()`. */
  #unadmitted = 0;

  constructor(settings: CapacitySettings) {
    this.#settings = settings;
    this.#keys = new KeyLimits(settings.clock);
  }

  /**
   * Takes a slot for a handshake.
   *
   * @param pattern - That of its route.
   * @param request - What `limitBy` gets.
   * @returns The slot, to be left once; or the answer to a client for which there is none.
   */
  enter(pattern: string, request: HandshakeRequest): Slot | Refusal {
    const { maxSockets, maxUnadmitted, limitBy } = this.#settings;
    const route = this.#routeOf(pattern);
    if (this.#sockets >= maxSockets) return REFUSALS.full;
    if (route.admitted !== undefined && this.#unadmitted >= maxUnadmitted) return REFUSALS.unadmitted;
    const slot = this.#enterByKey(route, limitBy, request);
    if ('status' in slot) return slot;
    this.#sockets += 1;
    route.sockets += 1;
    if (route.admitted !== undefined) this.#unadmitted += 1;
    return slot;
  }

  /** Keeps no timer any more. */
  stop(): void {
    this.#keys.stop();
  }

  #enterByKey(
    route: RouteCounts,
    limitBy: CapacitySettings['limitBy'],
    request: HandshakeRequest,
  ): Slot | Refusal {
    let limit: unknown;
    try {
      limit = limitBy(request);
      if (limit === undefined) return route.slot;
      checkKeyLimit('limitBy()', limit);
      const live = this.#keys.enter(limit);
      return typeof live === 'number' ? tooMany(live) : this.#slotOf(route, live);
    } catch (error) {
      // A promise that rejects as well must not end the process.
      if (isThenable(limit)) limit.then(noop, noop);
      // Limited: a client may make it fail again and again.
      this.#settings.peerFaults.report('limitBy has failed', { phase: 'limitBy' }, () => error);
      return REFUSALS.failed;
    }
  }

  #routeOf(pattern: string): RouteCounts {
    const known = this.#routes.get(pattern);
    if (known !== undefined) return known;
    const route: RouteCounts = {
      sockets: 0,
      admitted: undefined,
      slot: {
        admit: (id) => this.#admit(route, id),
        leave: (id) => this.#leave(route, id),
      },
    };
    this.#routes.set(pattern, route);
    return route;
  }

  #slotOf({ slot }: RouteCounts, live: LiveKey): Slot {
    return {
      admit: (id) => slot.admit(id),
      leave: (id) => {
        slot.leave(id);
        this.#keys.leave(live);
      },
    };
  }

  #admit(route: RouteCounts, id: SocketId): void {
    if (route.admitted === undefined) {
      route.admitted = new Set();
      this.#unadmitted += route.sockets;
    }
    if (route.admitted.has(id)) return;
    route.admitted.add(id);
    this.#unadmitted -= 1;
  }

  #leave(route: RouteCounts, id: SocketId): void {
    this.#sockets -= 1;
    route.sockets -= 1;
    if (route.admitted === undefined || route.admitted.delete(id)) return;
    this.#unadmitted -= 1;
  }
}

function tooMany(waitMs: number): Refusal {
  return { ...REFUSALS.tooMany, headers: { 'Retry-After': String(Math.ceil(waitMs / 1000)) } };
}
