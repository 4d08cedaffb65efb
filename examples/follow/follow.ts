// A room that clients follow: each message of the room, on whichever node it was published, and
// each place where messages may be missing. The client: page/page.ts.

import { randomUUID } from 'node:crypto';
import { select } from 'corosock';
import type { Host, RoomEvent, ServerSocket } from 'corosock';

/** What a client is sent, as JSON. */
export type Line =
  /** From here on each message comes, or a gap in its place. */
  | { readonly following: true }
  /** Two nodes may send the same message to a client that changes between them: its id tells. */
  | { readonly id: string; readonly text: string }
  | { readonly gap: { readonly forMs: number } };

/** Publishes to a room, on all nodes. */
export function say(host: Host, room: string, text: string): void {
  host.room(room).publish(JSON.stringify({ id: randomUUID(), text } satisfies Line));
}

/** Tells its client what is published to the room in its path, until the client leaves. */
export async function follow(ws: ServerSocket): Promise<void> {
  ws.discard();
  // A subscription begins at once, but the messages of other nodes may be some time in coming. To
  // join is to wait for them. What comes meanwhile goes to the client before its `following`.
  const membership = await ws.join(ws.request.params['room'] ?? '');
  using events = membership.room.subscribe();
  membership.leave();
  await ws.write(JSON.stringify({ following: true } satisfies Line));
  for (;;) {
    const [from, taken] = await select({ events, over: ws.signal });
    if (from === 'over' || taken[1] !== 'ok') return;
    // A client that is slow makes the subscription miss messages, and find a gap in their place.
    if ((await ws.write(lineOf(taken[0]))) !== 'ok') return;
  }
}

function lineOf(event: RoomEvent): string | Uint8Array {
  return 'gap' in event ? JSON.stringify(event satisfies Line) : event.data;
}
