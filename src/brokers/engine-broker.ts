// What all brokers share: the subscriptions of a node, whether it is up, what a lost link means for
// both, and the gaps that follow. An adapter is an `Engine` below it: it moves bytes, and calls
// `down` when its link is lost and `up` when it is back. Addresses: hub/broker-address.ts.

import { AddressBook } from './address-book.ts';
import type { Entry, Subscriber, Subscription } from './address-book.ts';
import { UnacknowledgedCalls } from './unacknowledged-calls.ts';
import type { Broker } from '../hub/broker.ts';
import { checkAddress } from '../hub/broker-address.ts';
import type { Clock } from '../time/clock.ts';
import { inTurns } from '../time/in-turns.ts';
import { badArgument } from '../core/arguments.ts';
import { BrokerError } from '../core/errors.ts';
import { noop } from '../core/noop.ts';
import { propertyOf } from '../core/object-like.ts';
import { LinkedList } from '../structures/linked-list.ts';
import type { ListNode } from '../structures/linked-list.ts';

interface Listener extends ListNode<Listener> {
  readonly listener: (isUp: boolean) => void;
}

/** What an adapter does for one node. */
export interface Engine {
  /** Sends while the link is up; resolves when the engine has taken the message. */
  publish(address: string, bytes: Uint8Array): Promise<number | undefined>;
  /**
   * Subscribes to addresses, again after each loss of the link. Resolves when each is in force, or
   * was given to {@link EngineBroker.refused}. Rejects where none is.
   */
  subscribe(addresses: readonly string[]): Promise<unknown>;
  /** Ends the subscription of an address. Called while the link is up. Must not throw. */
  unsubscribe(address: string): void;
  /** Removes the listeners of the adapter. All subscriptions have ended. */
  close(): void;
  /** Says why its link is not there where no error does: nothing has asked for it, for example. */
  whyDown?(): Error | undefined;
}

/** The most addresses in one call of {@link Engine.subscribe}: 10,000 of them are no storm. */
const BATCH = 500;
/** The most addresses whose gaps are told in one turn: other sockets have theirs in between. */
export const GAPS_A_TURN = 1000;
/** After this, subscriptions that the engine has refused after a loss are asked for again. */
const REFUSED_MS = 1000;

/**
 * One node's broker over an engine. It begins down; the adapter calls `up` when its link is there.
 *
 * A window of loss begins with `down`, and ends when all addresses are subscribed to again after
 * `up`. Each of these calls begins a new session: answers of an earlier one count no more. An
 * address that the server refuses alone has ended, and keeps no other one waiting.
 */
export class EngineBroker implements Broker {
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #book = new AddressBook();
  readonly #calls = new UnacknowledgedCalls();
  readonly #listeners = new LinkedList<Listener>();
  /** New addresses of this turn, which the engine gets together. */
  #asked: Entry[] = [];
  /** Ended while the link was lost: a client may subscribe to them again by itself. */
  readonly #stale = new Set<string>();
  #state: 'down' | 'restoring' | 'up' | 'closed' = 'down';
  #session = 0;
  #canPublish = true;
  /** Why the client has ended, or could not connect. */
  #failure: Error | undefined;
  #lastError: unknown;
  /** What the listeners were told last. */
  #told = false;
  readonly #now: () => number;

  constructor(engine: Engine, clock: Clock) {
    this.#engine = engine;
    this.#clock = clock;
    this.#now = () => clock.now();
  }

  get isUp(): boolean {
    return this.#state === 'up' && this.#canPublish;
  }

  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  publish(address: string, bytes: Uint8Array): Promise<number | undefined> {
    return handled(this.#publish(address, bytes));
  }

  async #publish(address: string, bytes: Uint8Array): Promise<number | undefined> {
    checkAddress('broker.publish()', address);
    if (!(bytes instanceof Uint8Array)) {
      throw badArgument('broker.publish()', 'bytes to be a Uint8Array', bytes);
    }
    if (!this.isUp) throw this.#notUp();
    return await this.#calls.track(bytes.length, () => this.#engine.publish(address, bytes));
  }

  subscribe(
    address: string,
    receive: (bytes: Uint8Array) => void,
    onGap: (forMs: number) => void,
    onRefused?: (error: Error) => void,
  ): Promise<AsyncDisposable> {
    return handled(this.#subscribe(address, { receive, onGap, onRefused }));
  }

  async #subscribe(address: string, subscriber: Subscriber): Promise<AsyncDisposable> {
    checkAddress('broker.subscribe()', address);
    if (this.#state === 'closed') throw this.#notUp();
    const lostSinceMs = this.#state === 'up' ? undefined : this.#clock.now();
    const subscription = this.#book.add(address, subscriber, lostSinceMs);
    this.#stale.delete(address);
    if (this.#state === 'up') this.#ask(subscription.entry);
    await subscription.entry.inForce;
    return { [Symbol.asyncDispose]: async () => this.#end(subscription) };
  }

  onChange(listener: (isUp: boolean) => void): () => void {
    const node: Listener = { listener, previous: undefined, next: undefined };
    this.#listeners.append(node);
    return () => this.#listeners.remove(node);
  }

  async close(): Promise<void> {
    this.#close(new BrokerError('The broker was closed'));
  }

  /** The client has said why it fails: calls reject with it while the broker is down. */
  noteError(error: unknown): void {
    this.#lastError = error;
  }

  /** The client cannot connect at all, or never again: the broker is over, and says why. */
  fail(cause: unknown = this.#lastError, words = 'The client could not connect'): void {
    if (this.#state === 'closed') return;
    this.#failure = isUsageError(cause) ? cause : new BrokerError(words, { cause });
    this.#close(this.#failure);
  }

  #close(error: Error): void {
    if (this.#state === 'closed') return;
    const wasUp = this.isUp;
    const addresses = this.#state === 'up' ? Array.from(this.#book.entries(), ({ address }) => address) : [];
    this.#state = 'closed';
    this.#session += 1;
    this.#book.clear(error);
    this.#calls.lose();
    for (const address of addresses) this.#engine.unsubscribe(address);
    this.#engine.close();
    queueMicrotask(() => {
      if (wasUp) this.#tell(false);
      this.#listeners.forEach((node) => this.#listeners.remove(node));
    });
  }

  /** The link is lost: the adapter calls it for each loss; further calls do nothing. */
  down(sinceMs: number = this.#clock.now()): void {
    if (this.#state === 'down' || this.#state === 'closed') return;
    const wasUp = this.isUp;
    this.#state = 'down';
    this.#session += 1;
    this.#book.lose(sinceMs);
    this.#calls.lose();
    if (wasUp) this.#tell(false);
  }

  /** The link is there, or there again: subscribes to all addresses, tells the gaps, and is up. */
  up(): void {
    if (this.#state !== 'down') return;
    this.#state = 'restoring';
    this.#session += 1;
    void this.#restore(this.#session);
  }

  /**
   * Whether messages can be sent: for an engine with a link of its own for them. Without it no
   * subscription loses anything.
   */
  setPublishing(canPublish: boolean): void {
    if (this.#state === 'closed') return;
    this.#canPublish = canPublish;
    if (!canPublish) this.#calls.lose();
    this.#tell(this.isUp);
  }

  /** A message has come over the link. What still comes over a lost one belongs to its gap. */
  received(address: string, bytes: Uint8Array): void {
    if (this.#state !== 'down') this.#book.deliver(address, bytes, this.#now);
  }

  /**
   * The server refuses one address, when it is asked for or later: its subscriptions end, the
   * others go on. Over a lost link it counts for nothing: the address is asked for again.
   *
   * @param sinceMs - Since when what is sent there may be lost, where it was in force.
   */
  refused(address: string, cause: unknown, sinceMs: number): void {
    const entry = this.#book.get(address);
    if (entry !== undefined && this.#state !== 'down') this.#refuse([entry], cause, sinceMs);
  }

  /** Subscribes to everything that this session has not, then once more to what came meanwhile. */
  async #restore(session: number): Promise<void> {
    let batch: Entry[] = [];
    for (const entry of this.#book.entries()) {
      if (entry.askedIn === session) continue;
      batch.push(entry);
      if (batch.length < BATCH) continue;
      if (!(await this.#subscribeAgain(batch, session))) return;
      batch = [];
    }
    if (batch.length === 0) this.#restored(session);
    else if (await this.#subscribeAgain(batch, session)) await this.#restore(session);
  }

  /** @returns Whether they are in force, in a session that goes on. */
  async #subscribeAgain(entries: readonly Entry[], session: number): Promise<boolean> {
    for (const entry of entries) entry.askedIn = session;
    try {
      await this.#engine.subscribe(entries.map(({ address }) => address));
    } catch (error) {
      if (session !== this.#session) return false;
      this.#lastError = error;
      this.#session += 1;
      const next = this.#session;
      this.#clock.setTimeout(() => next === this.#session && void this.#restore(next), REFUSED_MS);
      return false;
    }
    return session === this.#session;
  }

  #restored(session: number): void {
    this.#state = 'up';
    this.#lastError = undefined;
    for (const address of this.#stale) this.#engine.unsubscribe(address);
    this.#stale.clear();
    // Those that come meanwhile are in force by themselves, and have no gap.
    const entries = [...this.#book.entries()];
    const end = (): void => this.#tell(this.isUp);
    inTurns(this.#clock, entries, GAPS_A_TURN, (slice) => this.#tellGaps(slice, session), end);
  }

  /** Tells gaps in the order of the subscriptions. @returns false where the session is over. */
  #tellGaps(entries: readonly Entry[], session: number): void | false {
    for (const entry of entries) {
      // A listener of a gap may take the broker down: the rest is told after the return.
      entry.subscriptions.forEach((subscription) => {
        if (session === this.#session) subscription.tellGap(this.#now());
      });
      if (session !== this.#session) return false;
      entry.open();
    }
    return undefined;
  }

  #ask(entry: Entry): void {
    if (entry.askedIn !== -1) return;
    entry.askedIn = this.#session;
    this.#asked.push(entry);
    if (this.#asked.length === 1) queueMicrotask(() => this.#askEngine());
  }

  #askEngine(): void {
    const session = this.#session;
    const asked = this.#asked.filter(({ askedIn }) => askedIn === session);
    this.#asked = [];
    for (let start = 0; start < asked.length; start += BATCH) {
      void this.#askFor(asked.slice(start, start + BATCH), session);
    }
  }

  /** Asks for each half where the engine takes none of several: one of them may be the reason. */
  async #askFor(entries: readonly Entry[], session: number): Promise<void> {
    if (session !== this.#session) return undefined;
    try {
      await this.#engine.subscribe(entries.map(({ address }) => address));
    } catch (cause) {
      if (session !== this.#session) return undefined;
      const left = entries.filter((entry) => this.#book.get(entry.address) === entry);
      if (left.length < 2) return this.#refuse(left, cause);
      const middle = Math.ceil(left.length / 2);
      await this.#askFor(left.slice(0, middle), session);
      return await this.#askFor(left.slice(middle), session);
    }
    if (session === this.#session) for (const entry of entries) entry.open();
    return undefined;
  }

  #refuse(entries: readonly Entry[], cause: unknown, sinceMs: number = this.#now()): void {
    const error = new BrokerError('The broker has refused the subscription', { cause });
    for (const entry of entries) {
      this.#book.remove(entry);
      entry.refuse(error, sinceMs, this.#now());
    }
  }

  #end(subscription: Subscription): void {
    if (!subscription.end() || this.#state === 'closed') return;
    const { entry } = subscription;
    this.#book.remove(entry);
    if (this.#state === 'up') this.#engine.unsubscribe(entry.address);
    else this.#stale.add(entry.address);
  }

  #tell(isUp: boolean): void {
    // A listener of a gap may have brought it down again.
    if (isUp === this.#told) return;
    this.#told = isUp;
    this.#listeners.forEach(({ listener }) => listener(isUp));
  }

  #notUp(): Error {
    if (this.#failure !== undefined) return this.#failure;
    if (this.#state === 'closed') return new BrokerError('The broker is closed');
    const cause = this.#engine.whyDown?.() ?? this.#lastError;
    return new BrokerError('The broker is down', cause === undefined ? undefined : { cause });
  }
}

function isUsageError(error: unknown): error is Error {
  return propertyOf(error, 'name') === 'UsageError';
}

/** Marks a rejection as handled: a call that nothing awaits must not end the process. */
function handled<T>(call: Promise<T>): Promise<T> {
  call.catch(noop);
  return call;
}
