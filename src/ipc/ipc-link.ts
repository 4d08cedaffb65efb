// One link between two processes: `process` of a child, or a child as its parent holds it. What the
// other end does not take is bounded: beyond that messages are dropped, and the other end is told
// that it has lost some. The addresses that it subscribes to are bounded, too.

import type { ChildMessage, ParentMessage, PublishMessage } from './ipc-message.ts';

/** What can send: `process`, a `ChildProcess`, a `Worker` of `node:cluster`. */
export interface IpcPeer {
  send?(message: unknown, ...rest: never[]): unknown;
  on(event: string, listener: (...values: unknown[]) => void): unknown;
  off(event: string, listener: (...values: unknown[]) => void): unknown;
}

/**
 * Most bytes that wait for a process.
 *
 * @limit Bytes that wait for another process in `ipcBroker` | its node is told a gap
 */
export const MAX_WAITING_BYTES = 16_777_216;
/** What a message costs besides its bytes. */
const MESSAGE_BYTES = 256;
/**
 * Most characters of the addresses of one child, and of the processes below it. Each address counts
 * with {@link ADDRESS_COST} more.
 *
 * @limit Characters of the addresses of a child in `ipcBroker`, with 64 more for each | `subscribe`
 * rejects
 */
export const MAX_ADDRESSES_COST = 67_108_864;
/** What an address costs besides its characters. */
const ADDRESS_COST = 64;

type Send = (message: unknown, handle: undefined, options: undefined, done: () => void) => unknown;

/** Sends to one process, and keeps what it is interested in. */
export class IpcLink {
  readonly #peer: IpcPeer;
  readonly #prefix: string;
  readonly #addresses = new Set<string>();
  #addressesCost = 0;
  #waitingBytes = 0;
  #hasLost = false;

  constructor(peer: IpcPeer, prefix: string) {
    this.#peer = peer;
    this.#prefix = prefix;
  }

  /** What the other end has subscribed to. */
  get addresses(): ReadonlySet<string> {
    return this.#addresses;
  }

  /** Subscribes the other end to all of them, or to none. @returns Whether they have room. */
  add(addresses: readonly string[]): boolean {
    const fresh = new Set(addresses.filter((address) => !this.#addresses.has(address)));
    const cost = Array.from(fresh, costOf).reduce((sum, one) => sum + one, 0);
    if (this.#addressesCost + cost > MAX_ADDRESSES_COST) return false;
    this.#addressesCost += cost;
    for (const address of fresh) this.#addresses.add(address);
    return true;
  }

  remove(address: string): void {
    if (this.#addresses.delete(address)) this.#addressesCost -= costOf(address);
  }

  /** Sends a message that must not be dropped. Its sender bounds how many of them wait. */
  send(message: ChildMessage | ParentMessage, bytes = 0): void {
    const cost = bytes + MESSAGE_BYTES;
    this.#waitingBytes += cost;
    try {
      (this.#peer.send as Send | undefined)?.call(this.#peer, message, undefined, undefined, () =>
        this.#taken(cost),
      );
    } catch {
      // The channel is closed: `disconnect` says so, too.
      this.#taken(cost);
    }
  }

  /** Sends a message of a publisher, unless too much waits. */
  deliver(message: PublishMessage): void {
    this.#offer(message, message.base64.length);
  }

  /** Answers a question. An end that asks, and does not read, is told that it has lost some. */
  answer(n: number, kind: 'ok' | 'refused' = 'ok'): void {
    this.#offer({ corosock: this.#prefix, kind, n }, 0);
  }

  #offer(message: ParentMessage, bytes: number): void {
    if (this.#hasLost || this.#waitingBytes > MAX_WAITING_BYTES) this.#hasLost = true;
    else this.send(message, bytes);
  }

  #taken(cost: number): void {
    this.#waitingBytes -= cost;
    if (!this.#hasLost || this.#waitingBytes > 0) return;
    this.#hasLost = false;
    this.send({ corosock: this.#prefix, kind: 'lost' });
  }
}

function costOf(address: string): number {
  return address.length + ADDRESS_COST;
}
