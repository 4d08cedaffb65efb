// When the close frame of a peer is answered (docs/internals/decisions/last-words.md): an
// end may finish what it is sending first (RFC 6455 §5.5.1). A host gives it to its
// conversations; what the handler still has in hand is known by server/handler-run.ts.

import type { Clock } from '../time/clock.ts';

/** What the answer waits for, and what it is. */
export interface LastWordsOptions {
  readonly clock: Clock;
  /** Longest wait for the handler. */
  readonly closeTimeoutMs: number;
  /** Whether a message that came before the close frame may still be answered. */
  readonly isOwed: () => boolean;
  /** Answers behind all writes that wait for room. */
  readonly answer: () => void;
  /** Answers at once: writes that wait for room are not sent. */
  readonly answerNow: () => void;
}

/** Answers one close frame: in a later turn, once nothing is owed any more. */
export class LastWords {
  readonly #options: LastWordsOptions;
  #timer: unknown;
  #isLooking = false;
  #isAnswered = false;

  constructor(options: LastWordsOptions) {
    this.#options = options;
    this.look();
  }

  /**
   * Looks in the next turn whether anything is still owed. A reply that is written in the turn of
   * its read leaves first, also where the message went through a pipe of streams.
   */
  look(): void {
    if (this.#isLooking || this.#isAnswered) return;
    this.#isLooking = true;
    this.#options.clock.setImmediate(() => {
      this.#isLooking = false;
      this.#answerIfDone();
    });
  }

  /** The conversation is over, or closes by itself. */
  stop(): void {
    this.#isAnswered = true;
    this.#options.clock.clearTimeout(this.#timer);
  }

  #answerIfDone(): void {
    const { clock, closeTimeoutMs, isOwed, answer, answerNow } = this.#options;
    if (this.#isAnswered) return;
    if (isOwed()) {
      // Bounds the handler, and then the writes that wait for a peer that does not read.
      this.#timer ??= clock.setTimeout(answerNow, closeTimeoutMs);
      return;
    }
    this.#isAnswered = true;
    if (this.#timer === undefined) answerNow();
    else answer();
  }
}
