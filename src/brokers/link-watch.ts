// Watches whether a link to a broker is alive: a process that is stopped closes nothing, nor does
// a network that drops packets. Asks each second, and waits two for the answer or anything else.
// Adapters keep one for each of their links.

import type { Clock } from '../time/clock.ts';
import { afterPoll } from '../time/scheduling.ts';
import { noop } from '../core/noop.ts';

/** How often a link is asked. */
const ASK_MS = 1000;
/**
 * Longest time without an answer or a message, while an answer is due.
 *
 * @limit Silence of a broker on each of its links | the link is closed, and the broker is down
 */
const SILENT_MS = 2000;
/**
 * Longest wait for an answer on a link that delivers: it may stand behind a long queue.
 *
 * @limit Answer of a broker behind messages that come | the link is closed, and the broker is down
 */
const ANSWER_MS = 30_000;

/** Asks one link. */
export class LinkWatch {
  readonly #clock: Clock;
  readonly #ask: () => Promise<unknown>;
  readonly #onSilent: () => void;
  /** Counts starts and stops: answers to an earlier one are ignored. */
  #run = 0;
  #timer: unknown;
  #answeredMs: number;
  #heardMs: number;

  /**
   * @param ask - Resolves with the answer of the broker.
   * @param onSilent - Called once when the link has fallen silent; the watch has stopped.
   */
  constructor(clock: Clock, ask: () => Promise<unknown>, onSilent: () => void) {
    this.#clock = clock;
    this.#ask = ask;
    this.#onSilent = onSilent;
    this.#answeredMs = clock.now();
    this.#heardMs = this.#answeredMs;
  }

  /**
   * When the question left that was answered last: what the broker had taken by then has come. Of
   * a message that comes this is not so: others may be queued behind it.
   */
  get answeredMs(): number {
    return this.#answeredMs;
  }

  /** Notes a sign of life: something has come. */
  heard(): void {
    this.#heardMs = this.#clock.now();
  }

  /** Begins to ask; a new link counts as one that has just answered. */
  start(): void {
    this.stop();
    this.heard();
    this.#answeredMs = this.#heardMs;
    this.#wait(this.#run);
  }

  stop(): void {
    this.#run += 1;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wait(run: number): void {
    this.#timer = this.#clock.setTimeout(() => this.#askNow(run), ASK_MS);
  }

  #askNow(run: number): void {
    const askedMs = this.#clock.now();
    this.#expect(askedMs, askedMs);
    this.#ask().then(() => {
      if (run !== this.#run) return;
      this.#clock.clearTimeout(this.#timer);
      this.#answeredMs = askedMs;
      this.#wait(run);
    }, noop);
  }

  /** Looks again when the link will have been silent for long. */
  #expect(askedMs: number, nowMs: number): void {
    const timer = this.#clock.setTimeout(
      () => {
        // What has come while this process stood still is read first.
        afterPoll(this.#clock, () => this.#timer === timer && this.#judge(askedMs));
      },
      this.#silentMs(askedMs) - nowMs,
    );
    this.#timer = timer;
  }

  #judge(askedMs: number): void {
    const nowMs = this.#clock.now();
    if (nowMs < this.#silentMs(askedMs)) return this.#expect(askedMs, nowMs);
    this.stop();
    this.#onSilent();
  }

  /** When the link counts as silent, unless something more comes. */
  #silentMs(askedMs: number): number {
    return Math.min(Math.max(askedMs, this.#heardMs) + SILENT_MS, askedMs + ANSWER_MS);
  }
}
