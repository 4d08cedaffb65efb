// The contract of a transport: the numbered promises of the Transport port as checks, in the same
// words. `memoryLink`, the WebSocket of `ws` and that of browsers are checked by it, and your own
// transport should be. The checks are in the `*-checks.ts` beside.

import type { Check } from './check.ts';
import { deliveryChecks } from './delivery-checks.ts';
import { endingChecks } from './ending-checks.ts';
import { lastWordsChecks } from './last-words-checks.ts';
import { lifeChecks } from './life-checks.ts';
import { fragmentChecks } from './fragment-checks.ts';
import type { TransportPair } from './link-check.ts';

/**
 * Checks each promise of the Transport port, in any test runner.
 *
 * The checks wait for events and never sleep. Some promises are checked of `near` alone, so run
 * the contract a second time with the ends exchanged.
 *
 * ```ts
 * for (const { name, run } of transportContract) it(name, () => run(makePair));
 * ```
 */
export const transportContract: ReadonlyArray<Check<TransportPair>> = [
  ...deliveryChecks,
  ...endingChecks,
  ...lastWordsChecks,
  ...lifeChecks,
  ...fragmentChecks,
];
