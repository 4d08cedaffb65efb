// The contract of a transport: the numbered promises of the Transport port as
// checks, in the same words. `memoryLink` and the WebSocket of `ws` pass it, and so
// must a transport of your own.

import type { Check } from './check.ts';
import { deliveryChecks } from './delivery-checks.ts';
import { endingChecks } from './ending-checks.ts';
import { lifeChecks } from './life-checks.ts';
import { fragmentChecks } from './fragment-checks.ts';
import type { TransportPair } from './transport-check.ts';

/**
 * The promises of the Transport port, as checks for any test runner.
 *
 * They wait for events and never sleep. Give a pair both ways round: what is true
 * of `near` is checked of `near` alone.
 *
 * ```ts
 * for (const { name, run } of transportContract) it(name, () => run(makePair));
 * ```
 */
export const transportContract: ReadonlyArray<Check<TransportPair>> = [
  ...deliveryChecks,
  ...endingChecks,
  ...lifeChecks,
  ...fragmentChecks,
];
