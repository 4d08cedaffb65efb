// A chat over shared connections: no handler waits for anybody. Whoever is on the
// same path hears what is said; who is too slow to hear it misses it.

import { defineServer } from 'corosock';
import type { ServerSocket, WebSocketServer } from 'corosock';

export const chat: WebSocketServer<string> = defineServer({
  onPreServer(handshake) {
    handshake.sharedConnection = true;
    return handshake.request.url.searchParams.get('name') ?? 'Somebody';
  },

  // Returns at once; the socket stays.
  server(ws) {
    tellAll(ws, `${ws.context} comes in.`);
  },

  onClientMessage(ws, data) {
    tellAll(ws, `${ws.context}: ${String(data)}`);
    return true;
  },

  onPostServer(ws) {
    tellAll(ws, `${ws.context} has left.`);
  },
});

function tellAll({ host, request }: ServerSocket, text: string): void {
  for (const member of host.sockets.values()) {
    if (member.request.url.pathname !== request.url.pathname) continue;
    // No time to wait for room: nobody waits for a slow member.
    void member.write(text, { timeoutMs: 0 });
  }
}
