// How long the event loop of a server is blocked: ticks are due each millisecond, and a timer looks
// how late each of them has come. A block of 50 ms makes 50 ticks late, by 50, 49, 48 ms and so on: as
// many as there are moments at which something could have come and had to wait. The histogram of
// `monitorEventLoopDelay` counts that block once, beside as many short turns as there are: its p99 is
// low where one turn of a hundred takes nearly all of the time.

import { p99, Ticks } from './ticks.ts';

const EVERY_MS = 1;

/** Watches from the first moment on until {@link BlockWatch.end}. */
export class BlockWatch {
  readonly #ticks = new Ticks(performance.now(), EVERY_MS);
  readonly #lateMs: number[] = [];
  readonly #timer = setInterval(() => this.#look(), EVERY_MS);

  /** @returns The p99 of how late the ticks came, in ms. */
  end(): number {
    clearInterval(this.#timer);
    this.#look();
    return p99(this.#lateMs);
  }

  #look(): void {
    const nowMs = performance.now();
    for (const dueMs of this.#ticks.due(nowMs)) this.#lateMs.push(nowMs - dueMs);
  }
}
