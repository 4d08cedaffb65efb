// What the laws of several nodes share: random scripts in which time passes and messages are lost,
// and the nodes that such a script is played on.

import fc from 'fast-check';
import { settle } from 'corosock/testing';
import { deployment } from './bus-fixtures.ts';
import type { Deployment } from './bus-fixtures.ts';
import { presenceNode } from './presence-nodes.ts';
import type { PresenceNode } from './presence-nodes.ts';
import { tries } from '../fixtures/law.ts';
import type { BrokerFaults } from '../../src/brokers/memory-broker.ts';

/** A step of any script. */
export type Passing =
  | { readonly kind: 'lose'; readonly percent: number }
  | { readonly kind: 'wait'; readonly ms: number };

/** Of a node, in the list of all three. */
export const at: fc.Arbitrary<number> = fc.nat(2);

/** Gives a number from 0 to 99. */
export type Choose = () => number;

/**
 * Plays random scripts, as often as a law is tried.
 *
 * @param own - Steps of this law. Others lose messages and wait, with a weight of 8.
 */
export async function playScripts<Command>(
  runs: number,
  own: ReadonlyArray<fc.WeightedArbitrary<Command>>,
  play: (script: readonly (Command | Passing)[], choose: Choose) => Promise<void>,
): Promise<void> {
  const step = fc.oneof<Array<fc.WeightedArbitrary<Command | Passing>>>(
    ...own,
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('lose'), percent: fc.constantFrom(0, 30, 100) }) },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('wait'),
        ms: fc.constantFrom(1, 60, 700, 3000, 6000, 70_000),
      }),
    },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40, size: 'max' }),
      fc.infiniteStream(fc.nat(99)),
      (script, choices) => play(script, () => choices.next().value as number),
    ),
    tries(runs),
  );
}

/** The nodes of one play. */
export class RandomNodes {
  readonly #deployed: Deployment;
  /** So many of a hundred messages are lost. */
  #lostPercent = 0;
  #made = 0;

  /** @param arriving - Gives how a message arrives that is not lost. */
  constructor(choose: Choose, arriving: () => ReturnType<NonNullable<BrokerFaults['delivery']>>) {
    this.#deployed = deployment({
      delivery: () => (choose() < this.#lostPercent ? { copies: 0, delayMs: 0 } : arriving()),
    });
  }

  get timers(): number {
    return this.#deployed.clock.timers;
  }

  async pass(passing: Passing): Promise<void> {
    if (passing.kind === 'wait') await this.advance(passing.ms);
    else this.#lostPercent = passing.percent;
  }

  async advance(ms: number): Promise<void> {
    await this.#deployed.clock.advance(ms);
  }

  /** Makes a node with a name of its own. */
  async make(): Promise<PresenceNode> {
    this.#made += 1;
    return await presenceNode(this.#deployed, `node-${this.#made}`);
  }

  /** Ends a node without a goodbye. */
  async crash(node: PresenceNode): Promise<void> {
    node.link.cut();
    node.relay.close();
    node.registry.close();
    void node.bus.close();
    await this.advance(1500);
  }

  /** Loses nothing more, mends all, and waits. */
  async quiet(nodes: readonly PresenceNode[], ms: number): Promise<void> {
    this.#lostPercent = 0;
    for (const node of nodes) node.link.mend();
    await this.advance(ms);
    await settle();
  }

  async close(nodes: readonly PresenceNode[]): Promise<void> {
    await Promise.all([...nodes.map((node) => node.close()), this.advance(2000)]);
  }
}
