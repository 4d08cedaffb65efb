// What both players share: a play is a case in one way of cutting its bytes. host-player.ts plays
// cases against hosts of ours, client-player.ts against clients of ours.

import { createHash } from 'node:crypto';
import type { ClientSocket } from 'corosock/client';
import type { Data, HostOptions, ServerSocket } from 'corosock';
import { settle } from 'corosock/testing';
import type { ConformanceCase } from './autobahn.ts';

/** How the bytes of a case are cut: by frames, or into pieces of so many octets. */
export type Cut = 'whole' | 'frames' | '1 octet' | '4 octets' | '1,000 octets';

/** One connection: a case in one way of cutting it. */
export interface Play {
  readonly of: ConformanceCase;
  readonly cut: Cut;
  /** What our side read, as tokens. */
  readonly read: string[];
  /** How the socket ended; undefined while it has not. */
  end: { readonly code: number; readonly by: string; readonly clean: boolean } | undefined;
  /** All that our side has sent. */
  received: Buffer;
}

type ConversationOptions = Pick<
  HostOptions,
  'compression' | 'heartbeat' | 'maxFragments' | 'maxMessageBytes'
>;

const SMALL = { maxMessageBytes: 1000 };
// Without pings of its own, all that our side sends is an answer.
const QUIET = { heartbeat: false } as const;
/** The options of our side. */
export const KINDS: Readonly<Record<ConformanceCase['host'], ConversationOptions>> = {
  plain: QUIET,
  deflate: { ...QUIET, compression: true },
  small: { ...QUIET, ...SMALL },
  both: { ...QUIET, ...SMALL, compression: true },
  fragments: { ...QUIET, maxFragments: 65_536 },
  leaving: QUIET,
};
/** Connections at once. */
const SIDE_BY_SIDE = 64;

/** Makes the plays of all cases: each in each way of cutting that suits its size. */
export function playsOf(cases: readonly ConformanceCase[]): readonly Play[] {
  return cases.flatMap((of) => cutsOf(of).map((cut) => newPlay(of, cut)));
}

/** Plays many at once. */
export async function sideBySide(
  plays: readonly Play[],
  playOne: (play: Play, index: number) => Promise<void>,
): Promise<void> {
  const waiting = plays.entries();
  const work = async (): Promise<void> => {
    for (const [index, play] of waiting) await playOne(play, index);
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work));
}

/** Our side: notes each message and sends it back, up to the end. */
export async function echoAndNote(ws: ServerSocket | ClientSocket, play: Play): Promise<void> {
  for (;;) {
    const [data, status] = await ws.readMessage();
    if (status !== 'ok') break;
    await ws.write(data);
    play.read.push(tokenOf(data));
  }
  const { code, by, clean } = await ws.closed;
  play.end = { code, by, clean };
}

/** Names a message as frames.py does: short ones by their bytes, others by length and digest. */
function tokenOf(data: Data): string {
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

/** Waits for what another turn brings about, but not for ever: a failed case must not stop others. */
export async function until(holds: () => boolean): Promise<void> {
  for (let looks = 0; looks < 500 && !holds(); looks += 1) await settle();
}

export function piecesOf({ of, cut }: Play, isFresh: boolean): readonly Buffer[] {
  const frames = ((isFresh ? of.fresh : null) ?? of.frames).map((hex) => Buffer.from(hex, 'hex'));
  if (cut === 'frames') return frames;
  const all = Buffer.concat(frames);
  const octets = cut === 'whole' ? all.length : Number(cut.split(' ')[0]?.replace(',', ''));
  return Array.from({ length: Math.ceil(all.length / octets) }, (_, n) =>
    all.subarray(n * octets, (n + 1) * octets),
  );
}
