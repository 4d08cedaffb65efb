// The waits of `connect.each` between two attempts: full jitter under a ceiling that doubles, so
// that clients which lost a server together do not come back together. `reconnection.ts` uses it.

export interface BackoffLimits {
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
}

/** Counts attempts, and gives the wait before the next one. */
export class Backoff {
  readonly #limits: BackoffLimits;
  readonly #random: () => number;
  #attempts = 0;

  /** @param random - Gives a number from 0 to below 1. Default `Math.random`. */
  constructor(limits: BackoffLimits, random: () => number = Math.random) {
    this.#limits = limits;
    this.#random = random;
  }

  /**
   * Gives the next wait.
   *
   * @returns Milliseconds from `minDelayMs` to a ceiling: at first twice `minDelayMs`, doubled with
   *   each call, at most `maxDelayMs`.
   */
  nextMs(): number {
    const { minDelayMs, maxDelayMs } = this.#limits;
    this.#attempts += 1;
    const ceilingMs = Math.min(maxDelayMs, minDelayMs * 2 ** this.#attempts);
    return minDelayMs + this.#random() * (ceilingMs - minDelayMs);
  }

  /** Makes the next wait a first one again. */
  reset(): void {
    this.#attempts = 0;
  }
}
