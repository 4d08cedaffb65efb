// Pings of a server that asks its clients for a sign of life: they are answered, and
// nobody who counts or compares what comes back sees them.

import type { Socket } from 'node:net';

/** FIN and the opcode of a ping; no text here, and no header in front of it, has such a byte. */
const PING = 0x89;
/** Masked, and empty as such a ping is. */
const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);
const PING_BYTES = 2;

/** Answers the pings that come on a connection, and takes them out of what it delivers. */
export function answerPings(socket: Socket): void {
  const push = socket.push.bind(socket);
  socket.push = (chunk: Buffer | null, encoding) => {
    let rest = chunk;
    for (let at = rest?.indexOf(PING) ?? -1; rest !== null && at >= 0; at = rest.indexOf(PING, at)) {
      rest = Buffer.concat([rest.subarray(0, at), rest.subarray(at + PING_BYTES)]);
      socket.write(PONG);
    }
    return push(rest, encoding);
  };
}
