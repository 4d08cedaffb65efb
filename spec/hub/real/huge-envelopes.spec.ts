// What is far too large comes over a real Redis: it is counted and dropped, and the host goes on.

import { afterEach, describe, expect, it } from 'vitest';
import { Redis } from 'ioredis';
import { virtualClock } from 'corosock/testing';
import { StoppableServer } from '../../brokers/stoppable-server.ts';
import { MemoryHost } from '../../fixtures/memory-host.ts';
import { isRedisHere, realRedis, withoutRedis } from '../../redis/ioredis-scene.ts';
import { untilWithin } from '../../../src/testing/contracts/recorded-node.ts';

const TIMES = 20;
const HUGE = Buffer.alloc(10_000_000, 'x');

const until = untilWithin(15_000);
const opened: Array<() => Promise<unknown>> = [];
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
});

async function hostOver(
  port: number,
): Promise<MemoryHost & { readonly clock: ReturnType<typeof virtualClock> }> {
  const clock = virtualClock();
  const { broker, close } = realRedis.node(port);
  opened.push(close, () => broker.close());
  const memory = new MemoryHost({ clock, broker });
  opened.push(() => memory.host.close({ graceMs: 0 }));
  await until('the broker is up', () => memory.host.brokerHealth.broker === 'up');
  return Object.assign(memory, { clock });
}

describe(`envelopes of 10 MB over Redis${withoutRedis}`, { timeout: 60_000 }, () => {
  it.skipIf(!isRedisHere)(
    `K8: ${TIMES} of them are counted and dropped, and what follows arrives`,
    async () => {
      // It would cut a subscriber off for them.
      const unlimited = ['--client-output-buffer-limit', 'pubsub 0 0 0', '--save', ''];
      const server = await StoppableServer.make(process.env['REDIS_SERVER_PATH'] ?? 'redis-server', (port) =>
        ['--port', `${port}`, '--bind', '127.0.0.1'].concat(unlimited),
      );
      await server.start();
      opened.push(() => server.kill());
      const [one, two] = [await hostOver(server.port), await hostOver(server.port)];
      const subscription = one.host.room('x').subscribe();
      let isInForce = false;
      void subscription.inForce.then(() => (isInForce = true));
      await until('it is in force', () => {
        void one.clock.advance(10);
        return isInForce;
      });
      const stranger = new Redis(server.port);
      opened.push(async () => stranger.disconnect());
      for (let sent = 0; sent < TIMES; sent += 1) await stranger.publish('corosock:room:x', HUGE);
      expect(await two.host.room('x').publish('after').relayed).toBe('sent');
      expect(await subscription.take()).toEqual([{ data: 'after' }, 'ok']);
      // The others are told with the next one, a minute later.
      await one.clock.advance(60_000);
      await stranger.publish('corosock:room:x', HUGE);
      await until('they are told', () => one.reports.length > 1);
      expect(one.reports.map(([error]) => error)).toMatchObject([
        { reason: 'size', count: 1 },
        { reason: 'size', count: TIMES },
      ]);
      expect(one.host.brokerHealth.broker).toBe('up');
    },
  );
});
