// A link over a client of ioredis 5 and 6 or of iovalkey, by its shape. redis-clients.ts makes it;
// the broker uses it as a RedisLink.

import type { ChannelReceiver, LinkListener, RedisLink } from './redis-link.ts';
import type { Clock } from '../time/clock.ts';
import { realClock } from '../time/real-clock.ts';
import { afterPoll } from '../time/scheduling.ts';
import { noop } from '../core/noop.ts';

/**
 * Longest wait for the answers that a client needs to be ready. It waits without end itself.
 *
 * @limit First answers of Redis to a new link of `ioredis` or `iovalkey` | the link is closed, and
 * opened anew
 */
const FIRST_ANSWERS_MS = 5000;

/** A client of ioredis 5 or 6, or of iovalkey, as far as the broker uses it. */
export interface IoRedisClient {
  readonly status: string;
  on(event: string, listener: (...values: unknown[]) => void): unknown;
  off(event: string, listener: (...values: unknown[]) => void): unknown;
  publish(channel: string, message: Buffer): Promise<unknown>;
  subscribe(...channels: string[]): Promise<unknown>;
  unsubscribe(...channels: string[]): Promise<unknown>;
  ping(): Promise<unknown>;
  disconnect(reconnect?: boolean): void;
}

/** Makes a link of a client. */
export class IoRedisLink implements RedisLink {
  readonly #client: IoRedisClient;
  readonly #receive: (...values: unknown[]) => void;
  readonly #clock: Clock;
  #listeners: ReadonlyArray<readonly [event: string, listener: (...values: unknown[]) => void]> = [];
  /** Runs while the client is connected and not ready. */
  #timer: unknown;

  constructor(client: IoRedisClient, receive: ChannelReceiver, clock: Clock = realClock) {
    this.#client = client;
    this.#clock = clock;
    this.#receive = (channel, message) => receive(String(channel), message as Buffer);
    client.on('messageBuffer', this.#receive);
    // Without a listener the client writes each failure to reconnect to the console.
    client.on('error', noop);
  }

  get isReady(): boolean {
    return this.#client.status === 'ready';
  }

  /** With `lazyConnect`, until `connect()` or a first command. */
  get isIdle(): boolean {
    return this.#client.status === 'wait';
  }

  /** `close` comes with each loss, `ready` when the client takes commands again. */
  follow({ look, failed, ended }: LinkListener): void {
    const onChange = (): void => this.#limitFirstAnswers();
    this.#listeners = [
      ['connect', onChange],
      ['ready', onChange],
      ['close', onChange],
      ['ready', look],
      ['close', look],
      ['error', failed],
      ['end', ended],
    ];
    for (const [event, listener] of this.#listeners) this.#client.on(event, listener);
    onChange();
  }

  publish(channel: string, bytes: Buffer): Promise<unknown> {
    return this.#client.publish(channel, bytes);
  }

  subscribe(channels: readonly string[]): Promise<unknown> {
    return this.#client.subscribe(...channels);
  }

  unsubscribe(channel: string): Promise<unknown> {
    return this.#client.unsubscribe(channel);
  }

  ping(): Promise<unknown> {
    return this.#client.ping();
  }

  reset(): void {
    // `disconnect` waits for the other end to close, which a dead link never does.
    const { stream } = this.#client as { readonly stream?: { destroy(): void } };
    if (stream === undefined) this.#client.disconnect(true);
    else stream.destroy();
  }

  release(): void {
    this.#client.off('messageBuffer', this.#receive);
    for (const [event, listener] of this.#listeners) this.#client.off(event, listener);
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Until the client is ready no LinkWatch asks its link. */
  #limitFirstAnswers(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#client.status !== 'connect') return;
    const timer = this.#clock.setTimeout(() => {
      // Answers that have come while this process stood still are read first.
      afterPoll(this.#clock, () => this.#timer === timer && this.reset());
    }, FIRST_ANSWERS_MS);
    this.#timer = timer;
  }
}
