// Plays cases against clients of ours, many connections side by side: a server of bare TCP answers
// the handshake and sends what autobahn's server would, and each client tells what it has seen.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { connect } from 'corosock/client';
import { OPCODE } from '../peers/frames.ts';
import type { ConformanceCase } from './autobahn.ts';
import { echoAndNote, KINDS, piecesOf, playsOf, sideBySide, until } from './player.ts';
import type { Play } from './player.ts';

/** RFC 6455 §1.3. */
const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Plays all cases. */
export async function playAgainstClients(cases: readonly ConformanceCase[]): Promise<readonly Play[]> {
  const plays = playsOf(cases);
  const server = createServer(
    { allowHalfOpen: true, noDelay: true },
    (socket) => void serveOne(socket, plays),
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    await sideBySide(plays, (play, index) => playOne(`ws://127.0.0.1:${port}/?${index}`, play));
    return plays;
  } finally {
    server.close();
  }
}

async function playOne(url: string, play: Play): Promise<void> {
  const ws = await connect(url, KINDS[play.of.host]);
  if (play.of.host === 'leaving') void ws.close(4000, 'bye');
  await echoAndNote(ws, play);
  await until(() => play.received.length > 0);
}

/** The server's side of one connection. */
async function serveOne(socket: Socket, plays: readonly Play[]): Promise<void> {
  let received = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => (received = Buffer.concat([received, chunk])));
  // The client may be gone before all is sent.
  socket.on('error', () => socket.destroy());
  const isOver = (): boolean => socket.readableEnded || socket.destroyed;
  await until(() => received.includes('\r\n\r\n') || isOver());
  const head = received.toString('latin1', 0, received.indexOf('\r\n\r\n') + 4);
  const play = plays[Number(/^GET \/\?(\d+) /u.exec(head)?.[1])] as Play;
  const { offer, goodbye, read } = play.of;
  socket.write(switchingProtocols(head, offer));
  const hasClosed = (): boolean => hasCloseFrame(received.subarray(head.length));
  if (play.of.host === 'leaving') await until(() => hasClosed() || isOver());
  for (const piece of piecesOf(play, false)) {
    if (!socket.writable || isOver()) break;
    socket.write(piece);
    await nextTurn();
  }
  if (goodbye !== null) {
    await until(() => play.read.length >= read.length || isOver());
    if (socket.writable) socket.write(Buffer.from(goodbye, 'hex'));
  }
  // The server is the side that drops the link behind the close frames (RFC 6455 §7.1.1).
  await until(() => hasClosed() || isOver());
  socket.end();
  await until(isOver);
  play.received = received;
}

function switchingProtocols(request: string, extensions: string | null): string {
  const key = /^sec-websocket-key: (.*)\r$/imu.exec(request)?.[1] ?? '';
  const accept = createHash('sha1').update(`${key}${ACCEPT_GUID}`).digest('base64');
  return [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${accept}`,
    ...(extensions === null ? [] : [`Sec-WebSocket-Extensions: ${extensions}`]),
    '\r\n',
  ].join('\r\n');
}

/** Looks for a close frame behind whole frames, which a client masks. */
function hasCloseFrame(bytes: Buffer): boolean {
  for (let at = 0; at + 6 <= bytes.length;) {
    if (((bytes[at] ?? 0) & 0x0f) === OPCODE.close) return true;
    const short = (bytes[at + 1] ?? 0) & 0x7f;
    if (short === 126) at += 8 + bytes.readUInt16BE(at + 2);
    else if (short === 127) at += 14 + Number(bytes.readBigUInt64BE(at + 2));
    else at += 6 + short;
  }
  return false;
}
