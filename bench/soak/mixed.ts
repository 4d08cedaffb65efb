// Everything at once for minutes: clients that talk, leave in order, reset, stall and break rules.
// What the server's heap grows by is a slope; a leak shows as one that does not flatten.

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { maskedFrame } from '../frames.ts';
import { openSocket } from './peer.ts';
import type { Figure, Row } from './row.ts';
import { withSubject } from './subject.ts';
import type { Kind } from './subject.ts';

const AT_ONCE = 40;
const SAMPLES = 12;
const MOST_SLOPE_BYTES = 200_000;

const MESSAGE = maskedFrame(Buffer.alloc(500, 'x'));
const MANY = Buffer.concat(Array.from({ length: 100 }, () => MESSAGE));

/** What one client does from its handshake to its end. */
type Life = (socket: Socket) => Promise<void>;

const LIVES: readonly Life[] = [
  async (socket) => {
    socket.resume();
    for (let message = 0; message < 20; message += 1) {
      socket.write(MESSAGE);
      await once(socket, 'data');
    }
    socket.end();
  },
  async (socket) => {
    socket.write(MANY);
    await delay(20);
    socket.resetAndDestroy();
  },
  async (socket) => {
    // It does not read.
    for (let burst = 0; burst < 5; burst += 1) socket.write(MANY);
    await delay(200);
    socket.destroy();
  },
  async (socket) => {
    socket.resume();
    // Not masked: 1002.
    socket.write(Buffer.from([0x81, 0x01, 0x78]));
    await once(socket, 'close');
  },
  async (socket) => {
    // Half a frame.
    socket.write(MESSAGE.subarray(0, 100));
    await delay(50);
    socket.end();
  },
];

async function live(port: number, time: { readonly isOver: boolean }, first: number): Promise<number> {
  let lives = 0;
  for (; !time.isOver; lives += 1) {
    const socket = await openSocket(port);
    const timeOut = setTimeout(() => socket.destroy(), 5000);
    await (LIVES[(first + lives) % LIVES.length] as Life)(socket).catch(() => {});
    clearTimeout(timeOut);
    socket.resetAndDestroy();
  }
  return lives;
}

interface Growth {
  readonly lives: number;
  /** By least squares over the second half of the time. */
  readonly bytesPerMinute: number;
}

async function grow(kind: Kind, minutes: number): Promise<Growth> {
  return withSubject(kind, { conduct: 'echo' }, async (subject, port) => {
    const time = { isOver: false };
    const working = Array.from({ length: AT_ONCE }, (_, first) => live(port, time, first));
    const points: [minute: number, bytes: number][] = [];
    for (let sample = 1; sample <= SAMPLES; sample += 1) {
      await delay((minutes * 60_000) / SAMPLES);
      points.push([(sample * minutes) / SAMPLES, await subject.ask({ ask: 'heap' })]);
    }
    time.isOver = true;
    const lives = (await Promise.all(working)).reduce((sum, count) => sum + count, 0);
    return { lives, bytesPerMinute: slope(points.slice(SAMPLES / 2)) };
  });
}

/** The slope of a line through points, by least squares. */
function slope(points: ReadonlyArray<readonly [x: number, y: number]>): number {
  const mean = (pick: 0 | 1): number => points.reduce((sum, point) => sum + point[pick], 0) / points.length;
  const [meanX, meanY] = [mean(0), mean(1)];
  const [up, across] = points.reduce(
    ([sumUp, sumAcross], [x, y]) => [sumUp + (x - meanX) * (y - meanY), sumAcross + (x - meanX) ** 2],
    [0, 0],
  );
  return up / across;
}

function show({ lives, bytesPerMinute }: Growth): string {
  return `${(bytesPerMinute / 1000).toFixed(0)} kB a minute, ${lives} connections`;
}

async function measure(minutes: number): Promise<readonly Figure[]> {
  const ours = await grow('corosock', minutes);
  return [
    {
      what: `heap after collections, ${minutes} minutes of clients that talk, reset, stall and break rules`,
      ours: show(ours),
      limit: `at most ${MOST_SLOPE_BYTES / 1000} kB a minute`,
      isKept: ours.bytesPerMinute <= MOST_SLOPE_BYTES,
    },
  ];
}

export const MIXED: Row = { name: 'mixed', measure };
