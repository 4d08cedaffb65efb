// What a host reports of a Redis that it does not reach, with each client: the cause names what is
// wrong, so that its reader knows what to mend.

import { virtualClock } from 'corosock/testing';
import { redisBroker } from 'corosock/redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isRedisHere, MAKERS, withoutRedis } from './redis-scene.ts';
import type { MadeClients } from './redis-scene.ts';
import { redisServer } from './ioredis-scene.ts';
import type { StoppableServer } from '../brokers/stoppable-server.ts';
import { quietPort } from '../fixtures/free-port.ts';
import { MemoryHost } from '../fixtures/memory-host.ts';

/** Longer than an outage of which nothing is reported. */
const OUTAGE_MS = 6000;
/** Attempts to reach a server, 50 ms apart. */
const MOST_ATTEMPTS = 200;

/**
 * Gives what a host reports of its broker, once a publish has failed with a cause that a text of
 * `expected` names.
 */
async function reportedOf(
  { clients, end }: MadeClients,
  expected: RegExp,
): Promise<{ readonly code: unknown; readonly cause: string }> {
  const clock = virtualClock();
  const broker = redisBroker(clients);
  const { host, reports } = new MemoryHost({ broker, clock });
  let cause: unknown;
  for (let attempt = 0; attempt < MOST_ATTEMPTS && !expected.test(String(cause)); attempt += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    await broker.publish('a', new Uint8Array(0)).catch((error: Error) => {
      ({ cause } = error);
    });
  }
  await clock.advance(OUTAGE_MS);
  await Promise.all([host.close(), clock.advance(OUTAGE_MS)]);
  await broker.close();
  for (const client of Object.values(clients)) end(client as never);
  const [error] = reports[0] ?? [];
  const { code } = error as { readonly code: unknown };
  return { code, cause: String((error as Error).cause) };
}

describe.skipIf(!isRedisHere).concurrent.each(Object.entries(MAKERS))(
  `redisBroker with %s${withoutRedis}`,
  (_, make) => {
    let locked: StoppableServer;
    beforeAll(async () => {
      locked = await redisServer('secret');
      await locked.start();
    });
    afterAll(() => locked.kill());

    it.each([
      ['that is not there', async () => ({ port: await quietPort() }), /ECONNREFUSED/],
      ['that wants a password', async () => ({ port: locked.port }), /NOAUTH/],
      ['that wants another password', async () => ({ port: locked.port, password: 'wrong' }), /WRONGPASS/],
      [
        'to which nothing connects',
        async () => ({ port: locked.port, isIdle: true }),
        /^Error: No connection was asked for: call connect\(\) on the publisher and on the subscriber$/,
      ],
    ] as const)('reports the cause of a server %s', async (__, settings, expected) => {
      const reported = await reportedOf(make(await settings()), expected);
      expect(reported.code).toBe('COROSOCK_BROKER_DOWN');
      expect(reported.cause).toMatch(expected);
    });

    it('names the one client that is not connected', async () => {
      const [connected, idle] = [
        make({ port: locked.port, password: 'secret' }),
        make({ port: locked.port, isIdle: true }),
      ];
      const expected = /call connect\(\) on the subscriber$/;
      const { publisher } = connected.clients;
      const { subscriber } = idle.clients;
      const reported = await reportedOf({ clients: { publisher, subscriber }, end: connected.end }, expected);
      connected.end(connected.clients.subscriber as never);
      expect(reported.cause).toMatch(expected);
    });
  },
);
