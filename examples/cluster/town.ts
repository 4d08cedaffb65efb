// What each node of the demo serves: a room in which clients speak, see who is there, and are told
// where messages may be missing. Nothing here depends on the broker, or on how many nodes there
// are. node.ts serves it; the client is page/column.ts.

import { every, select } from 'corosock';
import type { Host, ServerSocket } from 'corosock';
import { followed, lineOf, say } from '../follow/follow.ts';
import type { Line } from '../follow/follow.ts';

const ROOM = 'town';
/** How late a view may say that nodes are missing. */
const VIEW_FOR_MS = 500;

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
  const views = new Views();
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
        await ws.write(views.lineOf(ws));
      }
    }
  };
}

/** The view of one node. It is made once for all its sockets, until something in it changes. */
class Views {
  #members: unknown;
  #sinceMs = -1;
  #madeMs = -Infinity;
  #line = '';

  lineOf({ host, clock }: Pick<ServerSocket, 'host' | 'clock'>): string {
    const { broker, sinceMs } = host.brokerHealth;
    const { members, missingNodes, asOfMs } = host.room(ROOM).presence.list();
    const nowMs = clock.now();
    // The members are the same object until one of them changes.
    const isNew = members !== this.#members || sinceMs !== this.#sinceMs;
    if (!isNew && nowMs - this.#madeMs < VIEW_FOR_MS) return this.#line;
    const present = Array.from(members, ([name, { sockets }]) => [name, sockets] as const);
    const missing = { missingNodes: missingNodes.length, missingForMs: nowMs - asOfMs };
    this.#line = JSON.stringify({ view: { broker, sinceMs, present, ...missing } } satisfies TownLine);
    this.#members = members;
    this.#sinceMs = sinceMs;
    this.#madeMs = nowMs;
    return this.#line;
  }
}
