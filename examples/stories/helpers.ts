// A relay between a client and another socket: whoever asks talks to a helper, who
// was there before and is known by an id.

import { defineServer, select } from 'corosock';
import type { ServerSocket, WebSocketServer } from 'corosock';

/** Waits for somebody who asks; the first message is the id to be found by. */
export const helper: WebSocketServer<void> = defineServer({
  onPreServer(handshake) {
    handshake.sharedConnection = true;
  },

  async server(ws) {
    await ws.write(ws.id);
  },
});

/** Asks the helper whose id is in the path: what one says goes to the other, until one of them leaves. */
export async function asking(ws: ServerSocket): Promise<void> {
  const [other, found] = await ws.host.openServer(ws.request.params['id'] ?? '');
  if (found !== 'ok') {
    await ws.endServer(4404, 'Nobody is there');
    return;
  }
  try {
    for (;;) {
      const [from, [data, status]] = await select({ ws, other });
      if (status !== 'ok') break;
      // Awaiting it is the back-pressure: who is too slow to listen is told less. With the signal
      // a helper that does not read keeps nobody who has left.
      await (from === 'ws' ? other : ws).write(data, { signal: ws.signal });
    }
  } finally {
    void other.endServer(1000, 'The other side has left');
  }
}
