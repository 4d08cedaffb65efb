// One client that asks at a pace of its own, in a process of its own, while other
// processes do what they do to the server. It never waits for an answer: an answer
// that is late does not keep the next message from being sent.

import { Ticks } from './ticks.ts';
import { Answers } from './timed-traffic.ts';
import type { Line } from './traffic.ts';

export interface ProbeWork {
  readonly everyMs: number;
  readonly bytes: number;
}

/**
 * Asks from the first moment on until {@link Probe.end}. It sleeps between its messages, though a timer
 * of Node is late by up to a millisecond: a probe that stayed awake would take half of the core from the
 * client that floods, and raw `ws`, which reads as long as more is there, would block a tenth as long.
 */
export class Probe {
  readonly #answers: Answers;
  readonly #ticks: Ticks;
  #isOver = false;

  constructor(line: Line, { everyMs, bytes }: ProbeWork) {
    const [socket] = line.sockets;
    if (socket === undefined) throw new Error('no socket is open');
    this.#answers = new Answers(socket, bytes, line);
    this.#ticks = new Ticks(performance.now(), everyMs);
    this.#step();
  }

  /** Sends what is due until now, and waits for all answers. @returns µs that each answer took. */
  async end(): Promise<readonly number[]> {
    this.#isOver = true;
    this.#ask();
    await this.#answers.all();
    return this.#answers.end();
  }

  readonly #step = (): void => {
    if (this.#isOver) return;
    this.#ask();
    setTimeout(this.#step, 1);
  };

  #ask(): void {
    for (const dueMs of this.#ticks.due(performance.now())) this.#answers.ask(dueMs);
  }
}
