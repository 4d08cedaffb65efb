// The subscriptions of one node, by address: which of them get a message, and which have a gap to
// be told. EngineBroker keeps one. It knows no link: EngineBroker settles what a subscription waits
// for.

import { LinkedList } from '../structures/linked-list.ts';
import type { ListNode } from '../structures/linked-list.ts';

/** What a subscriber gave. */
export interface Subscriber {
  readonly receive: (bytes: Uint8Array) => void;
  readonly onGap: (forMs: number) => void;
  readonly onRefused?: ((error: Error) => void) | undefined;
}

/** One call of `subscribe`. */
export class Subscription implements ListNode<Subscription> {
  previous: Subscription | undefined;
  next: Subscription | undefined;
  readonly entry: Entry;
  readonly #subscriber: Subscriber;
  /** When the window of loss began of which this subscriber has no gap yet; undefined: none. */
  #lostSinceMs: number | undefined;
  #isOver = false;

  constructor(entry: Entry, subscriber: Subscriber, lostSinceMs: number | undefined) {
    this.entry = entry;
    this.#subscriber = subscriber;
    this.#lostSinceMs = lostSinceMs;
  }

  /** Begins a window of loss, unless one has begun. */
  lose(sinceMs: number): void {
    this.#lostSinceMs ??= sinceMs;
  }

  /** Tells the gap, where there is one to tell. */
  tellGap(nowMs: number): void {
    if (this.#isOver || this.#lostSinceMs === undefined) return;
    const forMs = Math.max(0, nowMs - this.#lostSinceMs);
    this.#lostSinceMs = undefined;
    this.#subscriber.onGap(forMs);
  }

  /** Gives a message, behind the gap that is to be told. */
  receive(bytes: Uint8Array, nowMs: () => number): void {
    if (this.#lostSinceMs !== undefined) this.tellGap(nowMs());
    if (!this.#isOver) this.#subscriber.receive(bytes);
  }

  /** Ends it, and says why, behind a last gap. */
  refuse(error: Error, sinceMs: number, nowMs: number): void {
    this.lose(sinceMs);
    this.tellGap(nowMs);
    if (this.#isOver) return;
    this.#isOver = true;
    this.#subscriber.onRefused?.(error);
  }

  /** Ends it. @returns Whether it was the last of its address, for the first call alone. */
  end(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.entry.subscriptions.remove(this);
    return this.entry.subscriptions.first === undefined;
  }
}

/** One address with subscriptions. When the last has ended, the entry is removed for good. */
export class Entry {
  readonly address: string;
  readonly subscriptions: LinkedList<Subscription> = new LinkedList();
  /** The session of the link in which the engine was asked for it; -1: not yet. */
  askedIn = -1;
  /** Settles `inForce`. */
  #resolve!: () => void;
  #reject!: (error: Error) => void;
  /** Resolves when messages of the address arrive for the first time. */
  readonly inForce: Promise<void>;
  #wasInForce = false;

  constructor(address: string) {
    this.address = address;
    this.inForce = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Messages of the address arrive. */
  open(): void {
    this.#wasInForce = true;
    this.#resolve();
  }

  /** Rejects those that wait for `inForce`. */
  reject(error: Error): void {
    this.#reject(error);
  }

  /** The engine refuses the address: tells those that wait, or those that were in force. */
  refuse(error: Error, sinceMs: number, nowMs: number): void {
    if (!this.#wasInForce) return this.#reject(error);
    return this.subscriptions.forEach((subscription) => subscription.refuse(error, sinceMs, nowMs));
  }
}

/** All addresses of a node. */
export class AddressBook {
  /** A Map: `__proto__` is an address like any other. Its iterators see what is added meanwhile. */
  readonly #entries = new Map<string, Entry>();

  get size(): number {
    return this.#entries.size;
  }

  entries(): IterableIterator<Entry> {
    return this.#entries.values();
  }

  add(address: string, subscriber: Subscriber, lostSinceMs: number | undefined): Subscription {
    const entry = this.#entries.get(address) ?? new Entry(address);
    this.#entries.set(address, entry);
    const subscription = new Subscription(entry, subscriber, lostSinceMs);
    entry.subscriptions.append(subscription);
    return subscription;
  }

  get(address: string): Entry | undefined {
    return this.#entries.get(address);
  }

  /** Removes an entry. A later one of its address stays. */
  remove(entry: Entry): void {
    if (this.#entries.get(entry.address) === entry) this.#entries.delete(entry.address);
  }

  /** Gives a message to each subscription of the address, as it stood when the message came. */
  deliver(address: string, bytes: Uint8Array, nowMs: () => number): void {
    this.#entries.get(address)?.subscriptions.forEach((subscription) => subscription.receive(bytes, nowMs));
  }

  /** Begins a window of loss for all subscriptions. */
  lose(sinceMs: number): void {
    for (const entry of this.#entries.values()) {
      entry.subscriptions.forEach((subscription) => subscription.lose(sinceMs));
    }
  }

  /** Ends all subscriptions: those that wait are rejected. */
  clear(error: Error): void {
    for (const entry of this.#entries.values()) {
      entry.subscriptions.forEach((subscription) => void subscription.end());
      entry.reject(error);
    }
    this.#entries.clear();
  }
}
