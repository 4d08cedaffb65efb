// Random numbers from a seed, and seeds for a spec to go through. A failing seed is named by the
// error, with the command that replays it alone.

import { env } from 'node:process';
import { seededRandom } from '../../src/testing/simulation/seeded/choices.ts';

/** A sequence of random numbers that its seed decides. */
export class SeededRandom {
  /** Gives the next number, from 0 to below 1. */
  readonly next: () => number;

  constructor(seed: number) {
    this.next = seededRandom(seed);
  }

  /** Gives an integer from 0 to below `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  /** Gives an integer from `least` to `most`. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  isLikely(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(list: readonly [T, ...T[]] | readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    for (let at = 0; at < length; at += 1) bytes[at] = this.below(256);
    return bytes;
  }
}

/** The one seed to replay; undefined for all. */
const REPLAYED = env['COROSOCK_SEED'] === undefined ? undefined : Number(env['COROSOCK_SEED']);

/**
 * Runs a script under the seeds 1 to `count`, or under the one that `COROSOCK_SEED` names.
 *
 * @param spec - The path of the calling spec, for the error.
 * @param atOnce - How many scripts run side by side. Default 1.
 * @returns The number of scripts that ran.
 * @throws Error that names the first failing seed and how to replay it; its cause is the failure.
 */
export async function underSeeds(
  spec: string,
  count: number,
  script: (random: SeededRandom, seed: number) => Promise<void>,
  atOnce = 1,
): Promise<number> {
  const seeds = REPLAYED === undefined ? Array.from({ length: count }, (_, index) => index + 1) : [REPLAYED];
  const left = seeds.values();
  const work = async (): Promise<void> => {
    for (const seed of left) await named(spec, seed, script);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return seeds.length;
}

async function named(
  spec: string,
  seed: number,
  script: (random: SeededRandom, seed: number) => Promise<void>,
): Promise<void> {
  try {
    await script(new SeededRandom(seed), seed);
  } catch (error) {
    const command = `COROSOCK_SEED=${seed} npm run spec -- ${spec}`;
    const what = error instanceof Error ? error.message : String(error);
    throw new Error(`Seed ${seed} fails (replay: ${command}): ${what}`, { cause: error });
  }
}
