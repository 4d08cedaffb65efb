// Randomness from a seed. `Choices` decides what happens in one world; `seededRandom` is what a
// scenario draws from. They are apart: a scenario that draws once more changes no fault.

import type { Randomness } from '../../../platform/random-ids.ts';
import { badArgument } from '../../../core/arguments.ts';

/** What mulberry32 adds to its state for each number; odd, so that all 2³² states come. */
const INCREMENT = 0x6d_2b_79_f5;

/**
 * Gives numbers from 0 to below 1 that a seed decides (mulberry32).
 *
 * The low half of a seed is the first state. Its high half, of 21 bits, makes the increment: all
 * safe integers give rows of their own.
 *
 * @param salt - Another one gives another row for the same seed. From 0 to below 2³². Default 0.
 */
export function seededRandom(seed: number, salt: number = 0): () => number {
  const increment = INCREMENT + 2 * Math.floor(seed / 2 ** 32);
  let state = seed ^ salt;
  return () => {
    state = (state + increment) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Gives what ids are made of. */
export function randomnessOf(random: () => number): Randomness {
  return {
    next: random,
    fill: (bytes) => bytes.forEach((_, at) => (bytes[at] = random() * 256)),
    idsAtOnce: 1,
  };
}

/** @throws UsageError `COROSOCK_ARGUMENT`. */
export function checkSeed(call: string, name: string, seed: unknown): void {
  if (Number.isSafeInteger(seed) && (seed as number) >= 0) return;
  throw badArgument(call, `${name} to be a safe integer ≥ 0`, seed);
}

/**
 * The decisions of one run, in their order.
 *
 * After `most` of them each answer is the plain one: the first in line, no fault, no delay. So a
 * run that fails can be made shorter: the same seed with fewer choices.
 */
export class Choices {
  readonly #random: () => number;
  readonly #most: number;
  #taken = 0;

  /** @param most - So many decisions are random. Default: all. */
  constructor(seed: number, most: number = Infinity) {
    this.#random = seededRandom(seed);
    this.#most = most;
  }

  /** The number of decisions so far. */
  get taken(): number {
    return this.#taken;
  }

  /** Gives an integer from 0 to below `limit`; 0 where nothing is left to choose. */
  below(limit: number): number {
    return limit > 1 ? Math.floor(this.#next() * limit) : 0;
  }

  /** Gives an integer from `least` to `most`. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** Gives true with a probability. Takes no decision where it is 0. */
  isLikely(probability: number): boolean {
    return probability > 0 && this.#next(1) < probability;
  }

  /** @param plain - What it gives after the last random decision. */
  #next(plain = 0): number {
    this.#taken += 1;
    return this.#taken > this.#most ? plain : this.#random();
  }
}
