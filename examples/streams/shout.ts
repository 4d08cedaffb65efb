// A socket as a stream of Node: each message is one object, `pipeline` holds both
// sides back, and the end of one is the end of the other.

import { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Data, ServerSocket } from 'corosock';

/** Says everything again, louder. Returns when the peer has closed; throws when it was lost. */
export async function shout(ws: ServerSocket): Promise<void> {
  const peer = Duplex.fromWeb(ws, { objectMode: true });
  await pipeline(peer, louder, peer);
}

async function* louder(messages: AsyncIterable<Data>): AsyncGenerator<string> {
  for await (const message of messages) yield `${String(message).toUpperCase()}!`;
}
