// Sockets under attack: what one of fifty costs the server in resident memory, at most.

import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { deflateRawSync } from 'node:zlib';
import { maskedFrame } from '../frames.ts';
import { openMany } from './peer.ts';
import { mib } from './row.ts';
import type { Figure, Row } from './row.ts';
import { withSubject } from './subject.ts';
import type { Kind, Order, Subject } from './subject.ts';

const ATTACKERS = 50;
const LIMIT_BYTES = 4 * 2 ** 20;
const FOR_MS = 5000;
const LOOK_MS = 50;
/** Most that one attacker sends. */
const SENT_BYTES = 24 * 2 ** 20;

interface Attack {
  readonly what: string;
  readonly order: Order;
  readonly headers?: readonly string[];
  /** Sent once, in front. */
  readonly first?: Buffer;
  /** Sent again and again. */
  readonly again: Buffer;
  /** Whether the attacker reads what comes back. */
  readonly reads: boolean;
}

const DEFLATE = 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits';

function repeated(frame: Buffer, bytes: number): Buffer {
  return Buffer.concat(Array.from({ length: Math.ceil(bytes / frame.length) }, () => frame));
}

/** A masked frame with a first byte of one's own. */
function frameOf(first: number, payload: Buffer): Buffer {
  const frame = maskedFrame(payload, true);
  frame[0] = first;
  return frame;
}

/** A message of 1 MiB that is 1 KiB long when it is deflated. */
const BOMB = frameOf(0xc2, deflateRawSync(Buffer.alloc(2 ** 20), { finishFlush: 2 }).subarray(0, -4));

const ATTACKS: readonly Attack[] = [
  {
    what: 'empty messages',
    order: { conduct: 'slow' },
    again: repeated(maskedFrame(Buffer.alloc(0)), 65_536),
    reads: true,
  },
  {
    what: 'messages of 1 KiB',
    order: { conduct: 'slow' },
    again: repeated(maskedFrame(Buffer.alloc(1024, 'x')), 65_536),
    reads: true,
  },
  {
    what: 'fragments of 1 byte',
    order: { conduct: 'slow' },
    first: frameOf(0x01, Buffer.from('x')),
    again: repeated(frameOf(0x00, Buffer.from('x')), 65_536),
    reads: true,
  },
  {
    what: 'deflate bombs',
    order: { conduct: 'slow', options: { compression: true } },
    headers: [DEFLATE],
    again: BOMB,
    reads: true,
  },
  {
    what: 'pings, their answers not read',
    order: { conduct: 'slow' },
    again: repeated(frameOf(0x89, Buffer.alloc(125, 'x')), 65_536),
    reads: false,
  },
  {
    what: 'echoes that are read slowly',
    order: { conduct: 'echo' },
    again: repeated(maskedFrame(Buffer.alloc(1024, 'x')), 65_536),
    reads: false,
  },
];

/** The most resident memory of the server during an attack, for each attacker. */
async function attack(kind: Kind, { order, headers = [], first, again, reads }: Attack): Promise<number> {
  return withSubject(kind, order, async (subject, port) => {
    const warm = await openMany(port, 5, headers);
    for (const socket of warm) socket.destroy();
    const sockets = await openMany(port, ATTACKERS, headers);
    const before = await subject.ask({ ask: 'settled' });
    const time = { isOver: false };
    for (const socket of sockets) {
      if (reads) socket.resume();
      if (first !== undefined) socket.write(first);
      void keepSending(socket, again, time);
    }
    const most = await watch(subject);
    time.isOver = true;
    for (const socket of sockets) socket.destroy();
    return (most - before) / ATTACKERS;
  });
}

async function watch(subject: Subject): Promise<number> {
  let most = 0;
  for (let passed = 0; passed < FOR_MS; passed += LOOK_MS) {
    most = Math.max(most, await subject.ask({ ask: 'resident' }));
    await delay(LOOK_MS);
  }
  return most;
}

/** Sends as fast as the server takes it; a slow reader takes a chunk a second. */
async function keepSending(socket: Socket, bytes: Buffer, time: { readonly isOver: boolean }): Promise<void> {
  for (let sent = 0; sent < SENT_BYTES && !time.isOver && !socket.destroyed; sent += bytes.length) {
    if (socket.write(bytes)) await delay(1);
    else await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), delay(FOR_MS)]);
    if (socket.isPaused()) socket.read(1024);
  }
}

async function measure(): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const attempt of ATTACKS) {
    const ours = await attack('corosock', attempt);
    const raw = await attack('raw-ws', attempt);
    figures.push({
      what: `an attacked socket, resident: ${attempt.what}`,
      ours: mib(ours),
      raw: mib(raw),
      limit: `at most ${mib(LIMIT_BYTES)}`,
      isKept: ours <= LIMIT_BYTES,
    });
  }
  return figures;
}

export const ATTACKED: Row = { name: 'attacked', measure };
