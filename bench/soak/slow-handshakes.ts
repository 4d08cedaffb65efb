// A thousand connections that send a byte of their request now and then: when they are gone, and
// whether honest clients wait for them.

import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { dial, openSocket, upgradeHead } from './peer.ts';
import { percentile } from './row.ts';
import type { Figure, Row } from './row.ts';
import { withSubject } from './subject.ts';

const SLOW = 1000;
const HONEST = 300;
const TIMEOUT_MS = 2000;
const BYTE_EVERY_MS = 250;
const LATEST_MS = TIMEOUT_MS + 1000;
const MOST_SLOWER = 2;

/** Opens connections one after the other, and gives the times that it took, in ms. */
async function honest(port: number): Promise<readonly number[]> {
  const times: number[] = [];
  for (let connection = 0; connection < HONEST; connection += 1) {
    const began = performance.now();
    const socket = await openSocket(port);
    times.push(performance.now() - began);
    socket.destroy();
  }
  return times;
}

/** Sends a request byte by byte. @returns How long the server kept the connection, in ms. */
async function dawdle(socket: Socket): Promise<number> {
  const began = performance.now();
  const head = upgradeHead();
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('data', () => {});
  socket.on('end', () => socket.end());
  let at = 0;
  const timer = setInterval(() => {
    socket.write(head.slice(at, at + 1));
    at = (at + 1) % (head.length - 2);
  }, BYTE_EVERY_MS);
  await Promise.race([closed, delay(LATEST_MS * 10, undefined, { ref: false })]);
  clearInterval(timer);
  socket.destroy();
  return performance.now() - began;
}

async function measure(): Promise<readonly Figure[]> {
  const order = { conduct: 'echo', options: { handshakeTimeoutMs: TIMEOUT_MS } } as const;
  return withSubject('corosock', order, async (_, port) => {
    await honest(port);
    const alone = percentile(await honest(port), 99);
    const sockets: Socket[] = [];
    while (sockets.length < SLOW) {
      sockets.push(...(await Promise.all(Array.from({ length: 100 }, () => dial(port)))));
    }
    const lives = sockets.map((socket) => dawdle(socket));
    const slower = percentile(await honest(port), 99) / alone;
    const longest = Math.max(...(await Promise.all(lives)));
    return [
      {
        what: `${SLOW} slow handshakes: the last is gone`,
        ours: `${longest.toFixed(0)} ms`,
        limit: `at most handshakeTimeoutMs + 1 s = ${LATEST_MS} ms`,
        isKept: longest <= LATEST_MS,
      },
      {
        what: 'p99 of honest connects, over that without them',
        ours: `${slower.toFixed(2)} ×`,
        limit: `at most ${MOST_SLOWER} ×`,
        isKept: slower <= MOST_SLOWER,
      },
    ];
  });
}

export const SLOW_HANDSHAKES: Row = { name: 'slow handshakes', measure };
