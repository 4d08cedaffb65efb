// The link over node-redis. Over a real server: redis-broker.spec.ts.

import { createClient } from 'redis';
import { describe, expect, it } from 'vitest';
import { NodeRedisLink } from '../../src/redis/node-redis-link.ts';

describe('NodeRedisLink', () => {
  it('leaves no listener but the one for errors, without which an error ends the process', () => {
    const client = createClient();
    const link = new NodeRedisLink(client, () => {});
    link.follow(() => {});
    link.release();
    expect([link.isReady, client.eventNames(), client.listenerCount('error')]).toEqual([false, ['error'], 1]);
  });
});
