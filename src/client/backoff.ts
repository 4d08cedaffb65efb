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
   * @param leastMs - The wait that the server has asked for. The random part comes on top, and is
   *   up to half of it: all clients of a server that restarts are told the same.
   * @returns Milliseconds from `minDelayMs` to a ceiling: at first twice `minDelayMs`, doubled with
   *   each call, at most `maxDelayMs`.
   */
  nextMs(leastMs = 0): number {
    const { minDelayMs, maxDelayMs } = this.#limits;
    this.#attempts += 1;
    const ceilingMs = Math.max(Math.min(maxDelayMs, minDelayMs * 2 ** this.#attempts), leastMs / 2);
    return leastMs + minDelayMs + this.#random() * (ceilingMs - minDelayMs);
  }

  /** Makes the next wait a first one again. */
  reset(): void {
    this.#attempts = 0;
  }
}
