// A thousand clients that do not read, while the server sends to all: what each holds resident, and
// whether clients that do read get slower answers.

import type { Socket } from 'node:net';
import { maskedFrame } from '../frames.ts';
import { openMany, pingPong } from './peer.ts';
import { percentile } from './row.ts';
import type { Figure, Row } from './row.ts';
import { withSubject } from './subject.ts';
import type { Kind, Subject } from './subject.ts';

const STALLED = 1000;
const HEALTHY = 20;
const BYTES = 1024;
/** What `writeBufferBytes` is by default. */
const BUFFER_BYTES = 65_536;
const MOST_BUFFERS = 1.25;
const MOST_SLOWER = 1.2;
/** Enough for the buffers of the system, too, which take up to 4 MiB of each socket. */
const MESSAGES = 6000;
const PINGS = 400;

const PING = maskedFrame(Buffer.from('ping'));

/** Answer times of clients that read, in ms, while the server sends to all the others. */
async function latencies(subject: Subject, healthy: readonly Socket[]): Promise<readonly number[]> {
  const waits: number[] = [];
  const time = { isOver: false };
  const sending = (async (): Promise<void> => {
    while (!time.isOver) await subject.ask({ ask: 'broadcast', messages: 1, bytes: BYTES });
  })();
  for (let ping = 0; ping < PINGS; ping += 1) {
    waits.push(await pingPong(healthy[ping % healthy.length] as Socket, PING));
  }
  time.isOver = true;
  await sending;
  return waits;
}

interface Stall {
  /** Resident bytes of each stalled client. */
  readonly residentBytes: number;
  /** The 99th percentile beside members that do not read, over that beside members that do. */
  readonly slower: number;
}

async function stall(kind: Kind, messages: number): Promise<Stall> {
  const order = { conduct: 'members', options: { heartbeat: false, writeTimeoutMs: 600_000 } } as const;
  return withSubject(kind, order, async (subject, port) => {
    const healthy = await openMany(port, HEALTHY, ['X-Conduct: echo']);
    const members = await openMany(port, STALLED);
    for (const socket of [...healthy, ...members]) socket.resume();
    await latencies(subject, healthy);
    const beside = percentile(await latencies(subject, healthy), 99);
    const before = await subject.ask({ ask: 'settled' });
    for (const socket of members) socket.pause();
    await subject.ask({ ask: 'broadcast', messages, bytes: BYTES }, 120_000);
    const residentBytes = ((await subject.ask({ ask: 'settled' })) - before) / STALLED;
    const slower = percentile(await latencies(subject, healthy), 99) / beside;
    for (const socket of [...healthy, ...members]) socket.destroy();
    return { residentBytes, slower };
  });
}

function times(stalled: Stall): string {
  return `${stalled.slower.toFixed(2)} ×`;
}

function buffers(stalled: Stall): string {
  return `${(stalled.residentBytes / BUFFER_BYTES).toFixed(2)} ×`;
}

async function measure(): Promise<readonly Figure[]> {
  const ours = await stall('corosock', MESSAGES);
  const raw = await stall('raw-ws', MESSAGES);
  return [
    {
      what: `${STALLED} clients that do not read: resident bytes of each over writeBufferBytes`,
      ours: buffers(ours),
      raw: buffers(raw),
      limit: `at most ${MOST_BUFFERS} ×`,
      isKept: ours.residentBytes <= MOST_BUFFERS * BUFFER_BYTES,
    },
    {
      what: `p99 of ${HEALTHY} clients that read, over that beside ${STALLED} members that read, too`,
      ours: times(ours),
      raw: times(raw),
      limit: `at most ${MOST_SLOWER} ×`,
      isKept: ours.slower <= MOST_SLOWER,
    },
  ];
}

export const STALLED_READERS: Row = { name: 'stalled readers', measure };
