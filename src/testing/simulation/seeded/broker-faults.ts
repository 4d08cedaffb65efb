// The faults of the broker of one world: what its seed does to each message between nodes, and when
// it cuts a node off. world-brokers.ts makes the nodes; what moves bytes is memory-broker.ts.

import { LATEST_MS, LONGEST_STALL, Moment, sized } from './seeded-faults.ts';
import type { WorldParts } from './world-parts.ts';
import type { BrokerFaults, MemoryNode } from '../../../brokers/memory-broker.ts';
import type { Clock } from '../../../time/clock.ts';
import { IDLE_TIMER } from '../../../time/scheduling.ts';
import { noop } from '../../../core/noop.ts';

/** The parts of a world that the faults of its broker use. */
type BrokerParts = Pick<WorldParts, 'agenda' | 'choices' | 'faults' | 'tell'>;

/** Where the nodes of a hub send their heartbeats: no code of users waits for these. */
const HEARTBEATS = 'nodes';
/** Characters of an address that a story shows. */
const MOST_ADDRESS = 40;

/** One node of the broker of a world: its name, and whether and when it is cut off. */
export class BrokerNode {
  /** For the story: `broker 1`, or `broker of host 2`. */
  name: string;
  readonly madeMs: number;
  readonly #parts: BrokerParts;
  readonly #node: MemoryNode;
  readonly #moment: Moment | undefined;
  #isDead = false;
  /** Ends the cut. */
  #timer: unknown;

  constructor(parts: BrokerParts, node: MemoryNode, name: string) {
    const { agenda, choices, faults } = parts;
    this.name = name;
    this.madeMs = agenda.now();
    this.#parts = parts;
    this.#node = node;
    const forMs = faults.partition > 0 ? sized(parts, LONGEST_STALL) : 0;
    if (choices.isLikely(faults.partition)) this.#moment = new Moment(parts, () => this.#cutFor(forMs));
  }

  /** Whether faults may still strike its messages. */
  get isYoung(): boolean {
    return this.#parts.agenda.now() - this.madeMs < LATEST_MS;
  }

  /** Whether its host has stopped. */
  get isDead(): boolean {
    return this.#isDead;
  }

  /** A message is sent by it, or to it. */
  arrive(): void {
    this.#moment?.arrive();
  }

  /** Its host has stopped: it never comes back, also where a script mends it. */
  die(): void {
    this.#isDead = true;
    this.stop();
    this.#node.cut();
    this.#node.mend = noop;
  }

  /** It is not struck any more. */
  stop(): void {
    this.#moment?.stop();
    this.#parts.agenda.clearTimeout(this.#timer);
  }

  /** The world has ended. */
  close(): void {
    this.stop();
    void this.#node.close();
  }

  #cutFor(ms: number): void {
    const { agenda, tell } = this.#parts;
    tell(`${this.name} is cut off`);
    this.#node.cut();
    this.#timer = agenda.setTimeout(() => {
      tell(`${this.name} comes back`);
      this.#node.mend();
    }, ms);
  }
}

/**
 * What a seed does to each message between nodes, and the clock that brings it.
 *
 * The broker asks it about a message, and then sets the timer of that message: the timers of
 * heartbeats are idle, as those of the heartbeats of a link.
 */
export class SeededDeliveries implements BrokerFaults {
  readonly clock: Clock;
  readonly #parts: BrokerParts;
  readonly #nodes: readonly BrokerNode[];
  /** Of the message that was asked about last. */
  #isHeartbeat = false;

  /** @param nodes - In the order in which the broker has made them. */
  constructor(parts: BrokerParts, nodes: readonly BrokerNode[]) {
    this.#parts = parts;
    this.#nodes = nodes;
    const { agenda } = parts;
    this.clock = {
      now: () => agenda.now(),
      setTimeout: (run, ms) => agenda.setTimeout(run, ms, this.#isHeartbeat ? IDLE_TIMER : undefined),
      clearTimeout: (timer) => agenda.clearTimeout(timer),
      // The broker keeps the order of each sender by itself: all else is in any order.
      setImmediate: (run) => agenda.openLane().add(run),
    };
  }

  delivery(from: number, to: number, address: string): { readonly copies: number; readonly delayMs: number } {
    this.#isHeartbeat = address === HEARTBEATS;
    const [sender, receiver] = [this.#node(from), this.#node(to)];
    receiver.arrive();
    const { choices, faults, tell } = this.#parts;
    const delayMs = choices.between(faults.delayMs[0], faults.delayMs[1]);
    if (!receiver.isYoung) return { copies: 1, delayMs };
    const message = `a message of ${sender.name} to ${JSON.stringify(address.slice(0, MOST_ADDRESS))}`;
    if (choices.isLikely(faults.brokerDrop)) {
      tell(`${receiver.name} loses ${message}`);
      return { copies: 0, delayMs };
    }
    if (!choices.isLikely(faults.brokerDuplicate)) return { copies: 1, delayMs };
    tell(`${receiver.name} gets ${message} twice`);
    return { copies: 2, delayMs };
  }

  acknowledgementMs(from: number, address: string): number {
    this.#isHeartbeat = address === HEARTBEATS;
    const node = this.#node(from);
    node.arrive();
    const { choices, faults } = this.#parts;
    if (node.isYoung && choices.isLikely(faults.slowAcknowledgement))
      return sized(this.#parts, LONGEST_STALL);
    return choices.between(faults.delayMs[0], faults.delayMs[1]);
  }

  #node(index: number): BrokerNode {
    return this.#nodes[index] as BrokerNode;
  }
}
