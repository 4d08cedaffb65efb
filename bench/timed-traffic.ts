// Traffic at a pace, and how long its answers take: for what a server costs under the
// same load with more sockets, and for who else has to wait.

import type { Socket } from 'node:net';
import { echoFrame, maskedFrame, textOf } from './frames.ts';
import { stayAwake } from './traffic.ts';
import type { Line } from './traffic.ts';

export interface PacedWork {
  /** Over all sockets, which take turns. */
  readonly perSecond: number;
  readonly bytes: number;
  readonly forMs: number;
}

/** What came of it. */
export interface Timed {
  readonly messages: number;
  /** µs; of a hundred answers, one took longer. */
  readonly p99: number;
}

/** Sends so many messages a second, and waits for the last answer. */
export async function paced(line: Line, { perSecond, bytes, forMs }: PacedWork): Promise<Timed> {
  const answers = line.sockets.map((socket) => new Answers(socket, bytes, line));
  const wanted = Math.round((perSecond * forMs) / 1000);
  const begunMs = performance.now();
  let sent = 0;
  const work = { isOver: false };
  stayAwake(work);
  await new Promise<void>((resolve) => {
    const step = (): void => {
      const due = Math.min(wanted, Math.floor(((performance.now() - begunMs) * perSecond) / 1000));
      for (; sent < due; sent += 1) answers[sent % answers.length]?.ask();
      if (sent < wanted) setImmediate(step);
      else resolve();
    };
    step();
  });
  await Promise.all(answers.map((each) => each.all()));
  work.isOver = true;
  return summary(answers.flatMap((each) => each.end()));
}

export interface FloodWork {
  /** Of the one that floods. */
  readonly messages: number;
}

/** One socket sends all its messages at once; another asks one after another until those are answered. */
export async function flood(line: Line, { messages }: FloodWork): Promise<Timed> {
  const [flooding, asking] = line.sockets;
  if (flooding === undefined || asking === undefined) throw new Error('two sockets are needed');
  const [flooded, asked] = [new Answers(flooding, 1, line), new Answers(asking, 1, line)];
  const work = { isOver: false };
  stayAwake(work);
  flooded.ask(messages);
  const over = flooded.all().then(() => (work.isOver = true));
  while (!work.isOver) {
    asked.ask();
    await asked.all();
  }
  await over;
  flooded.end();
  return summary(asked.end());
}

/** The echoes of one socket, in the order of what was sent. */
class Answers {
  readonly #socket: Socket;
  readonly #frame: Buffer;
  readonly #echoBytes: number;
  /** When each one that has no answer yet was sent; of many sent at once, only their number counts. */
  readonly #sentMs: number[] = [];
  readonly #tookMicros: number[] = [];
  #open = 0;
  #bytes = 0;
  #whenAll: () => void = () => {};

  constructor(socket: Socket, bytes: number, { dialect }: Line) {
    const text = dialect.wrap(textOf(bytes));
    this.#socket = socket;
    this.#frame = maskedFrame(text);
    this.#echoBytes = echoFrame(text).length;
    socket.on('data', this.#onData);
  }

  ask(times = 1): void {
    this.#open += times;
    if (times === 1) this.#sentMs.push(performance.now());
    this.#socket.write(
      times === 1 ? this.#frame : Buffer.concat(Array.from({ length: times }, () => this.#frame)),
    );
  }

  /** Resolves when nothing is open. */
  all(): Promise<void> {
    if (this.#open === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenAll = resolve;
    });
  }

  /** @returns What each took. */
  end(): readonly number[] {
    this.#socket.off('data', this.#onData);
    return this.#tookMicros;
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#bytes += chunk.length;
    const nowMs = performance.now();
    for (; this.#bytes >= this.#echoBytes; this.#bytes -= this.#echoBytes) {
      this.#open -= 1;
      const sentMs = this.#sentMs.shift();
      if (sentMs !== undefined) this.#tookMicros.push((nowMs - sentMs) * 1000);
    }
    if (this.#open === 0) this.#whenAll();
  };
}

function summary(took: readonly number[]): Timed {
  const sorted = took.toSorted((a, b) => a - b);
  return { messages: took.length, p99: sorted[Math.floor(sorted.length * 0.99)] ?? NaN };
}
