// What callers give to `redisBroker`: two clients of ioredis, iovalkey or node-redis, by their
// shape. The packages themselves are not imported: they are optional peers.

import { IoRedisLink } from './ioredis-link.ts';
import type { IoRedisClient } from './ioredis-link.ts';
import { NodeRedisLink } from './node-redis-link.ts';
import type { NodeRedisClient } from './node-redis-link.ts';
import type { ChannelReceiver, RedisLink } from './redis-link.ts';
import { checkObject, show } from '../core/arguments.ts';
import { UsageError } from '../core/errors.ts';
import { propertyOf } from '../core/object-like.ts';

/** A client of `redis` 5 or 6, of `ioredis` 5 or 6, or of `iovalkey`. */
export type RedisClient = IoRedisClient | NodeRedisClient;

/** Both links of a node: Redis lets a client that subscribes do nothing else. */
export interface RedisClients {
  /**
   * Publishes. It must not keep commands while it is not connected: `disableOfflineQueue: true`
   * of `redis`, `enableOfflineQueue: false` and `autoResendUnfulfilledCommands: false` of
   * `ioredis` and `iovalkey`.
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
 * Makes the link of the publisher.
 *
 * @throws UsageError `COROSOCK_ARGUMENT`, also where the client would keep messages for later: it
 *   would keep them without bound, and send some of them twice.
 */
export function publisherLink(clients: RedisClients): RedisLink {
  checkObject('redisBroker()', clients);
  if (clients.publisher === clients.subscriber) {
    throw refused('subscriber', 'another client than publisher, such as publisher.duplicate()', 'the same');
  }
  const link = linkOf('publisher', clients.publisher, () => {});
  const options = propertyOf(clients.publisher, 'options');
  if (link instanceof NodeRedisLink) {
    if (propertyOf(options, 'disableOfflineQueue') !== true) {
      throw refused(
        'publisher',
        'createClient({ url, disableOfflineQueue: true })',
        'one with an offline queue',
      );
    }
  } else if (
    propertyOf(options, 'enableOfflineQueue') !== false ||
    propertyOf(options, 'autoResendUnfulfilledCommands') !== false
  ) {
    const expected = 'new Redis(url, { enableOfflineQueue: false, autoResendUnfulfilledCommands: false })';
    throw refused('publisher', expected, 'one that keeps commands');
  }
  return link;
}

/** Makes the link of the subscriber. @throws UsageError `COROSOCK_ARGUMENT`. */
export function subscriberLink(clients: RedisClients, receive: ChannelReceiver): RedisLink {
  return linkOf('subscriber', clients.subscriber, receive);
}

function linkOf(name: string, client: RedisClient, receive: ChannelReceiver): RedisLink {
  const isClient = EITHER.every((method) => typeof propertyOf(client, method) === 'function');
  if (!isClient) throw refused(name, EXPECTED, show(client));
  if (propertyOf(propertyOf(client, 'options'), 'keyPrefix')) {
    throw refused(name, 'a client without keyPrefix: the option prefix is for that', 'one with keyPrefix');
  }
  if ('status' in client) return new IoRedisLink(client, receive);
  if (typeof client.isReady === 'boolean') return new NodeRedisLink(client, receive);
  throw refused(name, EXPECTED, show(client));
}

function refused(name: string, expected: string, got: string): UsageError {
  return new UsageError('COROSOCK_ARGUMENT', `redisBroker(): expected ${name} to be ${expected}, got ${got}`);
}
