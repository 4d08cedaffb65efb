// One link of a world: a lane of the agenda for each direction. The handshake takes the same way as
// the frames after it, so that no message overtakes the answer that it follows. world.ts makes one
// for each client; its faults are scripted through `client.link`.

import type { Agenda, Lane } from './agenda.ts';
import type { ServerSocket } from '../../server/host.ts';
import type { Wire } from '../../transport/memory-transport.ts';
import type { ClientSocket } from '../../socket/client-socket.ts';

/** A direction of a link, seen from the client: `'out'` is from the client to the host. */
export type LinkDirection = 'in' | 'out';

/** The link of one client, whose faults a script decides. */
export interface Link {
  /**
   * Holds all that is under way, and all that is sent from now on: nothing is lost, nothing
   * arrives. The sender's `bufferedBytes` stay until {@link heal}.
   *
   * @param direction - `'in'` is host to client, `'out'` is client to host. Default: both.
   */
  stall(direction?: LinkDirection): void;
  /** Lets everything that was held arrive, in its order. Has no effect on a link that is cut. */
  heal(): void;
  /** Resets the connection: both ends close with 1006 at once. What is under way is lost. */
  reset(): void;
  /**
   * Loses all that is under way, and all that is sent from now on, for ever. No end is told: a
   * heartbeat or a time-out finds out. Only {@link reset} ends such a link for both.
   */
  cut(): void;
}

/** A client of a world, with its link. */
export interface WorldClient extends ClientSocket {
  readonly link: Link;
}

/** The two ends of a link that is open. */
export interface LinkEnds {
  readonly client: Pick<ClientSocket, 'closeInfo'>;
  readonly ws: Pick<ServerSocket, 'closeInfo'>;
  /** Ends both ends, as a reset of the connection does. */
  reset(): void;
}

/** One link between a client and a host. */
export class WorldLink implements Link {
  readonly #agenda: Agenda;
  readonly toHost: Lane;
  readonly toClient: Lane;
  readonly wires: readonly [toHost: Wire, toClient: Wire];
  /** Undefined until the host has accepted the client. */
  ends: LinkEnds | undefined;
  #isCut = false;

  constructor(agenda: Agenda) {
    this.#agenda = agenda;
    this.toHost = agenda.openLane();
    this.toClient = agenda.openLane();
    this.wires = [
      (arrive) => this.#carry(this.toHost, arrive),
      (arrive) => this.#carry(this.toClient, arrive),
    ];
  }

  /** Whether both ends have closed: nothing that is under way can change them. */
  get isOver(): boolean {
    return this.ends?.client.closeInfo !== undefined && this.ends.ws.closeInfo !== undefined;
  }

  // Called by scripts.

  stall(direction?: LinkDirection): void {
    if (direction !== 'in') this.toHost.isHeld = true;
    if (direction !== 'out') this.toClient.isHeld = true;
  }

  heal(): void {
    this.toHost.isHeld = false;
    this.toClient.isHeld = false;
  }

  reset(): void {
    this.#lose();
    this.ends?.reset();
  }

  cut(): void {
    this.#isCut = true;
    this.#lose();
  }

  // Called by the world.

  /** Gives the client of this link its faults. */
  withLink(client: ClientSocket): WorldClient {
    return Object.assign(client, { link: this });
  }

  /** Takes the link out of the agenda, with all that is under way. */
  close(): void {
    this.#agenda.closeLane(this.toHost);
    this.#agenda.closeLane(this.toClient);
  }

  /** A frame whose `arrive` is never called is lost. */
  #carry(lane: Lane, arrive: () => void): void {
    if (!this.#isCut) lane.add(arrive);
  }

  #lose(): void {
    this.toHost.clear();
    this.toClient.clear();
  }
}
