// The nodes of the broker of one world: `w.broker`. seeded-world.ts makes them, and world-hosts.ts
// asks which of them a host has. What a seed does to them is broker-faults.ts's.

import { BrokerNode, SeededDeliveries } from '../seeded/broker-faults.ts';
import type { WorldParts } from '../seeded/world-parts.ts';
import { memoryBroker } from '../../../brokers/memory-broker.ts';
import type { MemoryBroker, MemoryNode } from '../../../brokers/memory-broker.ts';
import type { HostOptions } from '../../../server/host-options.ts';
import { giveRandomness } from '../../../platform/random-ids.ts';
import type { Randomness } from '../../../platform/random-ids.ts';
import { UsageError } from '../../../core/errors.ts';
import { isObjectLike } from '../../../core/object-like.ts';

/** The world of each node. */
const worlds = new WeakMap<object, WorldBrokers>();

/** Where an error comes up that a node of a hub reports. */
const OF_BROKER = 'broker';

/** The nodes of one world. */
export class WorldBrokers {
  readonly #parts: WorldParts;
  readonly #randomness: Randomness;
  readonly #broker: MemoryBroker;
  readonly #nodes: BrokerNode[] = [];
  readonly #byBroker = new Map<unknown, BrokerNode>();

  /** @param randomness - That of the hosts: the ids of hubs are drawn from it, too. */
  constructor(parts: WorldParts, randomness: Randomness) {
    this.#parts = parts;
    this.#randomness = randomness;
    const faults = new SeededDeliveries(parts, this.#nodes);
    this.#broker = memoryBroker({ clock: faults.clock, faults });
  }

  /** Makes one more node. */
  make(): MemoryNode {
    const broker = this.#broker.node();
    const node = new BrokerNode(this.#parts, broker, `broker ${this.#nodes.length + 1}`);
    this.#nodes.push(node);
    this.#byBroker.set(broker, node);
    worlds.set(broker, this);
    giveRandomness(broker, this.#randomness);
    return broker;
  }

  /**
   * Gives the node of a host, which has its name from then on.
   *
   * @param broker - What the host was given. One that is of no world is left alone.
   */
  ofHost(broker: unknown, host: string): BrokerNode | undefined {
    const node = this.#byBroker.get(broker);
    if (node !== undefined) node.name = `broker of ${host}`;
    return node;
  }

  /**
   * Gives the options of a host that reports nothing of its broker any more once it has stopped.
   * Its handlers run on, and their errors are still reported.
   */
  quietWhenDead<Options extends HostOptions>(options: Options): Options {
    const { broker, report } = options;
    const node = this.#byBroker.get(broker);
    // What is no function is refused by the host.
    if (node === undefined || typeof report !== 'function') return options;
    const quiet: HostOptions['report'] = (error, where) =>
      node.isDead && where.phase === OF_BROKER ? undefined : report(error, where);
    return { ...options, report: quiet };
  }

  /** Refuses a node of another world: its clock stands still. @throws UsageError. */
  check(broker: unknown): void {
    const owner = isObjectLike(broker) ? worlds.get(broker) : undefined;
    if (owner === undefined || owner === this) return;
    throw new UsageError(
      'COROSOCK_ARGUMENT',
      'w.serve(): expected broker to be w.broker() of this world, got that of another world',
    );
  }

  /** The world has ended: no timer is left. */
  close(): void {
    for (const node of this.#nodes) node.close();
  }
}
