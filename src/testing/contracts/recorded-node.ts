// What the broker contract records of a node, and how its checks wait: over a real broker nothing
// says that all has come, so a check waits for what it expects, and then a little for what it does
// not expect.

import type { Broker } from '../../hub/broker.ts';
import { holdProcess, realClock } from '../../time/real-clock.ts';

/** A subscription, and what it got: texts, `gap` for a gap, and `refused` at last, in order. */
export interface Recorded {
  readonly subscription: AsyncDisposable;
  readonly events: readonly string[];
  /** The lengths of the gaps. */
  readonly gaps: readonly number[];
}

/** Waits until something is so. */
export type Until = (what: string, isSo: () => boolean) => Promise<void>;

const PATIENCE_MS = 15_000;
const STEP_MS = 5;
/** Time for what a check does not expect. */
const QUIET_MS = 40;

/** Subscribes to an address of a node, and records what comes. */
export async function record(node: Broker, address: string): Promise<Recorded> {
  const events: string[] = [];
  const gaps: number[] = [];
  const subscription = await node.subscribe(
    address,
    (bytes) => events.push(new TextDecoder().decode(bytes)),
    (forMs) => {
      events.push('gap');
      gaps.push(forMs);
    },
    () => events.push('refused'),
  );
  return { subscription, events, gaps };
}

/** Subscribes to an address of a node that is down, and records in which order things come. */
export function recordOrder(
  node: Broker,
  address: string,
): { readonly order: readonly string[]; readonly subscribing: Promise<void> } {
  const order: string[] = [];
  const subscribing = node
    .subscribe(
      address,
      (bytes) => order.push(new TextDecoder().decode(bytes)),
      () => order.push('gap'),
    )
    .then(() => void order.push('resolved'));
  return { order, subscribing };
}

/**
 * Makes the wait of a check for what it expects.
 *
 * @throws Error where it is not so in time.
 */
export function untilWithin(patienceMs: number = PATIENCE_MS): Until {
  return async (what, isSo) => {
    const lastMs = realClock.now() + patienceMs;
    while (!isSo()) {
      if (realClock.now() > lastMs) throw new Error(`Not so within ${patienceMs} ms: ${what}`);
      await pass(STEP_MS);
    }
  };
}

/** Waits for what should not come. */
export async function quiet(): Promise<void> {
  await pass(QUIET_MS);
}

function pass(ms: number): Promise<void> {
  return new Promise((resolve) => holdProcess(realClock.setTimeout(resolve, ms)));
}
