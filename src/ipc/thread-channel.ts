// The threads of one process: all nodes of a deployment share one BroadcastChannel, and each drops
// the messages that it has not subscribed to. Why not a channel for each address:
// docs/internals/decisions/brokers.md. ipc-broker.ts is the only user.

import { BroadcastChannel } from 'node:worker_threads';

type Received = (address: string, bytes: Uint8Array) => void;

/** The channel of one node to the threads of its process. */
export class ThreadChannel {
  readonly #channel: BroadcastChannel;
  readonly #received: Received;
  /** What it has subscribed to. */
  readonly addresses: Set<string> = new Set();

  constructor(prefix: string, received: Received) {
    this.#received = received;
    this.#channel = new BroadcastChannel(`corosock:${prefix}`);
    // It keeps no thread alive.
    this.#channel.unref();
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- Node's type has no such method
    this.#channel.onmessage = (event: unknown) => this.#take((event as { readonly data: unknown }).data);
  }

  publish(address: string, bytes: Uint8Array): void {
    // A copy: of a view, the whole memory behind it would be sent.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has none
    this.#channel.postMessage([address, new Uint8Array(bytes)]);
  }

  subscribe(address: string): void {
    this.addresses.add(address);
  }

  unsubscribe(address: string): void {
    this.addresses.delete(address);
  }

  close(): void {
    this.#channel.close();
  }

  /** Any code of the process can send on this channel: everything else is dropped. */
  #take(message: unknown): void {
    if (!Array.isArray(message)) return;
    const [address, bytes] = message as readonly unknown[];
    if (!this.addresses.has(address as string) || !(bytes instanceof Uint8Array)) return;
    this.#received(address as string, bytes);
  }
}
