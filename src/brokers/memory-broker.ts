// The broker in memory: the nodes are objects of one process. It is for several hosts in one
// process, and it is the fake for tests: a test or a seed decides over its faults. What all
// brokers share is in engine-broker.ts; index.ts exports `memoryBroker`.

import { EngineBroker } from './engine-broker.ts';
import type { Engine } from './engine-broker.ts';
import type { Broker } from '../hub/broker.ts';
import type { Clock } from '../time/clock.ts';
import { realClock } from '../time/real-clock.ts';
import { checkNames } from '../core/arguments.ts';
import { complete, namesOf, unchecked } from '../core/options.ts';
import type { OptionTable } from '../core/options.ts';

/**
 * The faults of a broker in memory, decided message by message. Nodes are named by the order in
 * which `node()` made them, from 0.
 */
export interface BrokerFaults {
  /**
   * Decides over one delivery: how many copies arrive (0 loses it in silence), and after how long.
   * A delay holds later messages of the same node back: their order stays. Returns undefined for an
   * ordinary delivery.
   */
  delivery?(
    from: number,
    to: number,
    address: string,
  ): { readonly copies: number; readonly delayMs: number } | undefined;
  /** Decides how long `publish` takes, in milliseconds. 0 or undefined: a turn. */
  acknowledgementMs?(from: number, address: string): number | undefined;
}

/** Options of `memoryBroker`. */
export interface MemoryBrokerOptions {
  /** The clock of deliveries. Default: the real clock. */
  readonly clock?: Clock | undefined;
  /** Faults that a test or a seed decides. Default: none. */
  readonly faults?: BrokerFaults | undefined;
}

/** A node of a broker in memory. Its link can be cut. */
export interface MemoryNode extends Broker {
  /** Cuts the link of this node: what was under way to it is lost. */
  cut(): void;
  /** Brings the link back: in a later turn the gaps are told, and the node is up. */
  mend(): void;
}

/** Nodes of one deployment in this process. */
export interface MemoryBroker {
  /** Makes one more node. It is up. */
  node(): MemoryNode;
}

const OPTIONS: OptionTable<MemoryBrokerOptions> = {
  clock: [realClock, unchecked],
  faults: [{}, unchecked],
};

/**
 * Makes a broker in memory. Each delivery comes in a later turn of its clock.
 *
 * ```ts
 * const broker = memoryBroker();
 * const one = await serve(chat, { broker: broker.node() });
 * const two = await serve(chat, { broker: broker.node() });
 * ```
 *
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function memoryBroker(options: MemoryBrokerOptions = {}): MemoryBroker {
  checkNames('memoryBroker()', options, namesOf(OPTIONS));
  const { clock, faults } = complete('memoryBroker()', options, OPTIONS);
  const nodes: Node[] = [];
  return {
    node() {
      const node = new Node(nodes, clock, faults);
      nodes.push(node);
      return node.broker;
    },
  };
}

/** One message on its way to a node. */
interface Delivery {
  readonly address: string;
  readonly bytes: Uint8Array;
}

/** The messages on their way from one node to another, in order. */
interface Line {
  readonly deliveries: Delivery[];
  /** When the last of them is due. */
  dueMs: number;
}

/** The engine of one node. */
class Node implements Engine {
  readonly broker: MemoryNode;
  readonly #broker: EngineBroker;
  readonly #nodes: readonly Node[];
  readonly #index: number;
  readonly #clock: Clock;
  readonly #faults: BrokerFaults;
  readonly #addresses = new Set<string>();
  /** What is under way to this node, by sender. */
  #lines = new Map<Node, Line>();
  #isCut = false;

  constructor(nodes: readonly Node[], clock: Clock, faults: BrokerFaults) {
    this.#nodes = nodes;
    this.#index = nodes.length;
    this.#clock = clock;
    this.#faults = faults;
    const broker = new EngineBroker(this, clock);
    this.#broker = broker;
    this.broker = Object.assign(broker, { cut: () => this.#cut(), mend: () => this.#mend() });
    broker.up();
  }

  publish(address: string, bytes: Uint8Array): Promise<number> {
    const takers = this.#nodes.filter((node) => node !== this && node.#addresses.has(address));
    for (const node of takers) node.#take(this, { address, bytes });
    return new Promise((resolve) => {
      this.#after(this.#faults.acknowledgementMs?.(this.#index, address) ?? 0, () => resolve(takers.length));
    });
  }

  subscribe(addresses: readonly string[]): Promise<void> {
    for (const address of addresses) this.#addresses.add(address);
    return new Promise((resolve) => this.#after(0, resolve));
  }

  unsubscribe(address: string): void {
    this.#addresses.delete(address);
  }

  close(): void {
    this.#cut();
  }

  #take(from: Node, delivery: Delivery): void {
    const fate = this.#faults.delivery?.(from.#index, this.#index, delivery.address);
    for (let copy = 0; copy < (fate?.copies ?? 1); copy += 1) this.#send(from, delivery, fate?.delayMs ?? 0);
  }

  #send(from: Node, delivery: Delivery, delayMs: number): void {
    const lines = this.#lines;
    const line = lines.get(from) ?? { deliveries: [], dueMs: 0 };
    lines.set(from, line);
    const nowMs = this.#clock.now();
    line.dueMs = Math.max(line.dueMs, nowMs + delayMs);
    line.deliveries.push(delivery);
    this.#after(line.dueMs - nowMs, () => {
      const next = line.deliveries.shift();
      if (line.deliveries.length === 0) lines.delete(from);
      // After a cut this node has new lines.
      if (next !== undefined && lines === this.#lines) this.#broker.received(next.address, next.bytes);
    });
  }

  #cut(): void {
    this.#isCut = true;
    this.#addresses.clear();
    this.#lines = new Map();
    this.#broker.down();
  }

  #mend(): void {
    if (!this.#isCut) return;
    this.#isCut = false;
    this.#after(0, () => {
      if (!this.#isCut) this.#broker.up();
    });
  }

  #after(ms: number, run: () => void): void {
    if (ms > 0) this.#clock.setTimeout(run, ms);
    else this.#clock.setImmediate(run);
  }
}
