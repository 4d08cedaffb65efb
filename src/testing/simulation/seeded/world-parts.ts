// What the parts of one world share: its order, its chances, its faults, and what hears of them.
// seeded-world.ts makes it once for each world. Types only.

import type { Agenda } from './agenda.ts';
import type { Choices } from './choices.ts';
import type { FaultSettings } from './faults.ts';
import type { ServerSocket } from '../../../server/host.ts';
import type { ClientSocket } from '../../../socket/client-socket.ts';
import type { MessageSocket } from '../../../socket/message-socket.ts';

/** The sockets at both ends of an open link. */
export interface LinkSockets {
  readonly client: ClientSocket & MessageSocket;
  readonly ws: ServerSocket & MessageSocket;
}

/** The parts of one world that its hosts and links use. */
export interface WorldParts {
  readonly agenda: Agenda;
  readonly choices: Choices;
  readonly faults: FaultSettings;
  /** Gets each fault that strikes, in words: `client 2 link reset`. */
  readonly tell: (what: string) => void;
  /** Gets both ends of each link, before the client has its own. */
  readonly join: (name: string, sockets: LinkSockets) => void;
  /** @throws UsageError where code of another world calls a client of this one. */
  readonly checkCaller: (name: string) => void;
}
