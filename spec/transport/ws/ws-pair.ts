// A link over loopback for the contract and the specs of transport/ws/: a server's WsTransport, made
// by a WsAcceptor, and a client's, over the client that connector.ts makes.

import { compressionOf } from '../../../src/core/compression.ts';
import { realClock } from '../../../src/time/real-clock.ts';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { RecordedEnd } from '../../../src/testing/contracts/recorded-link.ts';
import { RecordedLink } from '../../../src/testing/contracts/recorded-link.ts';
import type { TransportPair } from '../../../src/testing/contracts/link-check.ts';
import type { Transport } from '../../../src/transport/transport.ts';
import { WsAcceptor } from '../../../src/transport/ws/acceptor.ts';
import { acceptedBy } from './scripted-stream.ts';
import { WsOrderedSocket } from '../../../src/transport/ws/ordered-socket.ts';
import { WsTransport } from '../../../src/transport/ws/transport.ts';
import { openRaw } from '../../peers/raw-client.ts';
import type { RawClient } from '../../peers/raw-client.ts';

export interface WsLink extends AsyncDisposable {
  readonly server: Transport;
  readonly client: Transport;
}

export interface LinkOptions {
  /** Default false. */
  readonly compression?: boolean;
  /** Whether the client knows the stream below its WebSocket. Default true. */
  readonly counts?: boolean;
}

export const MAX_MESSAGE_BYTES = 70_000;

/** Connects ws's client to a server of its own. */
export async function wsLink({ compression = false, counts = true }: LinkOptions = {}): Promise<WsLink> {
  const { http, port, accepted } = await acceptOne(compression);
  const url = `ws://127.0.0.1:${port}`;
  const ws = new WsOrderedSocket(url, { maxPayload: MAX_MESSAGE_BYTES, perMessageDeflate: compression });
  const opened = Promise.all([once(ws, 'upgrade'), once(ws, 'open')]).then(
    ([[{ socket }]]) => new WsTransport(ws, counts ? (socket as Socket) : undefined),
  );
  const [server, client] = await Promise.all([accepted, opened]);
  return {
    server,
    client,
    async [Symbol.asyncDispose]() {
      client.terminate();
      server.terminate();
      http.close();
      await once(http, 'close');
    },
  };
}

/** Makes a link as the contract needs it. */
export async function wsPair(near: 'server' | 'client', options?: LinkOptions): Promise<TransportPair> {
  const { server, client, [Symbol.asyncDispose]: dispose } = await wsLink(options);
  const [nearEnd, farEnd] = near === 'server' ? [server, client] : [client, server];
  return {
    near: nearEnd,
    far: farEnd,
    farMaxMessageBytes: MAX_MESSAGE_BYTES,
    [Symbol.asyncDispose]: dispose,
  };
}

/** Connects a raw client to a server of its own; it offers compression, which the server may accept. */
export async function rawLink({ compression = false }: LinkOptions = {}): Promise<
  AsyncDisposable & { readonly transport: Transport; readonly client: RawClient }
> {
  const { http, port, accepted } = await acceptOne(compression);
  const client = await openRaw(port, { headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' } });
  const transport = await accepted;
  return {
    transport,
    client,
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      transport.terminate();
      http.close();
      await once(http, 'close');
    },
  };
}

/** Starts a server that accepts one upgrade. */
export async function acceptOne(
  compression: boolean,
): Promise<{ readonly http: Server; readonly port: number; readonly accepted: Promise<Transport> }> {
  const acceptor = new WsAcceptor({
    maxMessageBytes: MAX_MESSAGE_BYTES,
    maxFragments: 16_384,
    compression: compressionOf('spec', compression),
    clock: realClock,
    closeTimeoutMs: 5000,
  });
  const http = createServer();
  const accepted = new Promise<Transport>((resolve) => {
    http.on('upgrade', (request, stream, head) => {
      resolve(acceptedBy(acceptor, { request, stream, head }));
    });
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return { http, port: (http.address() as AddressInfo).port, accepted };
}

/** Opens a transport with a sink that records its calls. */
export function openEnd(transport: Transport): RecordedEnd {
  const { near } = new RecordedLink({ near: transport, far: transport });
  near.open();
  return near;
}
