// The port between the broker over Redis and a client: one link, whichever package it is of. Types
// alone. Its implementations: ioredis-link.ts and node-redis-link.ts.

/** One link to Redis or Valkey. Its client connects again by itself. */
export interface RedisLink {
  /** Whether the link is there, with its subscriptions sent. */
  readonly isReady: boolean;
  /** Calls after each change of {@link isReady}; it may call without one. */
  follow(look: () => void): void;
  /** @returns How many subscribers the server gave it to. */
  publish(channel: string, bytes: Buffer): Promise<unknown>;
  /** Resolves when the server has confirmed all of them. */
  subscribe(channels: readonly string[]): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  /** Resolves with the answer of the server. */
  ping(): Promise<unknown>;
  /** Drops the link without waiting for the server, and connects again. */
  reset(): void;
  /** Removes all listeners. */
  release(): void;
}

/** Gets what comes on any channel. */
export type ChannelReceiver = (channel: string, bytes: Uint8Array) => void;
