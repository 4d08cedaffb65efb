// The port between the broker over Redis and a client: one link, whichever package it is of. Types
// alone. Its implementations: ioredis-link.ts and node-redis-link.ts.

/** One link to Redis or Valkey. Its client connects again by itself. */
export interface RedisLink {
  /** Whether the link is there, with its subscriptions sent. */
  readonly isReady: boolean;
  /** Whether nothing has told its client to connect. */
  readonly isIdle: boolean;
  /** Tells of changes until {@link release}. */
  follow(listener: LinkListener): void;
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

/** What a link tells. */
export interface LinkListener {
  /** Called after each change of `isReady`; also without one. */
  readonly look: () => void;
  /** The client has said why it is not connected. */
  readonly failed: (error: unknown) => void;
  /** The client will never connect again by itself. */
  readonly ended: () => void;
}

/** Gets what comes on any channel. */
export type ChannelReceiver = (channel: string, bytes: Uint8Array) => void;
