// What the scenarios of the simulation suite share: dice that a seed decides, waits
// in its time, and the shape of a scenario. A scenario is a function of a world, as `simulate` takes
// it; scenarios.ts lists them.

import type { World as PlainWorld } from 'corosock/testing';
import { SeededRandom } from '../fuzz/seeded.ts';

/** A world with checks. */
export interface World extends PlainWorld {
  /** Checks after each step. */
  always(name: string, check: () => void): void;
  /** Waits until a check gives true, and fails after a time. */
  eventually(name: string, check: () => boolean, withinMs: number): Promise<void>;
}

/** One play in a world, and what it claims. It throws where a claim does not hold. */
export interface Scenario {
  /** What it claims, as a sentence. */
  readonly name: string;
  readonly play: (w: World) => Promise<void>;
}

/** One world, with dice. */
export class Scene {
  readonly w: World;
  readonly dice: SeededRandom;

  constructor(w: World) {
    this.w = w;
    this.dice = new SeededRandom(Math.floor(w.random() * 2 ** 32));
  }

  /** Waits in the time of the world. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.w.clock.setTimeout(resolve, ms));
  }

  /** Waits a time from 0 to below `limitMs`. */
  pause(limitMs: number): Promise<void> {
    return this.sleep(this.dice.below(limitMs));
  }

  /** Gives a signal that aborts in a time from 0 to below `limitMs`. */
  abortedWithin(limitMs: number): AbortSignal {
    const controller = new AbortController();
    this.w.clock.setTimeout(() => controller.abort(ABANDONED), this.dice.below(limitMs));
    return controller.signal;
  }

  /** Runs a script for each number from 0 to below `count`, side by side. */
  async each(count: number, name: string, script: (at: number) => Promise<void>): Promise<void> {
    const tasks = Array.from({ length: count }, (_, at) =>
      this.w.spawn(`${name} ${at + 1}`, () => script(at)),
    );
    await Promise.all(tasks);
  }
}

/** The reason of a wait that its caller has given up. */
export const ABANDONED: Error = new Error('given up');

/** @throws Error where a claim does not hold. */
export function claim(holds: boolean, what: string, ...facts: readonly unknown[]): void {
  if (!holds) throw new Error(`${what}: ${JSON.stringify(facts)}`);
}

/** Claims that one list begins with the other. */
export function claimPrefix(what: string, part: readonly unknown[], whole: readonly unknown[]): void {
  const at = part.findIndex((item, index) => item !== whole[index]);
  if (at !== -1) claim(false, `${what}, from ${at} on`, part.slice(at, at + 3), whole.slice(at, at + 3));
}
