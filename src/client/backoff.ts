// How long `connect.each` waits before it tries again: full jitter under a ceiling
// that doubles, so that clients that lost a server together do not come back together.

export interface BackoffLimits {
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
}

/** Counts attempts, and says how long to wait for the next one. */
export class Backoff {
  readonly #limits: BackoffLimits;
  readonly #random: () => number;
  #attempts = 0;

  /** @param random - From 0 to below 1. */
  constructor(limits: BackoffLimits, random: () => number = Math.random) {
    this.#limits = limits;
    this.#random = random;
  }

  /** @returns Milliseconds from `minDelayMs` to a ceiling: twice `minDelayMs` first, twice as much each time, `maxDelayMs` at most. */
  nextMs(): number {
    const { minDelayMs, maxDelayMs } = this.#limits;
    this.#attempts += 1;
    const ceilingMs = Math.min(maxDelayMs, minDelayMs * 2 ** this.#attempts);
    return minDelayMs + this.#random() * (ceilingMs - minDelayMs);
  }

  /** The next wait is a first one again. */
  reset(): void {
    this.#attempts = 0;
  }
}
