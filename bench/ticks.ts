// Ticks of an open loop: each is due at a time that is known beforehand. Whoever comes late to one
// counts the delay: a wait that began when something was sent would leave it out (coordinated
// omission). timed-traffic.ts and probe.ts send by them, block-watch.ts finds the blocks of a server.

/** Times at an even distance, taken one by one. */
export class Ticks {
  readonly #beganMs: number;
  readonly #everyMs: number;
  #taken = 0;

  /**
   * @param beganMs - When the first one is due.
   * @param everyMs - From one to the next; need not be whole.
   */
  constructor(beganMs: number, everyMs: number) {
    this.#beganMs = beganMs;
    this.#everyMs = everyMs;
  }

  /** Takes the next one. @returns When it was due; undefined where it is due later than now. */
  take(nowMs: number): number | undefined {
    const dueMs = this.#beganMs + this.#taken * this.#everyMs;
    if (dueMs > nowMs) return undefined;
    this.#taken += 1;
    return dueMs;
  }

  /** Takes all that are due. */
  *due(nowMs: number): Generator<number> {
    for (let dueMs = this.take(nowMs); dueMs !== undefined; dueMs = this.take(nowMs)) yield dueMs;
  }
}

/** @returns The 99th of a hundred: one of a hundred is greater. NaN of none. */
export function p99(numbers: readonly number[]): number {
  return percentile(numbers, 0.99);
}

/** @param share - Of them, 0 to 1. @returns The least that so many do not exceed. NaN of none. */
export function percentile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * share) - 1] ?? NaN;
}
