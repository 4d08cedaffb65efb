// What each node of the demo serves: a room in which clients speak, see who is there, and are told
// where messages may be missing. Nothing here depends on the broker, or on how many nodes there
// are. node.ts serves it; the client is page/column.ts.

import { every, select } from 'corosock';
import type { Host, ServerSocket } from 'corosock';
import { followed, lineOf, say } from '../follow/follow.ts';
import type { Line } from '../follow/follow.ts';

const ROOM = 'town';

/** How a node sees the deployment. */
export interface View {
  /** Its link to the broker, and since when it has been so. */
  readonly broker: 'up' | 'down' | 'none';
  readonly sinceMs: number;
  /** Who is in the room on all nodes, and over how many sockets. */
  readonly present: ReadonlyArray<readonly [name: string, sockets: number]>;
  /** How many other nodes are not heard of, and for how long the first of them. */
  readonly missingNodes: number;
  readonly missingForMs: number;
}

/** What a client is sent, as JSON. */
export type TownLine = Line | { readonly view: View };

/** Publishes to the room, on all nodes. @param node - The number of the node that says it. */
export function sayInTown(host: Host, text: string, node: number): void {
  say(host, ROOM, text, node);
}

/** Serves `/town/ada`, and other names. @param node - The number of this node. */
export function townOf(node: number): (ws: ServerSocket<unknown, { name: string }>) => Promise<void> {
  return async (ws) => {
    const { host } = ws;
    const { name } = ws.request.params;
    const { presence } = host.room(ROOM);
    using events = await followed(ws, ROOM);
    using changes = presence.changes();
    using second = every(1000);
    const health = host.brokerHealth;
    presence.track(ws, name);

    for (;;) {
      const [from, taken] = await select({ line: ws, events, health, changes, second });
      if (from === 'line') {
        if (taken[1] !== 'ok') return;
        sayInTown(host, `${name}: ${String(taken[0])}`, node);
      } else if (from === 'events') {
        // Messages, and gaps in their place.
        if (taken[1] !== 'ok' || (await ws.write(lineOf(taken[0]))) !== 'ok') return;
      } else {
        await ws.write(JSON.stringify({ view: viewOf(ws) } satisfies TownLine));
      }
    }
  };
}

function viewOf({ host, clock }: Pick<ServerSocket, 'host' | 'clock'>): View {
  const { broker, sinceMs } = host.brokerHealth;
  const { members, missingNodes, asOfMs } = host.room(ROOM).presence.list();
  const present = Array.from(members, ([name, { sockets }]) => [name, sockets] as const);
  const missingForMs = clock.now() - asOfMs;
  return { broker, sinceMs, present, missingNodes: missingNodes.length, missingForMs };
}
