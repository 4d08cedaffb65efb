// The broker over Redis and Valkey: plain publish and subscribe, at most once, one channel for each
// address. Clients are taken by their shape (redis-clients.ts). Subscriptions and gaps are in
// brokers/engine-broker.ts; here is what Redis needs for them.

import { OwnEchoes } from './own-echoes.ts';
import { linksOf } from './redis-clients.ts';
import type { RedisClients } from './redis-clients.ts';
import type { RedisLink } from './redis-link.ts';
import { EngineBroker } from '../brokers/engine-broker.ts';
import type { Engine } from '../brokers/engine-broker.ts';
import { LinkWatch } from '../brokers/link-watch.ts';
import { checkPrefix } from '../brokers/prefix.ts';
import type { Broker } from '../hub/broker.ts';
import { realClock } from '../time/real-clock.ts';
import { checkNames } from '../core/arguments.ts';
import { noop } from '../core/noop.ts';
import { complete, namesOf } from '../core/options.ts';
import type { OptionTable } from '../core/options.ts';

/** Options of `redisBroker`. */
export interface RedisBrokerOptions {
  /**
   * Stands in front of each channel, so that deployments can share a server: `<prefix>:<address>`.
   * 1 to 100 letters, digits, `-`, `_`, and dots between them. Default: `'corosock'`.
   */
  readonly prefix?: string | undefined;
}

const OPTIONS: OptionTable<RedisBrokerOptions> = { prefix: ['corosock', checkPrefix] };

/**
 * Makes the broker of this node over Redis or Valkey.
 *
 * ```ts
 * import { Redis } from 'ioredis';
 *
 * const noQueue = { enableOfflineQueue: false, autoResendUnfulfilledCommands: false };
 * // Without it an attempt to reconnect may come more than two seconds after the server is back.
 * const retryStrategy = (attempt: number): number => Math.min(attempt * 50, 1000);
 * const publisher = new Redis(url, { ...noQueue, retryStrategy });
 * const subscriber = new Redis(url, { retryStrategy });
 * const host = await serve(chat, { broker: redisBroker({ publisher, subscriber }) });
 * ```
 *
 * With `redis`: `createClient({ url, socket, disableOfflineQueue: true })`, with the same function
 * as `socket.reconnectStrategy`, `socketTimeout: 5000` beside it, and its `connect()`, which need
 * not be awaited: until both links are there the broker is down.
 *
 * @param clients - Two clients of one server. The caller closes them, which ends the broker.
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function redisBroker(clients: RedisClients, options: RedisBrokerOptions = {}): Broker {
  checkNames('redisBroker()', options, namesOf(OPTIONS));
  const { prefix } = complete('redisBroker()', options, OPTIONS);
  return new RedisEngine(clients, `${prefix}:`).broker;
}

class RedisEngine implements Engine {
  readonly broker: EngineBroker = new EngineBroker(this, realClock);
  readonly #prefix: string;
  readonly #publisher: RedisLink;
  readonly #subscriber: RedisLink;
  readonly #publisherWatch: LinkWatch;
  readonly #subscriberWatch: LinkWatch;
  readonly #addresses = new Set<string>();
  readonly #echoes = new OwnEchoes();
  #canPublish = true;
  #canReceive = false;

  constructor(clients: RedisClients, prefix: string) {
    this.#prefix = prefix;
    const { publisher, subscriber } = linksOf(clients, (channel, bytes) => this.#receive(channel, bytes));
    this.#publisher = publisher;
    this.#subscriber = subscriber;
    this.#publisherWatch = watchOver(this.#publisher, () => this.#setPublishing(false));
    this.#subscriberWatch = watchOver(this.#subscriber, () => this.#setReceiving(false));
    this.#follow(this.#publisher, () => this.#setPublishing(this.#publisher.isReady));
    this.#follow(this.#subscriber, () => this.#setReceiving(this.#subscriber.isReady));
    this.#publisherWatch.start();
    this.#setPublishing(this.#publisher.isReady);
    this.#setReceiving(this.#subscriber.isReady);
  }

  async publish(address: string, bytes: Uint8Array): Promise<number> {
    const isOwn = this.#addresses.has(address);
    const take = isOwn ? this.#echoes.expect(address, bytes) : noop;
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const count = Number(await this.#publisher.publish(this.#prefix + address, view));
    take();
    this.#publisherWatch.heard();
    return Math.max(0, isOwn ? count - 1 : count);
  }

  async subscribe(addresses: readonly string[]): Promise<void> {
    for (const address of addresses) this.#addresses.add(address);
    await this.#subscriber.subscribe(addresses.map((address) => this.#prefix + address));
    // Its answer comes behind those to all that the client has sent by itself.
    await this.#subscriber.ping();
  }

  unsubscribe(address: string): void {
    this.#addresses.delete(address);
    this.#echoes.forget(address);
    this.#subscriber.unsubscribe(this.#prefix + address).then(noop, noop);
  }

  close(): void {
    this.#publisherWatch.stop();
    this.#subscriberWatch.stop();
    this.#publisher.release();
    this.#subscriber.release();
  }

  whyDown(): Error | undefined {
    const idle = Object.entries({ publisher: this.#publisher, subscriber: this.#subscriber })
      .filter(([, { isIdle }]) => isIdle)
      .map(([name]) => `the ${name}`);
    if (idle.length === 0) return undefined;
    return new Error(`No connection was asked for: call connect() on ${idle.join(' and on ')}`);
  }

  #follow(link: RedisLink, look: () => void): void {
    link.follow({
      look,
      failed: (error) => this.broker.noteError(error),
      ended: () => {
        look();
        this.broker.fail(undefined, 'A client has ended for good');
      },
    });
  }

  #receive(channel: string, bytes: Uint8Array): void {
    if (!channel.startsWith(this.#prefix)) return;
    this.#subscriberWatch.heard();
    const address = channel.slice(this.#prefix.length);
    if (!this.#echoes.isEcho(address, bytes)) this.broker.received(address, bytes);
  }

  #setPublishing(canPublish: boolean): void {
    if (canPublish === this.#canPublish) return;
    this.#canPublish = canPublish;
    if (canPublish) this.#publisherWatch.start();
    else this.#publisherWatch.stop();
    this.broker.setPublishing(canPublish);
  }

  #setReceiving(canReceive: boolean): void {
    if (canReceive === this.#canReceive) return;
    this.#canReceive = canReceive;
    if (canReceive) {
      this.#subscriberWatch.start();
      this.broker.up();
      return;
    }
    this.#subscriberWatch.stop();
    this.#echoes.lose();
    this.broker.down(this.#subscriberWatch.answeredMs);
  }
}

/** Watches a link: one that does not answer is reported as lost, and then reset. */
function watchOver(link: RedisLink, onLost: () => void): LinkWatch {
  const onSilent = (): void => {
    onLost();
    link.reset();
  };
  return new LinkWatch(realClock, () => link.ping(), onSilent);
}
