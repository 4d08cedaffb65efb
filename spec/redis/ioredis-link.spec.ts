// The link over ioredis and iovalkey. Over a real server: redis-broker.spec.ts.

import { describe, expect, it } from 'vitest';
import { IoRedisLink } from '../../src/redis/ioredis-link.ts';
import { FakeIoRedis } from './fake-ioredis.ts';

describe('IoRedisLink', () => {
  it('drops the stream of its client, which `disconnect` would wait for', () => {
    const client = new FakeIoRedis();
    const link = new IoRedisLink(client, () => {});
    link.reset();
    let destroyed = 0;
    client.stream = { destroy: () => void (destroyed += 1) };
    link.reset();
    expect([client.calls, destroyed]).toEqual([['disconnect true'], 1]);
  });

  it('leaves no listener but the one for errors, without which the client writes to the console', () => {
    const client = new FakeIoRedis();
    const link = new IoRedisLink(client, () => {});
    link.follow({ look() {}, failed() {}, ended() {} });
    link.release();
    expect(client.eventNames()).toEqual(['error']);
  });
});
