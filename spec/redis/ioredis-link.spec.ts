// The link over ioredis and iovalkey. Over a real server: redis-broker.spec.ts.

import { describe, expect, it } from 'vitest';
import { virtualClock } from 'corosock/testing';
import { IoRedisLink } from '../../src/redis/ioredis-link.ts';
import { FakeIoRedis } from './fake-ioredis.ts';

const FOLLOWER = { look() {}, failed() {}, ended() {} };

/** A link that is followed, and when its stream was destroyed. */
function followed(status: string): {
  readonly clock: ReturnType<typeof virtualClock>;
  readonly client: FakeIoRedis;
  readonly link: IoRedisLink;
  readonly destroyedMs: number[];
} {
  const clock = virtualClock();
  const client = new FakeIoRedis();
  const destroyedMs: number[] = [];
  client.stream = { destroy: () => void destroyedMs.push(clock.now()) };
  client.status = status;
  const link = new IoRedisLink(client, () => {}, clock);
  link.follow(FOLLOWER);
  return { clock, client, link, destroyedMs };
}

describe('IoRedisLink', () => {
  it.each([
    ['connects', 'connecting', 1000],
    ['has connected before', 'connect', 0],
  ])('drops the stream of a client that %s and is not ready five seconds later', async (_, status, atMs) => {
    const { clock, client, destroyedMs } = followed(status);
    await clock.advance(atMs);
    if (status !== 'connect') client.turn('connect');
    await clock.advance(4999);
    expect(destroyedMs).toEqual([]);
    await clock.advance(60_000);
    expect([destroyedMs, clock.timers]).toEqual([[atMs + 5000], 0]);
  });

  it.each(['ready', 'close'])('drops no stream of a client that is "%s" in time', async (status) => {
    const { clock, client, destroyedMs } = followed('connect');
    await clock.advance(4999);
    client.turn(status);
    expect(clock.timers).toBe(0);
    await clock.advance(60_000);
    expect(destroyedMs).toEqual([]);
  });

  it('reads first what has come while the process stood still', async () => {
    const { clock, client, destroyedMs } = followed('connecting');
    clock.setTimeout(() => clock.setImmediate(() => client.turn('ready')), 5000);
    client.turn('connect');
    await clock.advance(60_000);
    expect(destroyedMs).toEqual([]);
  });

  it('drops nothing once it is released', async () => {
    const { clock, link, destroyedMs } = followed('connect');
    link.release();
    await clock.advance(60_000);
    expect([destroyedMs, clock.timers]).toEqual([[], 0]);
  });

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
    link.follow(FOLLOWER);
    link.release();
    expect(client.eventNames()).toEqual(['error']);
  });
});
