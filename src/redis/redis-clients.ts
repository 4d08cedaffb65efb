// What callers give to `redisBroker`: two clients of ioredis, iovalkey or node-redis, by their
// shape. The packages themselves are not imported: they are optional peers.

import { IoRedisLink } from './ioredis-link.ts';
import type { IoRedisClient } from './ioredis-link.ts';
import { NodeRedisLink } from './node-redis-link.ts';
import type { NodeRedisClient } from './node-redis-link.ts';
import type { ChannelReceiver, RedisLink } from './redis-link.ts';
import { show } from '../core/arguments.ts';
import { UsageError } from '../core/errors.ts';
import { noop } from '../core/noop.ts';
import { isObjectLike, propertyOf } from '../core/object-like.ts';

/** A client of `redis` 5 or 6, of `ioredis` 5 or 6, or of `iovalkey`. */
export type RedisClient = IoRedisClient | NodeRedisClient;

/** Both links of a node: Redis lets a client that subscribes do nothing else. */
export interface RedisClients {
  /**
   * Publishes. It must not keep commands while it is not connected: `disableOfflineQueue: true`
   * of `redis`, `enableOfflineQueue: false` and `autoResendUnfulfilledCommands: false` of
   * `ioredis` and `iovalkey`. Both clients have to reconnect without end, and those of `redis` need
   * `socketTimeout`.
   */
  readonly publisher: RedisClient;
  /** Subscribes. Another client; nothing else uses it. */
  readonly subscriber: RedisClient;
}

const EITHER = ['on', 'off', 'publish', 'subscribe', 'unsubscribe', 'ping'];

const EXPECTED =
  'a client of redis 5 or 6 (npm install redis), ioredis 5 or 6 (npm install ioredis) or iovalkey ' +
  '(npm install iovalkey)';

/**
 * Makes both links, after it has checked both clients: it listens to none where it refuses one.
 *
 * @param receive - Gets what comes on the channels of the subscriber.
 * @throws UsageError `COROSOCK_ARGUMENT`, also where the publisher keeps messages for later: it
 *   would keep them without bound, and send some of them twice.
 */
export function linksOf(
  clients: RedisClients,
  receive: ChannelReceiver,
): { readonly publisher: RedisLink; readonly subscriber: RedisLink } {
  if (!isObjectLike(clients)) throw refused('clients', '{ publisher, subscriber }', show(clients));
  const { publisher, subscriber } = clients;
  checkClient('publisher', publisher);
  checkQueue(publisher);
  if (publisher === subscriber) {
    throw refused('subscriber', 'another client than publisher, such as publisher.duplicate()', 'the same');
  }
  checkClient('subscriber', subscriber);
  return { publisher: linkOf(publisher, noop), subscriber: linkOf(subscriber, receive) };
}

function checkClient(name: string, client: RedisClient): void {
  const isClient =
    EITHER.every((method) => typeof propertyOf(client, method) === 'function') &&
    (isIoRedis(client) || typeof client.isReady === 'boolean');
  if (!isClient) throw refused(name, EXPECTED, show(client));
  if (propertyOf(propertyOf(client, 'options'), 'keyPrefix')) {
    throw refused(name, 'a client without keyPrefix: the option prefix is for that', 'one with keyPrefix');
  }
  const fault = withoutReconnect(client);
  if (fault !== undefined) throw refused(name, 'a client that reconnects', fault);
  if (!isIoRedis(client)) checkTimeout(name, client);
}

/** Refuses a client of `redis` that waits without end for the first answers over a dead link. */
function checkTimeout(name: string, client: NodeRedisClient): void {
  const timeout = propertyOf(propertyOf(propertyOf(client, 'options'), 'socket'), 'socketTimeout');
  if (typeof timeout === 'number' && timeout > 0) return;
  const expected = 'createClient({ url, socket: { reconnectStrategy, socketTimeout: 5000 } })';
  throw refused(name, expected, 'one without socketTimeout');
}

/** Names why a client will not connect again, as far as that is seen now; or gives undefined. */
function withoutReconnect(client: RedisClient): string | undefined {
  const options = propertyOf(client, 'options');
  if (!isIoRedis(client)) {
    const strategy = propertyOf(propertyOf(options, 'socket'), 'reconnectStrategy');
    if (strategy === undefined)
      return 'one without reconnectStrategy, whose default gives up after socketTimeout';
    return strategy === false ? 'one with reconnectStrategy: false' : undefined;
  }
  const strategy = propertyOf(options, 'retryStrategy');
  if (strategy === undefined || typeof strategy === 'function') {
    return client.status === 'end' ? 'one that has ended' : undefined;
  }
  return `one with retryStrategy: ${show(strategy)}`;
}

/** Refuses a publisher that keeps commands while it is not connected. */
function checkQueue(publisher: RedisClient): void {
  const option = (name: string): unknown => propertyOf(propertyOf(publisher, 'options'), name);
  if (!isIoRedis(publisher)) {
    if (option('disableOfflineQueue') === true) return;
    const expected = 'createClient({ url, disableOfflineQueue: true })';
    throw refused('publisher', expected, 'one with an offline queue');
  }
  if (option('enableOfflineQueue') === false && option('autoResendUnfulfilledCommands') === false) return;
  const expected = 'new Redis(url, { enableOfflineQueue: false, autoResendUnfulfilledCommands: false })';
  throw refused('publisher', expected, 'one that keeps commands');
}

function linkOf(client: RedisClient, receive: ChannelReceiver): RedisLink {
  return isIoRedis(client) ? new IoRedisLink(client, receive) : new NodeRedisLink(client, receive);
}

function isIoRedis(client: RedisClient): client is IoRedisClient {
  return 'status' in client;
}

function refused(name: string, expected: string, got: string): UsageError {
  return new UsageError('COROSOCK_ARGUMENT', `redisBroker(): expected ${name} to be ${expected}, got ${got}`);
}
