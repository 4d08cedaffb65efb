// The contract of a broker: the numbered promises of the Broker port as checks, in the same words.
// The brokers in memory, over NATS, Redis and IPC pass it, and your own broker should. The checks
// are in broker-delivery-checks.ts and broker-outage-checks.ts.

import type { Check } from './check.ts';
import type { BrokerUnderTest } from './broker-check.ts';
import { deliveryChecks } from './broker-delivery-checks.ts';
import { outageChecks } from './broker-outage-checks.ts';

/**
 * Checks each promise of the Broker port, in any test runner.
 *
 * ```ts
 * for (const { name, run } of brokerContract) it(name, () => run(makeNodes));
 * ```
 */
export const brokerContract: ReadonlyArray<Check<BrokerUnderTest>> = [...deliveryChecks, ...outageChecks];
