// The senders that all received lines of one node remember, in the order of their last use. Ids of
// nodes are free to invent, and so their number is bounded over all lines: the sender that was
// used longest ago is evicted. What comes of it later is new only where its time proves it.

import type { HybridTime } from './hybrid-time.ts';
import { LinkedList } from '../structures/linked-list.ts';
import type { ListNode } from '../structures/linked-list.ts';

/**
 * Senders that are remembered, each once for each address. One takes 260 bytes.
 *
 * @limit Nodes that send to the rooms of a host within three minutes, counted for each room |
 * those that were heard longest ago are forgotten: a gap is before their next message
 */
const MAX_SENDERS = 500_000;

/** One sender to one address. received-line.ts says what its numbers mean. */
export interface Sender extends ListNode<Sender> {
  readonly owner: SenderOwner;
  readonly id: string;
  readonly epoch: number;
  /** The number of its last message that has arrived; 0 before the first. */
  sequence: number;
  receivedMs: number;
  /** The greatest time of its messages that have arrived: see hybrid-time.ts. */
  time: number;
  /**
   * Whether that message arrived after the last `restart`. Then each later number must arrive: one
   * that does not is missing.
   */
  isCounted: boolean;
  /**
   * The greatest number that its heartbeats have named. The messages up to it are awaited, have
   * arrived, or were reported as a gap.
   */
  announced: number;
  announcedMs: number;
}

/** The line of a sender. */
export interface SenderOwner {
  /** Whether a message of the sender is awaited. */
  awaits(sender: Sender): boolean;
  /** Removes one of its senders, also from the list. */
  remove(sender: Sender): void;
}

/** The senders of one node. */
export class ReceivedSenders {
  readonly #byUse = new LinkedList<Sender>();
  readonly #time: Pick<HybridTime, 'hear'>;
  readonly #most: number;
  #count = 0;
  /** The greatest time of all messages of evicted senders. */
  #floor = -Infinity;

  /** @param time - Of the node: says which times are plausible. */
  constructor(time: Pick<HybridTime, 'hear'>, most: number = MAX_SENDERS) {
    this.#time = time;
    this.#most = most;
  }

  /** Whether a message of a sender that is not remembered may have arrived before. */
  isDoubtful(time: number | undefined): boolean {
    return time !== undefined && time <= this.#floor;
  }

  /** Evicts another one where there are too many. */
  add(sender: Sender): void {
    if (this.#count === this.#most) this.#evict(this.#byUse.first as Sender);
    this.#byUse.append(sender);
    this.#count += 1;
  }

  /** @param sender - One that was added. */
  use(sender: Sender): void {
    if (sender === this.#byUse.last) return;
    this.#byUse.remove(sender);
    this.#byUse.append(sender);
  }

  /** @param sender - One that was added. */
  remove(sender: Sender): void {
    this.#byUse.remove(sender);
    this.#count -= 1;
  }

  /**
   * Forgets the senders without a message since a time. One that is awaited was used lately, and so
   * were all behind it.
   */
  forget(beforeMs: number): void {
    let { first } = this.#byUse;
    while (first !== undefined && first.receivedMs < beforeMs && !first.owner.awaits(first)) {
      first.owner.remove(first);
      first = this.#byUse.first;
    }
  }

  #evict(sender: Sender): void {
    // A forged time would make all messages doubtful. One that is plausible by now moves the time
    // of this node, and its heartbeats that of the others: what they send is above the floor.
    if (this.#time.hear(sender.time)) this.#floor = Math.max(this.#floor, sender.time);
    sender.owner.remove(sender);
  }
}
