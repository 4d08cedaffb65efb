// What is said in a room, and when it comes to whom: from node to node, and to members that read
// while others do not.

import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { middle } from './round-trips.ts';
import { arrivalMs, messageOf, stayAwake } from './traffic.ts';
import type { Line } from './traffic.ts';

export interface CrossingWork {
  readonly times: number;
  readonly bytes: number;
}

/**
 * The first socket says one message after another, and all get each. The second one is on its node,
 * the last one on another.
 *
 * @returns µs that the message in the middle takes to the last beyond what it takes to the second.
 */
export async function crossing(line: Line, { times, bytes }: CrossingWork): Promise<number> {
  const { frame, answer } = messageOf(line, bytes);
  const [here, there]: [number[], number[]] = [[], []];
  for (let n = 0; n < times; n += 1) {
    const arrivals = line.sockets.map((socket) => arrivalMs(socket, answer.length));
    const saidMs = performance.now();
    line.sockets[0]?.write(frame);
    const [, near = NaN, ...others] = await Promise.all(arrivals);
    here.push((near - saidMs) * 1000);
    there.push(((others.at(-1) ?? NaN) - saidMs) * 1000);
  }
  return middle(there) - middle(here);
}

/** Says so many messages on the first socket at once. @returns How many. */
export function say(line: Line, { times, bytes }: CrossingWork): number {
  const { frame } = messageOf(line, bytes);
  line.sockets[0]?.write(Buffer.concat(Array.from({ length: times }, () => frame)));
  return times;
}

/** The sockets read nothing from now on, and ask for more than they can take. @returns How many. */
export function stall(line: Line): number {
  const { frame } = messageOf(line, FILL_BYTES);
  for (const socket of line.sockets) {
    socket.pause();
    socket.write(frame);
  }
  return line.sockets.length;
}

/** A message of this length asks a server to fill the socket that says it. */
export const FILL_BYTES = 7;

export interface BroadcastsWork {
  readonly perSecond: number;
  readonly bytes: number;
  readonly forMs: number;
}

/**
 * The first socket says messages at a pace, and all get each.
 *
 * @returns µs until the 99th of a hundred members has a message, in the middle of all messages.
 */
export async function broadcasts(line: Line, { perSecond, bytes, forMs }: BroadcastsWork): Promise<number> {
  const { frame, answer } = messageOf(line, bytes);
  const times = Math.max(1, Math.round((perSecond * forMs) / 1000));
  const said: Said[] = [];
  const work = { isOver: false };
  stayAwake(work);
  const all = line.sockets.map((socket) => hearAll(socket, { times, bytes: answer.length, said }));
  for (let n = 0; n < times; n += 1) {
    said.push({ atMs: performance.now(), took: [] });
    line.sockets[0]?.write(frame);
    await delay(1000 / perSecond);
  }
  await Promise.all(all);
  work.isOver = true;
  return middle(
    said.map(({ took }) => took.toSorted((a, b) => a - b)[Math.floor(took.length * 0.99)] ?? NaN),
  );
}

/** One message, and the µs after which each member had it. */
interface Said {
  readonly atMs: number;
  readonly took: number[];
}

interface Heard {
  readonly times: number;
  /** Of each. */
  readonly bytes: number;
  readonly said: readonly Said[];
}

function hearAll(socket: Socket, { times, bytes, said }: Heard): Promise<void> {
  return new Promise((resolve) => {
    let received = 0;
    let heard = 0;
    const onData = (chunk: Buffer): void => {
      received += chunk.length;
      const nowMs = performance.now();
      for (; heard < Math.floor(received / bytes); heard += 1) {
        const message = said[heard];
        message?.took.push((nowMs - message.atMs) * 1000);
      }
      if (heard < times) return;
      socket.off('data', onData);
      resolve();
    };
    socket.on('data', onData);
  });
}
