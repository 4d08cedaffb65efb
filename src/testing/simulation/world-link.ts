// One link of a world: a lane of the agenda for each direction. The handshake takes the same way as
// the frames after it, so that no message overtakes the answer that it follows.

import type { Agenda, Lane } from './agenda.ts';
import type { ServerSocket } from '../../server/host.ts';
import type { Wire } from '../../transport/memory-transport.ts';
import type { ClientSocket } from '../../socket/client-socket.ts';

/** The two ends of a link that is open. */
export interface LinkEnds {
  readonly client: Pick<ClientSocket, 'closeInfo'>;
  readonly ws: Pick<ServerSocket, 'closeInfo'>;
}

/** One link between a client and a host. */
export class WorldLink {
  readonly #agenda: Agenda;
  readonly toHost: Lane;
  readonly toClient: Lane;
  readonly wires: readonly [toHost: Wire, toClient: Wire];
  /** Undefined until the host has accepted the client. */
  ends: LinkEnds | undefined;

  constructor(agenda: Agenda) {
    this.#agenda = agenda;
    this.toHost = agenda.openLane();
    this.toClient = agenda.openLane();
    this.wires = [(arrive) => this.toHost.add(arrive), (arrive) => this.toClient.add(arrive)];
  }

  /** Whether both ends have closed: nothing that is under way can change them. */
  get isOver(): boolean {
    return this.ends?.client.closeInfo !== undefined && this.ends.ws.closeInfo !== undefined;
  }

  /** Takes the link out of the agenda, with all that is under way. */
  close(): void {
    this.#agenda.closeLane(this.toHost);
    this.#agenda.closeLane(this.toClient);
  }
}
