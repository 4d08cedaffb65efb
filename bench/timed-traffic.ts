// Traffic at a pace, and how long its answers take: for what a server costs under the
// same load with more sockets, and for how long clients wait. A wait begins when its
// message is due: what keeps the load generator from sending counts, too.

import type { Socket } from 'node:net';
import { Ticks } from './ticks.ts';
import { arrivalMs, messageOf, stayAwake } from './traffic.ts';
import type { Line } from './traffic.ts';

export interface PacedWork {
  /** Over all sockets, which take turns. */
  readonly perSecond: number;
  readonly bytes: number;
  readonly forMs: number;
}

/** Sends so many messages a second, and waits for the last answer. @returns µs that each answer took. */
export async function paced(line: Line, { perSecond, bytes, forMs }: PacedWork): Promise<readonly number[]> {
  const answers = line.sockets.map((socket) => new Answers(socket, bytes, line));
  const wanted = Math.round((perSecond * forMs) / 1000);
  const ticks = new Ticks(performance.now(), 1000 / perSecond);
  let sent = 0;
  const work = { isOver: false };
  stayAwake(work);
  await new Promise<void>((resolve) => {
    const step = (): void => {
      for (const dueMs of ticks.due(performance.now())) {
        answers[sent % answers.length]?.ask(dueMs);
        sent += 1;
        if (sent === wanted) return resolve();
      }
      setImmediate(step);
    };
    step();
  });
  await Promise.all(answers.map((each) => each.all()));
  work.isOver = true;
  return answers.flatMap((each) => each.end());
}

export interface FloodWork {
  /** Of one byte, over all sockets. */
  readonly messages: number;
}

/** Each socket sends its part of all messages at once. @returns How many there were, once all are answered. */
export async function flood(line: Line, { messages }: FloodWork): Promise<number> {
  const { frame, answer } = messageOf(line, 1);
  const each = Math.round(messages / line.sockets.length);
  // A pattern is copied faster than so many buffers: nothing but the flood keeps this process busy.
  const frames = Buffer.alloc(each * frame.length, frame);
  const work = { isOver: false };
  stayAwake(work);
  const arrivals = line.sockets.map((socket) => arrivalMs(socket, each * answer.length));
  for (const socket of line.sockets) socket.write(frames);
  await Promise.all(arrivals);
  work.isOver = true;
  return each * line.sockets.length;
}

/** The echoes of one socket, in the order of what was sent. */
export class Answers {
  readonly #socket: Socket;
  readonly #frame: Buffer;
  readonly #echoBytes: number;
  /** When each one that has no answer yet was due. */
  readonly #dueMs: number[] = [];
  readonly #tookMicros: number[] = [];
  #bytes = 0;
  #whenAll: () => void = () => {};

  constructor(socket: Socket, bytes: number, line: Line) {
    const { frame, answer } = messageOf(line, bytes);
    this.#socket = socket;
    this.#frame = frame;
    this.#echoBytes = answer.length;
    socket.on('data', this.#onData);
  }

  /** @param dueMs - When it should have been sent, which is now or before. */
  ask(dueMs: number): void {
    this.#dueMs.push(dueMs);
    this.#socket.write(this.#frame);
  }

  /** Resolves when nothing is open. */
  all(): Promise<void> {
    if (this.#dueMs.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenAll = resolve;
    });
  }

  /** @returns What each took, in µs. */
  end(): readonly number[] {
    this.#socket.off('data', this.#onData);
    return this.#tookMicros;
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#bytes += chunk.length;
    const nowMs = performance.now();
    for (; this.#bytes >= this.#echoBytes; this.#bytes -= this.#echoBytes) {
      const dueMs = this.#dueMs.shift();
      if (dueMs === undefined) throw new Error('an answer to nothing');
      this.#tookMicros.push((nowMs - dueMs) * 1000);
    }
    if (this.#dueMs.length === 0) this.#whenAll();
  };
}
