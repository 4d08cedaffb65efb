// The messages that arrive at one address, by sender. Drops duplicates and the messages of a node's
// former run, and finds out which messages are missing. bus-subscription.ts has one for an address.
//
// A sender numbers its messages: 1, 2, 3. A loss is found in one of three ways, and is a gap once:
// the broker says so (`restart`), the next message of the sender skips a number (`accept`), or the
// sender's heartbeat names a number that has not arrived in time (`told`, `overdue`).

import type { Envelope, NodeRef } from './envelope.ts';
import type { ReceivedSenders, Sender, SenderOwner } from './received-senders.ts';

/**
 * How long to wait for a message whose number a heartbeat names. Heartbeats have an address of
 * their own, and may overtake it.
 */
const OVERDUE_MS = 2000;

/**
 * A message with a smaller epoch or number than the last one of its sender is dropped. When no
 * other message has arrived for this time, it counts: a forger had sent the greater number.
 */
const DISPUTED_MS = 60_000;

/** What is to be done with an envelope. */
export type Arrival =
  | { readonly kind: 'next' }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'stale' }
  | { readonly kind: 'gap' | 'doubtful'; readonly forMs: number };

const NEXT: Arrival = Object.freeze({ kind: 'next' });
const DUPLICATE: Arrival = Object.freeze({ kind: 'duplicate' });
const STALE: Arrival = Object.freeze({ kind: 'stale' });

/** Follows the numbers of all senders to one address. */
export class ReceivedLine implements SenderOwner {
  readonly #senders = new Map<string, Sender>();
  /** Those of all lines of the node. */
  readonly #all: ReceivedSenders;
  /**
   * The senders whose messages up to `announced` have not all arrived, and since when each is
   * awaited. Undefined instead of an empty map: a node may be in 100,000 rooms.
   */
  #awaited: Map<Sender, number> | undefined;
  /** When the subscription began, or the broker last reported a gap. */
  #sinceMs = Infinity;
  /** The same time, in the order of the calls: see call-order.ts. */
  #fromMs = Infinity;
  /** Whether a sender was removed while a message of it was awaited. */
  #owesGap = false;

  constructor(all: ReceivedSenders) {
    this.#all = all;
  }

  /** Each message that is sent after this time must arrive. Infinity before the subscription. */
  get sinceMs(): number {
    return this.#sinceMs;
  }

  /** Whether {@link overdue} has something to look for. */
  get isAwaiting(): boolean {
    return this.#owesGap || this.#awaited !== undefined;
  }

  /**
   * Begins to count anew: the subscription has begun, or the broker has reported a gap.
   *
   * @param fromMs - The same time, in the order of the calls.
   */
  restart(nowMs: number, fromMs: number = nowMs): void {
    this.#sinceMs = nowMs;
    this.#fromMs = fromMs;
    for (const sender of this.#senders.values()) sender.isCounted = false;
    this.#awaited = undefined;
    this.#owesGap = false;
  }

  /** Forgets all of its senders, and must not be used any more. */
  close(): void {
    for (const sender of this.#senders.values()) this.#all.remove(sender);
    this.#senders.clear();
  }

  /**
   * Takes an envelope.
   *
   * @returns `next`: to be delivered. `gap`: to be delivered, behind a gap of that length.
   *   `duplicate` and `stale`: to be dropped. `doubtful`: to be dropped, behind a gap.
   */
  accept({ node, sequence, sincePreviousMs, time }: Envelope, nowMs: number): Arrival {
    if (sequence === 0) return NEXT;
    const sender = this.#senderOf(node, nowMs);
    if (sender === undefined) return STALE;
    if (sender.sequence === 0 && this.#all.isDoubtful(time)) {
      return { kind: 'doubtful', forMs: this.#quietMs(sender.receivedMs, nowMs) };
    }
    const isBehind = sequence <= sender.sequence;
    if (isBehind && nowMs - sender.receivedMs < DISPUTED_MS) return DUPLICATE;
    if (isBehind) sender.announced = 0;
    const isJump = isBehind || (sequence > sender.sequence + 1 && !this.#isReported(sender, sequence - 1));
    // A message that was sent before the subscription began was never to arrive. Infinity: the
    // sender was idle before this message, and its heartbeats have named all earlier ones.
    const isMissing =
      isJump && sincePreviousMs !== Infinity && (sender.isCounted || nowMs - sincePreviousMs >= this.#fromMs);
    const arrival: Arrival = isMissing
      ? { kind: 'gap', forMs: this.#quietMs(sender.receivedMs, nowMs) }
      : NEXT;
    sender.sequence = sequence;
    sender.receivedMs = nowMs;
    if (time !== undefined) sender.time = Math.max(sender.time, time);
    this.#all.use(sender);
    sender.isCounted = this.#sinceMs !== Infinity;
    if (sequence >= sender.announced) this.#stopAwaiting(sender);
    // A late message, of a gap that was reported: those up to `announced` may arrive, too.
    else this.#await(sender, nowMs);
    return arrival;
  }

  /** A heartbeat names the number of its sender's last message, and how long ago that was sent. */
  told(node: NodeRef, sequence: number, agoMs: number, nowMs: number): void {
    if (nowMs - agoMs < this.#fromMs && this.#senders.get(node.id)?.isCounted !== true) return;
    const sender = this.#senderOf(node, nowMs);
    if (sender === undefined) return;
    if (sequence < sender.announced && nowMs - sender.announcedMs >= DISPUTED_MS) {
      sender.announced = sequence;
      this.#stopAwaiting(sender);
    }
    if (sequence <= Math.max(sender.sequence, sender.announced)) return;
    sender.announced = sequence;
    sender.announcedMs = nowMs;
    this.#all.use(sender);
    this.#await(sender, nowMs);
  }

  /**
   * Reports a gap where a message has not arrived in time whose number a heartbeat has named.
   *
   * @returns The length of the gap: how long no message of its sender has arrived. Undefined where
   *   no message is overdue.
   */
  overdue(nowMs: number): number | undefined {
    let forMs = this.#owesGap ? this.#quietMs(-Infinity, nowMs) : undefined;
    this.#owesGap = false;
    for (const [sender, sinceMs] of this.#awaited ?? []) {
      if (nowMs - sinceMs < OVERDUE_MS) continue;
      forMs = Math.max(forMs ?? 0, this.#quietMs(sender.receivedMs, nowMs));
      this.#stopAwaiting(sender);
    }
    return forMs;
  }

  awaits(sender: Sender): boolean {
    return this.#awaited?.has(sender) === true;
  }

  remove(sender: Sender): void {
    this.#owesGap ||= this.awaits(sender);
    this.#stopAwaiting(sender);
    this.#senders.delete(sender.id);
    this.#all.remove(sender);
  }

  /** Whether the messages up to a number were named by a heartbeat, and then reported as a gap. */
  #isReported(sender: Sender, sequence: number): boolean {
    return sequence <= sender.announced && !this.awaits(sender);
  }

  #quietMs(receivedMs: number, nowMs: number): number {
    return nowMs - Math.max(receivedMs, Math.min(this.#sinceMs, nowMs));
  }

  #await(sender: Sender, nowMs: number): void {
    this.#awaited ??= new Map();
    if (!this.#awaited.has(sender)) this.#awaited.set(sender, nowMs);
  }

  #stopAwaiting(sender: Sender): void {
    this.#awaited?.delete(sender);
    if (this.#awaited?.size === 0) this.#awaited = undefined;
  }

  /** Gives the record of a sender. @returns undefined for an older run of the node. */
  #senderOf({ id, epoch }: NodeRef, nowMs: number): Sender | undefined {
    const known = this.#senders.get(id);
    if (known?.epoch === epoch) return known;
    if (known !== undefined) {
      if (known.epoch > epoch && nowMs - known.receivedMs < DISPUTED_MS) return undefined;
      this.remove(known);
    }
    const sender: Sender = {
      previous: undefined,
      next: undefined,
      owner: this,
      id,
      epoch,
      sequence: 0,
      receivedMs: -Infinity,
      time: -Infinity,
      isCounted: false,
      announced: 0,
      announcedMs: -Infinity,
    };
    this.#senders.set(id, sender);
    this.#all.add(sender);
    return sender;
  }
}
