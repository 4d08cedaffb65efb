// A room that clients follow: each message of the room, on whichever node it was published, and
// each place where messages may be missing. The client: page/page.ts.

import { randomUUID } from 'node:crypto';
import { select } from 'corosock';
import type { Host, RoomEvent, ServerSocket, Subscription } from 'corosock';

/** What a client is sent, as JSON. */
export type Line =
  /** From here on each message comes, or a gap in its place. */
  | { readonly following: true }
  /** Two nodes may send the same message to a client that changes between them: its id tells. */
  | { readonly id: string; readonly text: string; readonly node?: number }
  | { readonly gap: { readonly forMs: number } };

/** Publishes to a room, on all nodes. @param node - Where, for pages that show it. */
export function say(host: Host, room: string, text: string, node?: number): void {
  const line: Line = { id: randomUUID(), text, ...(node !== undefined && { node }) };
  host.room(room).publish(JSON.stringify(line));
}

/** Tells its client what is published to the room in its path, until the client leaves. */
export async function follow(ws: ServerSocket): Promise<void> {
  ws.discard();
  using events = await followed(ws, ws.request.params['room'] ?? '');
  for (;;) {
    const [from, taken] = await select({ events, over: ws.signal });
    if (from === 'over' || taken[1] !== 'ok') return;
    // A client that is slow makes the subscription miss messages, and find a gap in their place.
    if ((await ws.write(lineOf(taken[0]))) !== 'ok') return;
  }
}

/** Subscribes to a room for a client, and tells the client from where on each message comes. */
export async function followed(ws: ServerSocket, room: string): Promise<Subscription> {
  // A subscription begins at once, but the messages of other nodes may be some time in coming. To
  // join is to wait for them. What comes meanwhile goes to the client before its `following`.
  const membership = await ws.join(room);
  const events = membership.room.subscribe();
  membership.leave();
  await ws.write(JSON.stringify({ following: true } satisfies Line));
  return events;
}

/** What a client is sent of a message, or of a gap. */
export function lineOf(event: RoomEvent): string | Uint8Array {
  return 'gap' in event ? JSON.stringify(event satisfies Line) : event.data;
}
