// A link over a client of node-redis 5 and 6 (the package `redis`), by its shape. redis-clients.ts
// makes it; the broker uses it as a RedisLink.

import type { ChannelReceiver, LinkListener, RedisLink } from './redis-link.ts';
import { noop } from '../core/noop.ts';
import { propertyOf } from '../core/object-like.ts';

type BufferListener = (message: Buffer, channel: Buffer) => void;

/** A client of `redis` 5 or 6, as far as the broker uses it. */
export interface NodeRedisClient {
  readonly isReady: boolean;
  on(event: string, listener: (...values: unknown[]) => void): unknown;
  off(event: string, listener: (...values: unknown[]) => void): unknown;
  publish(channel: string, message: Buffer): Promise<unknown>;
  subscribe(channels: string[], listener: BufferListener, bufferMode: true): Promise<unknown>;
  unsubscribe(channel: string, listener: BufferListener, bufferMode: true): Promise<unknown>;
  ping(): Promise<unknown>;
  destroy(): void;
  connect(): Promise<unknown>;
}

/** `error` comes with each loss, before `reconnecting`; `ready` behind the subscriptions. */
const CHANGES = ['ready', 'error', 'reconnecting', 'end'] as const;

/** Makes a link of a client. */
export class NodeRedisLink implements RedisLink {
  readonly #client: NodeRedisClient;
  readonly #listener: BufferListener;
  #told: LinkListener = { look: noop, failed: noop, ended: noop };
  /** It is closed and opened anew: this end is not the last. */
  #isResetting = false;
  readonly #onChange = (error: unknown): void => {
    if (error instanceof Error) this.#told.failed(error);
    this.#told.look();
    this.#lookForEnd();
  };

  constructor(client: NodeRedisClient, receive: ChannelReceiver) {
    this.#client = client;
    this.#listener = (message, channel) => receive(channel.toString(), message);
    // Without a listener an `error` would end the process.
    client.on('error', noop);
  }

  get isReady(): boolean {
    return this.#client.isReady;
  }

  /** Before `connect()`, and after the end. */
  get isIdle(): boolean {
    return !this.#isResetting && propertyOf(this.#client, 'isOpen') === false;
  }

  follow(listener: LinkListener): void {
    this.#told = listener;
    for (const event of CHANGES) this.#client.on(event, this.#onChange);
  }

  publish(channel: string, bytes: Buffer): Promise<unknown> {
    return this.#client.publish(channel, bytes);
  }

  /** What the client has subscribed to again by itself before it was ready costs no command. */
  subscribe(channels: readonly string[]): Promise<unknown> {
    return this.#client.subscribe([...channels], this.#listener, true);
  }

  unsubscribe(channel: string): Promise<unknown> {
    return this.#client.unsubscribe(channel, this.#listener, true);
  }

  ping(): Promise<unknown> {
    return this.#client.ping();
  }

  reset(): void {
    this.#isResetting = true;
    this.#client.destroy();
    const connecting = this.#client.connect();
    void connecting.catch(noop).then(() => {
      this.#isResetting = false;
      this.#lookForEnd();
    });
  }

  release(): void {
    for (const event of CHANGES) this.#client.off(event, this.#onChange);
  }

  /** Version 5 says nothing else of a client that gives up: it is open as long as it tries. */
  #lookForEnd(): void {
    if (this.isIdle) this.#told.ended();
  }
}
