// Plays cases against hosts on ports, many connections side by side: the bytes of a case in each of
// several ways of cutting them, and what handler and socket tell of each.

import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { serve } from 'corosock';
import type { Data, Host, ServeOptions, ServerSocket } from 'corosock';
import { settle } from 'corosock/testing';
import { upgradeRequest } from '../peers/raw-client.ts';
import type { ConformanceCase } from './autobahn.ts';

/** How the bytes of a case are cut: by frames, or into pieces of so many octets. */
export type Cut = 'whole' | 'frames' | '1 octet' | '4 octets' | '1,000 octets';

/** One connection: a case in one way of cutting it. */
export interface Play {
  readonly of: ConformanceCase;
  readonly cut: Cut;
  /** What the handler read, as tokens. */
  readonly read: string[];
  /** How the socket ended; undefined while it has not. */
  end: { readonly code: number; readonly by: string; readonly clean: boolean } | undefined;
  /** All that the server has sent. */
  received: Buffer;
}

const SMALL = { maxMessageBytes: 1000 };
// Without pings of its own, all that a host sends is an answer.
const QUIET = { heartbeat: false } as const;
const HOSTS: Readonly<Record<ConformanceCase['host'], ServeOptions>> = {
  plain: QUIET,
  deflate: { ...QUIET, compression: true },
  small: { ...QUIET, ...SMALL },
  both: { ...QUIET, ...SMALL, compression: true },
  fragments: { ...QUIET, maxFragments: 65_536 },
  leaving: QUIET,
};
/** Connections at once. */
const SIDE_BY_SIDE = 64;

/** Plays each case in each way of cutting that suits its size. */
export async function playAll(cases: readonly ConformanceCase[]): Promise<readonly Play[]> {
  const plays = cases.flatMap((of) => cutsOf(of).map((cut): Play => newPlay(of, cut)));
  const hosts = new Map<string, Host>();
  const answer = recorderOf(plays);
  try {
    for (const [name, options] of Object.entries(HOSTS)) hosts.set(name, await serve(answer, options));
    const waiting = plays.entries();
    const work = async (): Promise<void> => {
      for (const [index, play] of waiting) await playOne((hosts.get(play.of.host) as Host).port, play, index);
    };
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work));
    return plays;
  } finally {
    await Promise.all([...hosts.values()].map((host) => host.close({ graceMs: 0 })));
  }
}

/** Names a message as frames.py does: short ones by their bytes, others by length and digest. */
export function tokenOf(data: Data): string {
  const kind = typeof data === 'string' ? 'text' : 'binary';
  const bytes = Buffer.from(data as Uint8Array);
  if (bytes.length <= 32) return `${kind} ${bytes.toString('hex')}`;
  const digest = createHash('sha1').update(bytes).digest('hex').slice(0, 16);
  return `${kind} of ${bytes.length} bytes ${digest}`;
}

function newPlay(of: ConformanceCase, cut: Cut): Play {
  return { of, cut, read: [], end: undefined, received: Buffer.alloc(0) };
}

/** Long cases are not sent octet by octet, nor those of very many frames frame by frame. */
function cutsOf({ frames }: ConformanceCase): readonly Cut[] {
  const octets = frames.reduce((sum, hex) => sum + hex.length / 2, 0);
  const cuts: Cut[] = ['whole'];
  if (frames.length > 1 && frames.length <= 200) cuts.push('frames');
  if (octets <= 600) cuts.push('1 octet');
  if (octets <= 2000) cuts.push('4 octets');
  if (octets > 2000 && octets <= 200_000) cuts.push('1,000 octets');
  return cuts;
}

/** The handler of all hosts: notes each message and sends it back. The query names the play. */
function recorderOf(plays: readonly Play[]): (ws: ServerSocket) => Promise<void> {
  return async (ws) => {
    const play = plays[Number(ws.request.url.search.slice(1))] as Play;
    if (play.of.host === 'leaving') void ws.endServer(4000, 'bye');
    for (;;) {
      const [data, status] = await ws.readMessage();
      if (status !== 'ok') break;
      await ws.write(data);
      play.read.push(tokenOf(data));
    }
    const { code, by, clean } = await ws.closed;
    play.end = { code, by, clean };
  };
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

/** Waits for what another turn brings about, but not for ever: a failed case must not stop others. */
async function until(holds: () => boolean): Promise<void> {
  for (let looks = 0; looks < 500 && !holds(); looks += 1) await settle();
}

function piecesOf({ of, cut }: Play, isFresh: boolean): readonly Buffer[] {
  const frames = ((isFresh ? of.fresh : null) ?? of.frames).map((hex) => Buffer.from(hex, 'hex'));
  if (cut === 'frames') return frames;
  const all = Buffer.concat(frames);
  const octets = cut === 'whole' ? all.length : Number(cut.split(' ')[0]?.replace(',', ''));
  return Array.from({ length: Math.ceil(all.length / octets) }, (_, n) =>
    all.subarray(n * octets, (n + 1) * octets),
  );
}
