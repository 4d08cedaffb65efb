// Plays cases against hosts of ours on ports, many connections side by side: autobahn's client sends
// the bytes of a case, and handler and socket tell what they have seen.

import { connect } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { serve } from 'corosock';
import type { Host, ServerSocket } from 'corosock';
import { upgradeRequest } from '../peers/raw-client.ts';
import type { ConformanceCase } from './autobahn.ts';
import { echoAndNote, KINDS, piecesOf, playsOf, sideBySide, until } from './player.ts';
import type { Play } from './player.ts';

/** Plays all cases. */
export async function playAgainstHosts(cases: readonly ConformanceCase[]): Promise<readonly Play[]> {
  const plays = playsOf(cases);
  const hosts = new Map<string, Host>();
  // The query of a request names the play.
  const answer = async (ws: ServerSocket): Promise<void> => {
    const play = plays[Number(ws.request.url.search.slice(1))] as Play;
    if (play.of.host === 'leaving') void ws.endServer(4000, 'bye');
    await echoAndNote(ws, play);
  };
  try {
    for (const [name, options] of Object.entries(KINDS)) {
      hosts.set(name, await serve(answer, { ...options, report: () => {} }));
    }
    await sideBySide(plays, (play, index) => playOne((hosts.get(play.of.host) as Host).port, play, index));
    return plays;
  } finally {
    await Promise.all([...hosts.values()].map((host) => host.close({ graceMs: 0 })));
  }
}

async function playOne(port: number, play: Play, index: number): Promise<void> {
  const { offer, goodbye, read } = play.of;
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => void chunks.push(chunk));
  // The server may be gone before all is sent.
  socket.on('error', () => socket.destroy());
  const over = new Promise((resolve) => socket.once('end', resolve).once('close', resolve));
  const headers = { 'Sec-WebSocket-Extensions': offer ?? undefined };
  socket.write(upgradeRequest({ requestLine: `GET /?${index} HTTP/1.1`, headers }));
  await until(() => Buffer.concat(chunks).includes('\r\n\r\n') || socket.readableEnded);
  const isFresh = Buffer.concat(chunks).includes('client_no_context_takeover');
  for (const piece of piecesOf(play, isFresh)) {
    if (!socket.writable || socket.readableEnded) break;
    socket.write(piece);
    await nextTurn();
  }
  if (goodbye !== null) {
    await until(() => play.read.length >= read.length || socket.readableEnded);
    if (socket.writable) socket.write(Buffer.from(goodbye, 'hex'));
  }
  await over;
  socket.end();
  await until(() => play.end !== undefined);
  play.received = Buffer.concat(chunks);
}
