// The options of `world`, which those of `simulate` and `torture` contain: their types, defaults
// and checks. Those of faults are faults.ts's.

import { checkSeed } from '../seeded/choices.ts';
import { checkFaults } from '../seeded/faults.ts';
import type { FaultsOption } from '../seeded/faults.ts';
import { badArgument } from '../../../core/arguments.ts';
import type { Complete, OptionTable } from '../../../core/options.ts';

/** What decides the course of a world. */
export interface WorldOptions {
  /** Decides all that is random in the world, a safe integer ≥ 0. Default 1. */
  readonly seed?: number;
  /**
   * What goes wrong, at moments that its seed decides. Time that a delay or stall takes passes with
   * `clock.advance`, also during `w.connect`. Default `'none'`.
   */
  readonly faults?: FaultsOption;
  /**
   * What links carry. `'messages'`: whole messages. `'wire'`: the bytes of a port, which are the
   * requests of node:http and the frames of `ws` at both ends, over streams in memory. No message
   * is compressed then, because zlib works in real time, and a run takes three times as long. A
   * link that stalls takes 64 KiB from its writer first, as a port does. Default `'messages'`.
   */
  readonly fidelity?: 'messages' | 'wire';
}

/** The row of each option. */
export const WORLD_OPTIONS: OptionTable<WorldOptions> = {
  seed: [1, checkSeed],
  faults: ['none', checkFaults],
  fidelity: ['messages', checkFidelity],
};

/** Options that are checked and filled in. */
export type WorldSettings = Complete<WorldOptions>;

function checkFidelity(call: string, name: string, fidelity: unknown): void {
  if (fidelity === 'messages' || fidelity === 'wire') return;
  throw badArgument(call, `${name} to be 'messages' or 'wire'`, fidelity);
}
