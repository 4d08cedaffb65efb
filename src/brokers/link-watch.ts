// Watches whether a link to a broker is alive: a process that is stopped closes nothing, nor does
// a network that drops packets. Asks each second and waits two for the answer. Adapters keep one
// for each of their links.

import type { Clock } from '../time/clock.ts';
import { afterPoll } from '../time/scheduling.ts';
import { noop } from '../core/noop.ts';

/** How often a link is asked. */
const ASK_MS = 1000;
/**
 * Longest wait for an answer.
 *
 * @limit Answer of a broker on each of its links | the link is closed, and the broker is down
 */
const ANSWER_MS = 2000;

/** Asks one link. */
export class LinkWatch {
  readonly #clock: Clock;
  readonly #ask: () => Promise<unknown>;
  readonly #onSilent: () => void;
  /** Counts starts and stops: answers to an earlier one are ignored. */
  #run = 0;
  #timer: unknown;
  #aliveMs: number;

  /**
   * @param ask - Resolves with the answer of the broker.
   * @param onSilent - Called once when an answer does not come in time; the watch has stopped.
   */
  constructor(clock: Clock, ask: () => Promise<unknown>, onSilent: () => void) {
    this.#clock = clock;
    this.#ask = ask;
    this.#onSilent = onSilent;
    this.#aliveMs = clock.now();
  }

  /** The last sign of life: a message has come, or a question that was answered has left. */
  get aliveMs(): number {
    return this.#aliveMs;
  }

  /** Notes a sign of life. */
  alive(): void {
    this.#aliveMs = this.#clock.now();
  }

  /** Begins to ask; a new link counts as alive. */
  start(): void {
    this.stop();
    this.alive();
    this.#wait(this.#run);
  }

  stop(): void {
    this.#run += 1;
    this.#clock.clearTimeout(this.#timer);
  }

  #wait(run: number): void {
    this.#timer = this.#clock.setTimeout(() => this.#askNow(run), ASK_MS);
  }

  #askNow(run: number): void {
    const askedMs = this.#clock.now();
    const timer = this.#clock.setTimeout(() => {
      // What has come while this process stood still is read first.
      afterPoll(this.#clock, () => run === this.#run && this.#timer === timer && this.#fallSilent());
    }, ANSWER_MS);
    this.#timer = timer;
    this.#ask().then(() => {
      if (run !== this.#run) return;
      this.#clock.clearTimeout(timer);
      this.#aliveMs = Math.max(this.#aliveMs, askedMs);
      this.#wait(run);
    }, noop);
  }

  #fallSilent(): void {
    this.stop();
    this.#onSilent();
  }
}
