// A background job that pushes to sockets by id: it has never seen them, and they
// may have gone meanwhile.

import { defineServer } from 'corosock';
import type { Host, WebSocketServer } from 'corosock';

/** Ids of the sockets whose order is not ready yet. */
const waiting = new Set<string>();

export const orders: WebSocketServer<void> = defineServer({
  onPreServer(handshake) {
    handshake.sharedConnection = true;
  },

  // Returns; the socket stays, and can be reached by its id.
  async server(ws) {
    // It only writes: what clients send is dropped, and their close is seen at once.
    ws.discard();
    waiting.add(ws.id);
    await ws.write('You will hear from us.');
  },
});

/** Makes all orders that wait; says how many were delivered, and how many had gone. */
export async function makeOrders(host: Host): Promise<{ delivered: number; gone: number }> {
  const result = { delivered: 0, gone: 0 };
  for (const id of waiting) {
    waiting.delete(id);
    const [ws, status] = await host.openServer(id);
    if (status === 'ok' && (await ws.write('Your order is ready.')) === 'ok') {
      result.delivered += 1;
      void ws.endServer(1000, 'Enjoy');
    } else {
      result.gone += 1;
    }
  }
  return result;
}
