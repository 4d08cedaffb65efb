// What has come to one address, by sender: removes duplicates and what a former self of a node has
// sent, and notices what is missing. NodeBus has one for each address that it is subscribed to.
//
// A message that is missing is told once: by the broker (`restart`), by the next message of its
// sender (`accept`), or by the sender's heartbeat where no other message follows (`told`).

import type { Envelope, NodeRef } from './envelope.ts';

/**
 * How long a message may be under way that a heartbeat has told of: heartbeats have an address of
 * their own, and may overtake it.
 */
const OVERDUE_MS = 2000;

/**
 * For so long a sender is not believed that contradicts what has come in its name: a smaller epoch
 * or sequence. After that the others were not its own.
 */
const DISPUTED_MS = 60_000;

/**
 * Senders to one address that are remembered.
 *
 * @limit Nodes that send to one room | of the one that sent first, duplicates are not known any
 * more
 */
const MAX_SENDERS = 4096;

/** What is known of one sender. */
interface Sender {
  epoch: number;
  /** The last sequence that has come; 0 where none has. */
  sequence: number;
  receivedMs: number;
  /** Whether that came after the line began, or began anew: each later one has to come, too. */
  isCounted: boolean;
  /** The last sequence that the sender has told of, or was told as missing. */
  toldTo: number;
  toldMs: number;
}

/** What is to be done with an envelope. */
export type Arrival =
  | { readonly kind: 'next' | 'duplicate' | 'stale' }
  | { readonly kind: 'gap'; readonly forMs: number };

const NEXT: Arrival = Object.freeze({ kind: 'next' });
const DUPLICATE: Arrival = Object.freeze({ kind: 'duplicate' });
const STALE: Arrival = Object.freeze({ kind: 'stale' });

/** Follows the sequences of all senders to one address. */
export class ReceivedLine {
  readonly #senders = new Map<string, Sender>();
  /**
   * Senders of which messages up to `toldTo` are awaited, and since when; undefined where none is.
   */
  #awaited: Map<Sender, number> | undefined;
  #sinceMs = Infinity;
  /** The same time, in the order of the calls: see call-order.ts. */
  #fromMs = Infinity;

  /** What is sent after this time has to come. Infinity while the subscription is not in force. */
  get sinceMs(): number {
    return this.#sinceMs;
  }

  /** Whether {@link overdue} has something to look for. */
  get isAwaiting(): boolean {
    return this.#awaited !== undefined;
  }

  /**
   * The subscription is in force, or the broker has told of a gap: counting begins anew.
   *
   * @param fromMs - The same time, in the order of the calls.
   */
  restart(nowMs: number, fromMs: number = nowMs): void {
    this.#sinceMs = nowMs;
    this.#fromMs = fromMs;
    for (const sender of this.#senders.values()) sender.isCounted = false;
    this.#awaited = undefined;
  }

  /**
   * Takes an envelope.
   *
   * @returns `next`: to be delivered. `gap`: to be delivered, behind a gap of that length.
   *   `duplicate` and `stale`: to be dropped.
   */
  accept({ node, sequence, sincePreviousMs }: Envelope, nowMs: number): Arrival {
    if (sequence === 0) return NEXT;
    const sender = this.#senderOf(node, nowMs);
    if (sender === undefined) return STALE;
    const isBehind = sequence <= sender.sequence;
    if (isBehind && nowMs - sender.receivedMs < DISPUTED_MS) return DUPLICATE;
    if (isBehind) sender.toldTo = 0;
    const isJump = isBehind || (sequence > sender.sequence + 1 && !this.#isTold(sender, sequence - 1));
    // Heartbeats have told of all before. What was sent before the line began was never to come.
    const isMissing =
      isJump && sincePreviousMs !== Infinity && (sender.isCounted || nowMs - sincePreviousMs >= this.#fromMs);
    const arrival: Arrival = isMissing ? { kind: 'gap', forMs: this.#quietMs(sender, nowMs) } : NEXT;
    sender.sequence = sequence;
    sender.receivedMs = nowMs;
    sender.isCounted = this.#sinceMs !== Infinity;
    if (sequence >= sender.toldTo) this.#stopAwaiting(sender);
    // It was told as missing, and has come late: those behind it may come, too.
    else this.#await(sender, nowMs);
    return arrival;
  }

  /** A node says what it has sent last, and how long ago. */
  told(node: NodeRef, sequence: number, agoMs: number, nowMs: number): void {
    if (nowMs - agoMs < this.#fromMs && this.#senders.get(node.id)?.isCounted !== true) return;
    const sender = this.#senderOf(node, nowMs);
    if (sender === undefined) return;
    if (sequence < sender.toldTo && nowMs - sender.toldMs >= DISPUTED_MS) {
      sender.toldTo = sequence;
      this.#stopAwaiting(sender);
    }
    if (sequence <= Math.max(sender.sequence, sender.toldTo)) return;
    sender.toldTo = sequence;
    sender.toldMs = nowMs;
    this.#await(sender, nowMs);
  }

  /**
   * Looks for messages that heartbeats have told of and that have not come.
   *
   * @returns How long nothing has come of their sender; undefined where nothing is overdue.
   */
  overdue(nowMs: number): number | undefined {
    let forMs: number | undefined;
    for (const [sender, sinceMs] of this.#awaited ?? []) {
      if (nowMs - sinceMs < OVERDUE_MS) continue;
      forMs = Math.max(forMs ?? 0, this.#quietMs(sender, nowMs));
      this.#stopAwaiting(sender);
    }
    return forMs;
  }

  /** Forgets the senders of which nothing has come since a time, and nothing is awaited. */
  forget(beforeMs: number): void {
    for (const [id, sender] of this.#senders) {
      if (sender.receivedMs < beforeMs && this.#awaited?.has(sender) !== true) this.#senders.delete(id);
    }
  }

  /** A message that is still awaited was not told as missing. */
  #isTold(sender: Sender, sequence: number): boolean {
    return sequence <= sender.toldTo && this.#awaited?.has(sender) !== true;
  }

  #quietMs({ receivedMs }: Sender, nowMs: number): number {
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

  /** @returns undefined for a former self of the node. */
  #senderOf({ id, epoch }: NodeRef, nowMs: number): Sender | undefined {
    const known = this.#senders.get(id);
    if (known?.epoch === epoch) return known;
    if (known === undefined) this.#makeRoom();
    else if (known.epoch > epoch && nowMs - known.receivedMs < DISPUTED_MS) return undefined;
    else this.#remove(id, known);
    const sender: Sender = {
      epoch,
      sequence: 0,
      receivedMs: -Infinity,
      isCounted: false,
      toldTo: 0,
      toldMs: -Infinity,
    };
    this.#senders.set(id, sender);
    return sender;
  }

  #makeRoom(): void {
    if (this.#senders.size < MAX_SENDERS) return;
    const [id, first] = this.#senders.entries().next().value as [string, Sender];
    this.#remove(id, first);
  }

  #remove(id: string, sender: Sender): void {
    this.#stopAwaiting(sender);
    this.#senders.delete(id);
  }
}
