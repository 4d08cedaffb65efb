// The threads of one process: each address is a BroadcastChannel, so that a message reaches the
// threads that have subscribed to it and no other. ipc-broker.ts is the only user.

import { BroadcastChannel } from 'node:worker_threads';

type Received = (address: string, bytes: Uint8Array) => void;

/** The channels of one node. */
export class ThreadChannels {
  readonly #prefix: string;
  readonly #received: Received;
  readonly #channels = new Map<string, BroadcastChannel>();

  constructor(prefix: string, received: Received) {
    this.#prefix = prefix;
    this.#received = received;
  }

  publish(address: string, bytes: Uint8Array): void {
    const own = this.#channels.get(address);
    const channel = own ?? this.#open(address);
    // A copy of its own: of a view, the whole buffer behind it would be cloned.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has none
    channel.postMessage(bytes.slice());
    if (own === undefined) channel.close();
  }

  subscribe(address: string): void {
    if (this.#channels.has(address)) return;
    const channel = this.#open(address);
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- Node's type has no such method
    channel.onmessage = (event: unknown) => {
      const { data } = event as { readonly data: unknown };
      // Anything in the process may use a channel of this name.
      if (data instanceof Uint8Array) this.#received(address, data);
    };
    this.#channels.set(address, channel);
  }

  unsubscribe(address: string): void {
    this.#channels.get(address)?.close();
    this.#channels.delete(address);
  }

  close(): void {
    for (const channel of this.#channels.values()) channel.close();
    this.#channels.clear();
  }

  #open(address: string): BroadcastChannel {
    const channel = new BroadcastChannel(`${this.#prefix}:${address}`);
    // A subscription alone keeps no thread alive.
    channel.unref();
    return channel;
  }
}
