// Links as ws-pair.ts makes them, over streams other than TCP: TLS, and a plain stream. For the
// contract, and for what must be the same over any stream.

import { realClock } from '../../../src/time/real-clock.ts';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { ClientOptions } from 'ws';
import type { TransportPair } from '../../../src/testing/contracts/link-check.ts';
import type { Transport } from '../../../src/transport/transport.ts';
import { acceptedBy } from './scripted-stream.ts';
import { WsAcceptor } from '../../../src/transport/ws/acceptor.ts';
import { WsOrderedSocket } from '../../../src/transport/ws/ordered-socket.ts';
import { WsTransport } from '../../../src/transport/ws/transport.ts';
import { listenSecurely } from '../../fixtures/listening-server.ts';
import { pairedStreams } from './paired-streams.ts';

export type Beneath = 'TLS' | 'a plain stream';

const MAX_MESSAGE_BYTES = 70_000;

/** Connects ws's client to a server of its own. @param end - The near one. */
export async function wsPairOver(
  beneath: Beneath,
  end: 'server' | 'client' = 'server',
): Promise<TransportPair> {
  const pair = await (beneath === 'TLS' ? overTls() : overPlainStream());
  return end === 'server' ? pair : { ...pair, near: pair.far, far: pair.near };
}

async function overTls(): Promise<TransportPair> {
  const secure = await listenSecurely();
  const url = `wss://127.0.0.1:${secure.port}`;
  const { near, far } = await connect(secure.server, url, { rejectUnauthorized: false });
  return pairOf(near, far, async () => secure[Symbol.asyncDispose]());
}

async function overPlainStream(): Promise<TransportPair> {
  const http = createServer();
  const [ours, theirs] = pairedStreams();
  const connecting = connect(http, 'ws://localhost', { createConnection: () => theirs as never });
  http.emit('connection', ours);
  const { near, far } = await connecting;
  return pairOf(near, far, async () => {
    ours.destroy();
    if (!ours.closed) await once(ours, 'close');
  });
}

async function connect(
  server: Server | HttpsServer,
  url: string,
  options: ClientOptions,
): Promise<{ readonly near: Transport; readonly far: Transport }> {
  const acceptor = new WsAcceptor({
    maxMessageBytes: MAX_MESSAGE_BYTES,
    maxFragments: 16_384,
    compression: undefined,
    clock: realClock,
    closeTimeoutMs: 5000,
  });
  const accepted = new Promise<Transport>((resolve) => {
    server.on('upgrade', (request, stream, head) => {
      resolve(acceptedBy(acceptor, { request, stream, head }));
    });
  });
  const ws = new WsOrderedSocket(url, {
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    ...options,
  });
  const opened = new Promise<Transport>((resolve) => {
    ws.once('open', () => resolve(new WsTransport(ws)));
  });
  const [near, far] = await Promise.all([accepted, opened]);
  return { near, far };
}

function pairOf(near: Transport, far: Transport, dispose: () => Promise<void>): TransportPair {
  return {
    near,
    far,
    farMaxMessageBytes: MAX_MESSAGE_BYTES,
    [Symbol.asyncDispose]: async () => {
      far.terminate();
      near.terminate();
      await dispose();
    },
  };
}
