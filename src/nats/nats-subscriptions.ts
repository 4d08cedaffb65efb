// The subscriptions of one node over its NATS connection, and which of them the server refuses. It
// names the subject of one that its user may not have. Of one above `max_subscriptions` it says
// only that there are too many: which ones follows from their order. NatsEngine has one of these.

import type { NatsConnection, NatsSubscription } from './nats-connection.ts';
import { realClock } from '../time/real-clock.ts';
import { noop } from '../core/noop.ts';
import { propertyOf } from '../core/object-like.ts';

/** What the server says of a `SUB` or a `PUB`, and the link stays. */
const NOT_PERMITTED = /^permissions violation/i;
const TOO_MANY = /^maximum subscriptions exceeded/i;

/** What gets messages and refusals. */
export interface NatsListener {
  received(address: string, bytes: Uint8Array): void;
  /** The server refuses an address, when it is asked for or later. */
  refused(address: string, error: unknown): void;
}

/**
 * The subscriptions, by address. One group is asked for at a time, with a `PING` behind it; what
 * comes meanwhile is the next group. Of a group the server takes the first ones, and refuses all
 * above its limit, with one error each: so many at the end of the group are refused. Where the
 * caller subscribes over the same connection, they may be more than the server has refused; these
 * are ended, too.
 */
export class NatsSubscriptions {
  readonly #prefix: string;
  readonly #listener: NatsListener;
  /** In the order in which the client has sent them, also after a reconnect. */
  readonly #open = new Map<string, NatsSubscription>();
  /** The next group, and what settles with its answer. */
  #waiting = new Set<string>();
  #next: Promise<void> | undefined;
  /** Resolves when the group under way is answered. */
  #answered: Promise<void> = Promise.resolve();
  /** Counts the links: the answers of an earlier one are ignored. */
  #link = 0;
  /** After a reconnect the client has sent all subscriptions by itself: the next group has them. */
  #isSentAgain = false;
  /** Counts the errors of the limit. */
  #tooMany = 0;
  #lastTooMany: unknown;

  constructor(prefix: string, listener: NatsListener) {
    this.#prefix = prefix;
    this.#listener = listener;
  }

  /** Resolves when each address is in force or refused. Rejects where the link is lost. */
  subscribe(connection: NatsConnection, addresses: readonly string[]): Promise<void> {
    for (const address of addresses) this.#waiting.add(address);
    const link = this.#link;
    this.#next ??= this.#answered.then(() => this.#askForWaiting(connection, link));
    return this.#next;
  }

  /** Ends the subscription of an address. */
  unsubscribe(address: string): void {
    this.#waiting.delete(address);
    this.#open.get(address)?.unsubscribe();
    this.#open.delete(address);
  }

  /** The link is lost: what was asked for over it is asked for again. */
  lost(): void {
    this.#link += 1;
    this.#waiting.clear();
    this.#next = undefined;
    this.#answered = Promise.resolve();
    this.#isSentAgain = true;
  }

  /** Takes an error of the connection. @returns Whether it refuses a `SUB` or a `PUB` alone. */
  isRefusal(error: unknown): boolean {
    const message = String(propertyOf(error, 'message'));
    if (!TOO_MANY.test(message)) return NOT_PERMITTED.test(message);
    this.#tooMany += 1;
    this.#lastTooMany = error;
    return true;
  }

  async #askForWaiting(connection: NatsConnection, link: number): Promise<void> {
    if (link !== this.#link) return;
    const addresses = this.#waiting;
    this.#waiting = new Set();
    this.#next = undefined;
    const answer = this.#askFor(connection, addresses);
    this.#answered = answer.catch(noop);
    await answer;
  }

  async #askFor(connection: NatsConnection, addresses: ReadonlySet<string>): Promise<void> {
    const link = this.#link;
    const before = this.#tooMany;
    const asked = this.#isSentAgain ? [...this.#open.keys()] : [];
    this.#isSentAgain = false;
    for (const address of addresses) {
      if (this.#open.has(address)) continue;
      this.#open.set(address, this.#subscribe(connection, address));
      asked.push(address);
    }
    await connection.flush();
    // The client tells its listeners of errors some microtasks later.
    await new Promise<void>((resolve) => realClock.setImmediate(resolve));
    if (link === this.#link) this.#refuseLast(asked, this.#tooMany - before);
  }

  #subscribe(connection: NatsConnection, address: string): NatsSubscription {
    const callback = (error: Error | null, message: { readonly data: Uint8Array }): void => {
      if (error === null) return this.#listener.received(address, message.data);
      // The client has dropped it.
      this.#open.delete(address);
      return this.#listener.refused(address, error);
    };
    return connection.subscribe(this.subjectOf(address), { callback });
  }

  #refuseLast(asked: readonly string[], count: number): void {
    const left = asked.filter((address) => this.#open.has(address));
    for (const address of left.slice(Math.max(0, left.length - count))) {
      this.unsubscribe(address);
      this.#listener.refused(address, this.#lastTooMany);
    }
  }

  subjectOf(address: string): string {
    return `${this.#prefix}.${Buffer.from(address).toString('base64url')}`;
  }
}
