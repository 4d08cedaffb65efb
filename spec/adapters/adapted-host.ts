// A host on a port that passes each socket to a library for `ws`, by a WebSocketServer that never
// listens: as docs/guide/adapters.md shows it.

import { asWs, serve } from 'corosock';
import type { Handshake, Host, HostOptions, ServerSocket } from 'corosock';
import type { IncomingMessage } from 'node:http';
import { WebSocketServer } from 'ws';

export interface AdaptedHost extends AsyncDisposable {
  readonly host: Host;
  readonly wss: WebSocketServer;
  /** What the host has reported. */
  readonly reports: readonly unknown[];
}

/** @param adapt - Lets a library listen to `connection`. */
export async function adaptedHost(
  adapt: (wss: WebSocketServer) => void,
  options: HostOptions = {},
): Promise<AdaptedHost> {
  const wss = new WebSocketServer({ noServer: true });
  adapt(wss);
  const reports: unknown[] = [];
  const host = await serve(
    {
      onPreServer: ({ request }: Handshake) => request.raw as IncomingMessage,
      async server(ws: ServerSocket<IncomingMessage>) {
        const socket = asWs(ws);
        wss.clients.add(socket);
        wss.emit('connection', socket, ws.context);
        await ws.closed;
        wss.clients.delete(socket);
      },
    },
    { report: (error) => reports.push(error), ...options },
  );
  return { host, wss, reports, [Symbol.asyncDispose]: () => host[Symbol.asyncDispose]() };
}
