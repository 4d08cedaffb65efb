// A chat: one room a path, each line to all in it, and who comes. It runs on one process or on
// many: brokers.ts has what differs, and server.ts starts it.

import { select, serve } from 'corosock';
import type { Handshake, Host, ServeOptions, ServerSocket } from 'corosock';

/** Serves `/chat/lobby?name=ada`, and other rooms. */
export const openChat = (options: ServeOptions): Promise<Host> =>
  serve({ '/chat/:room': { onPreServer: share, server: chat } }, options);

/** Lets push.ts open the socket by its id. */
function share(handshake: Handshake): void {
  handshake.sharedConnection = true;
}

async function chat(ws: ServerSocket<unknown, { readonly room: string }>): Promise<void> {
  const name = ws.request.url.searchParams.get('name') ?? 'a guest';
  const { room } = await ws.join(ws.request.params.room);
  room.presence.track(ws, name);
  using changes = room.presence.changes();
  await ws.write(`Your id is ${ws.id}`);
  for (;;) {
    const [source, taken] = await select({ line: ws, changes });
    if (taken[1] !== 'ok') return;
    if (source === 'line') room.publish(`${name}: ${String(taken[0])}`);
    else for (const joined of taken[0].joined) await ws.write(`${joined} is here`);
  }
}
