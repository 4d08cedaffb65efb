// The time of one close: `closeTimeoutMs`, and anew while the peer takes bytes that waited for it.
// The conversation makes it when it sends or answers a close frame, and terminates when it is over.
// Whether bytes are taken is taken-bytes.ts's.

import type { Clock } from '../time/clock.ts';

/**
 * The longest time, whatever is taken.
 *
 * @limit Time of a close whose peer goes on taking what was accepted | the link is terminated
 */
const LONGEST_CLOSE_MS = 300_000;

/** What bounds a close. */
export interface CloseTimeOptions {
  readonly clock: Clock;
  readonly closeTimeoutMs: number;
  /** Whether bytes that waited were taken since then. */
  readonly hasTakenSince: (sinceMs: number) => boolean;
  /** The time is over. */
  readonly onOver: () => void;
}

/** Bounds one close. */
export class CloseTime {
  readonly #options: CloseTimeOptions;
  /** Beyond it the time does not begin anew. */
  #mostMs: number;
  #timer: unknown;

  constructor(options: CloseTimeOptions) {
    this.#options = options;
    this.#mostMs = options.clock.now() + LONGEST_CLOSE_MS;
    this.#begin();
  }

  /** It does not begin anew any more: a shut-down has a deadline of its own. */
  hurry(): void {
    this.#mostMs = -Infinity;
  }

  stop(): void {
    this.#options.clock.clearTimeout(this.#timer);
  }

  #begin(): void {
    const { clock, closeTimeoutMs, hasTakenSince, onOver } = this.#options;
    const sinceMs = clock.now();
    this.#timer = clock.setTimeout(() => {
      if (clock.now() < this.#mostMs && hasTakenSince(sinceMs)) this.#begin();
      else onOver();
    }, closeTimeoutMs);
  }
}
