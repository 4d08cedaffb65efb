// What the load generator makes sockets carry: echoes as fast as they come back, and a
// burst that is asked for. Frames are made beforehand, and what comes back is counted in bytes.

import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Dialect } from './dialects.ts';
import { echoFrame, maskedFrame, textOf } from './frames.ts';

/** The sockets of a load generator, and what is spoken on them. */
export interface Line {
  readonly sockets: readonly Socket[];
  readonly dialect: Dialect;
}

/** What a message looks like, there and back. */
interface Message {
  readonly frame: Buffer;
  readonly answer: Buffer;
}

export function messageOf({ dialect }: Line, bytes: number, isBinary = false): Message {
  const text = dialect.wrap(textOf(bytes));
  return { frame: maskedFrame(text, isBinary), answer: echoFrame(text, isBinary) };
}

/** Sends one message on each socket and compares the echo byte for byte. */
export async function check(line: Line, bytes: number, isBinary: boolean): Promise<number> {
  const { frame, answer } = messageOf(line, bytes, isBinary);
  const replies = line.sockets.map(async (socket) => {
    socket.write(frame);
    return receive(socket, (received) => received.length >= answer.length);
  });
  for (const reply of await Promise.all(replies)) {
    if (!reply.equals(answer)) throw new Error('the echo is not what was sent');
  }
  return line.sockets.length;
}

/** Gathers what comes until it is enough. */
export function receive(socket: Socket, isWhole: (received: Buffer) => boolean): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const onClose = (): void => reject(new Error('the server has dropped a socket'));
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      const received = Buffer.concat(chunks);
      if (!isWhole(received)) return;
      socket.off('data', onData);
      socket.off('close', onClose);
      resolve(received);
    };
    socket.on('data', onData);
    socket.on('close', onClose);
  });
}

/**
 * Keeps this process from sleeping while there is work. To wake it is charged to
 * the server that writes to it (20 µs on a virtual machine), and only a server
 * that is slower than its clients would have to.
 */
export function stayAwake(work: { readonly isOver: boolean }): void {
  if (!work.isOver) setImmediate(stayAwake, work);
}

export interface EchoWork {
  readonly inFlight: number;
  readonly bytes: number;
  readonly isBinary: boolean;
  readonly forMs: number;
}

/** Keeps messages under way on every socket, for a time and until the last is back. @returns How many there were. */
export async function echo(line: Line, { inFlight, bytes, isBinary, forMs }: EchoWork): Promise<number> {
  const message = messageOf(line, bytes, isBinary);
  const traffic = {
    frames: Buffer.concat(Array.from({ length: inFlight }, () => message.frame)),
    frameBytes: message.frame.length,
    echoBytes: message.answer.length,
    isOver: false,
  };
  const counts = line.sockets.map((socket) => keepBusy(socket, traffic));
  stayAwake(traffic);
  await delay(forMs);
  traffic.isOver = true;
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

interface Traffic {
  /** As many frames as are in flight. */
  readonly frames: Buffer;
  readonly frameBytes: number;
  readonly echoBytes: number;
  /** Once true nothing more is sent. */
  readonly isOver: boolean;
}

/** Sends one more frame for each echo that comes back. */
function keepBusy(socket: Socket, traffic: Traffic): Promise<number> {
  const { frames, frameBytes, echoBytes } = traffic;
  return new Promise((resolve) => {
    let inFlight = frames.length / frameBytes;
    let count = 0;
    let receivedBytes = 0;
    const onData = (chunk: Buffer): void => {
      receivedBytes += chunk.length;
      const echoes = Math.floor(receivedBytes / echoBytes);
      receivedBytes -= echoes * echoBytes;
      count += echoes;
      if (!traffic.isOver) {
        if (echoes > 0) socket.write(frames.subarray(0, echoes * frameBytes));
        return;
      }
      inFlight -= echoes;
      if (inFlight > 0) return;
      socket.off('data', onData);
      resolve(count);
    };
    socket.on('data', onData);
    socket.write(frames);
  });
}

export interface BurstWork {
  /** To each socket. */
  readonly messages: number;
  readonly bytes: number;
  readonly forMs: number;
}

/** Asks for bursts to all sockets, one after another, for a time. @returns How many messages came. */
export async function burst(line: Line, { messages, bytes, forMs }: BurstWork): Promise<number> {
  const { frame, answer } = messageOf(line, bytes);
  const [first] = line.sockets;
  const work = { isOver: false };
  stayAwake(work);
  void delay(forMs).then(() => (work.isOver = true));
  let count = 0;
  do {
    const arrivals = line.sockets.map((socket) => arrivalMs(socket, messages * answer.length));
    first?.write(frame);
    await Promise.all(arrivals);
    count += messages * line.sockets.length;
  } while (!work.isOver);
  return count;
}

/** Keeps nothing of what comes. @returns The time at which so many bytes have come. */
export function arrivalMs(socket: Socket, wanted: number): Promise<number> {
  return new Promise((resolve) => {
    let bytes = 0;
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes < wanted) return;
      socket.off('data', onData);
      resolve(performance.now());
    };
    socket.on('data', onData);
  });
}
