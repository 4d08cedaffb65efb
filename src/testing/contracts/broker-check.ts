// What the checks of the broker contract are made of: the nodes that the author of a broker brings,
// `brokerCheck`, and `outageCheck` for brokers that can be taken away. The checks are in
// `broker-delivery-checks.ts` and `broker-outage-checks.ts`.

import type { Check } from './check.ts';
import { untilWithin } from './recorded-node.ts';
import type { Until } from './recorded-node.ts';
import type { Broker } from '../../hub/broker.ts';

/** Three nodes of one deployment, all of them up. Disposing of them leaves nothing open. */
export interface BrokerUnderTest extends AsyncDisposable {
  readonly nodes: readonly [Broker, Broker, Broker];
  /** Takes the broker away from all nodes. Where it is missing, checks of outages pass. */
  takeAway?(): Promise<void>;
  /** Brings it back. */
  bringBack?(): Promise<void>;
  /**
   * Makes the engine refuse an address to all nodes, also where it is in force. Where it is
   * missing, the check of refusals passes.
   */
  refuse?(address: string): Promise<void>;
  /** Makes the engine take all addresses again. */
  allowAll?(): Promise<void>;
  /** Longest wait of a check for what it expects, in milliseconds. Default: 15,000. */
  readonly patienceMs?: number;
}

type Nodes = BrokerUnderTest['nodes'];
type Body = (nodes: Nodes, until: Until, tested: BrokerUnderTest) => Promise<void>;

/** Makes a check over three nodes. */
export function brokerCheck(name: string, body: Body): Check<BrokerUnderTest> {
  return {
    name,
    async run(make) {
      await using tested = await make();
      await body(tested.nodes, untilWithin(tested.patienceMs), tested);
    },
  };
}

/** A broker that can be taken away. */
interface Outages {
  /** Takes the broker away, and waits until all nodes are down. */
  begin(): Promise<void>;
  /** Brings it back, and waits until all nodes are up. */
  end(): Promise<void>;
}

/** Makes a check of outages. A broker that cannot be taken away passes. */
export function outageCheck(
  name: string,
  body: (nodes: Nodes, until: Until, outages: Outages) => Promise<void>,
): Check<BrokerUnderTest> {
  return brokerCheck(name, async (nodes, until, tested) => {
    if (tested.takeAway === undefined || tested.bringBack === undefined) return;
    await body(nodes, until, {
      async begin() {
        await tested.takeAway?.();
        await until('all nodes are down', () => nodes.every(({ isUp }) => !isUp));
      },
      async end() {
        await tested.bringBack?.();
        await until('all nodes are up', () => nodes.every(({ isUp }) => isUp));
      },
    });
  });
}

/** Encodes words. */
export function text(words: string): Uint8Array {
  return new TextEncoder().encode(words);
}
