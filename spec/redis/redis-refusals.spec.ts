// A real Redis whose user may not have all channels: it takes none of a command that names one of
// the others.

import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { CLIENTS, isRedisHere, withoutRedis } from './redis-scene.ts';
import { sceneOf, text, until } from '../brokers/broker-stories.ts';
import { record } from '../../src/testing/contracts/recorded-node.ts';

describe.skipIf(!isRedisHere)(`redisBroker where a user may not have all channels${withoutRedis}`, () => {
  it.each(Object.entries(CLIENTS))('K14: refuses one address of a turn alone, over %s', async (_, real) => {
    await using scene = await sceneOf(real);
    const admin = new Redis(scene.server.port);
    await admin.call('ACL', 'SETUSER', 'default', 'resetchannels', '&corosock:a*');
    admin.disconnect();
    const [one, two] = [await scene.node(), await scene.node()];
    const [first, refused, last] = [record(two, 'a1'), record(two, 'b'), record(two, 'a2')];
    await expect(refused).rejects.toMatchObject({
      code: 'COROSOCK_BROKER',
      cause: { message: expect.stringContaining('NOPERM') as string },
    });
    const taken = await Promise.all([first, last]);
    for (const address of ['a1', 'a2']) await one.publish(address, text('here'));
    await until('both have come', () => taken.every(({ events }) => events.length === 1));
    expect(two.isUp).toBe(true);
  });
});
