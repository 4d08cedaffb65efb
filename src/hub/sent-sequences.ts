// What this node has sent: a sequence for each address, by which receivers notice what they have
// missed, and the order in which addresses were last used, which heartbeats tell. An address that
// is idle is forgotten, so that memory follows the rooms in use.

import { LinkedList } from '../structures/linked-list.ts';
import type { ListNode } from '../structures/linked-list.ts';

/**
 * Bytes of the addresses that a node remembers, with {@link ADDRESS_BYTES} for each: beyond them
 * those are forgotten that heartbeats have told of.
 */
export const MAX_SENT_TOLD_BYTES = 33_554_432;

/**
 * The same for all of them: while the broker is down heartbeats tell nothing.
 *
 * @limit Bytes of the names of rooms to which a host has published in the last two minutes | those
 * that were used longest ago are forgotten: other nodes may be told a gap
 */
export const MAX_SENT_BYTES = 67_108_864;

/** What an address costs beside its text. */
const ADDRESS_BYTES = 256;

/** An address that something was sent to. */
export interface SentAddress extends ListNode<SentAddress> {
  readonly address: string;
  /** That of the last envelope. */
  sequence: number;
  /** The last envelope among all that this node has sent. */
  number: number;
  /** In the order of the calls: see call-order.ts. */
  sentMs: number;
}

/** What a header says of the envelopes before: see `EnvelopeHeader`. */
export interface Numbered {
  readonly sequence: number;
  readonly sincePreviousMs: number;
}

/** Counts what one node sends, by address. */
export class SentSequences {
  readonly #addresses = new Map<string, SentAddress>();
  /** The address that was used longest ago first. */
  readonly #byUse = new LinkedList<SentAddress>();
  /** What was sent up to this number is in heartbeats: receivers know of it. */
  toldTo: number = 0;
  #number = 0;
  #bytes = 0;
  #forgotten = 0;
  /** When that was sent. */
  #forgottenMs = 0;

  /** How many envelopes were sent, to all addresses. */
  get number(): number {
    return this.#number;
  }

  /** The number of the last envelope to any address that was forgotten; 0 where none was. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /**
   * Counts an envelope.
   *
   * A new address begins with the number of the envelope, which is greater than each sequence that
   * the same address has had before it was forgotten.
   *
   * @param sentMs - The same time, in the order of the calls.
   */
  next(address: string, nowMs: number, sentMs: number = nowMs): Numbered {
    this.#number += 1;
    const known = this.#addresses.get(address);
    if (known === undefined) return this.#begin(address, nowMs, sentMs);
    const sincePreviousMs = Math.max(0, nowMs - known.sentMs);
    known.sequence += 1;
    known.number = this.#number;
    known.sentMs = sentMs;
    this.#byUse.remove(known);
    this.#byUse.append(known);
    return { sequence: known.sequence, sincePreviousMs };
  }

  /** Gives the addresses that were used after an envelope, the one used longest ago first. */
  since(number: number): readonly SentAddress[] {
    const used: SentAddress[] = [];
    let { last } = this.#byUse;
    for (; last !== undefined && last.number > number; last = last.previous) used.push(last);
    return used.toReversed();
  }

  /** Forgets the addresses that were last used before a time. */
  forget(beforeMs: number): void {
    let { first } = this.#byUse;
    for (; first !== undefined && first.sentMs < beforeMs; { first } = this.#byUse) this.#forget(first);
  }

  #forget(sent: SentAddress): void {
    this.#byUse.remove(sent);
    this.#addresses.delete(sent.address);
    this.#bytes -= sent.address.length + ADDRESS_BYTES;
    this.#forgotten = sent.number;
    this.#forgottenMs = sent.sentMs;
  }

  /** Names of rooms may be those of clients, and ids of nodes may be invented. */
  #makeRoom(): void {
    let { first } = this.#byUse;
    for (; first !== undefined && this.#bytes > MAX_SENT_TOLD_BYTES; { first } = this.#byUse) {
      if (first.number > this.toldTo && this.#bytes <= MAX_SENT_BYTES) return;
      this.#forget(first);
    }
  }

  #begin(address: string, nowMs: number, sentMs: number): Numbered {
    const sequence = this.#number;
    const sent: SentAddress = {
      address,
      sequence,
      number: sequence,
      sentMs,
      previous: undefined,
      next: undefined,
    };
    this.#addresses.set(address, sent);
    this.#byUse.append(sent);
    this.#bytes += address.length + ADDRESS_BYTES;
    this.#makeRoom();
    // Where receivers do not know of all that was forgotten, some of it may have gone here.
    const sincePreviousMs = this.#forgotten > this.toldTo ? nowMs - this.#forgottenMs : Infinity;
    return { sequence, sincePreviousMs };
  }
}
