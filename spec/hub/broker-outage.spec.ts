// A broker that is down for long is reported, once for each outage, with what its client says.

import { describe, expect, it } from 'vitest';
import { virtualClock } from 'corosock/testing';
import type { VirtualClock } from 'corosock/testing';
import { memoryBroker } from '../../src/brokers/memory-broker.ts';
import type { MemoryNode } from '../../src/brokers/memory-broker.ts';
import { BrokerError } from '../../src/core/errors.ts';
import { testNode } from './bus-fixtures.ts';
import type { TestNode } from './bus-fixtures.ts';

interface Scene extends TestNode {
  readonly clock: VirtualClock;
}

/** Starts a node. @param isDown - Whether its broker is down at the start. */
function started(isDown: boolean, change: (link: MemoryNode) => void = () => {}): Scene {
  const clock = virtualClock();
  const link = memoryBroker({ clock }).node();
  if (isDown) link.cut();
  change(link);
  const node = testNode('a', link, clock);
  void node.bus.start();
  return { ...node, clock };
}

describe('a broker that is down', () => {
  it('is reported 5 s after the start, once', async () => {
    const { clock, reports } = started(true);
    await clock.advance(4999);
    const before = reports.length;
    await clock.advance(60_000);
    expect([before, reports.length]).toEqual([0, 1]);
    expect(reports[0]).toMatchObject({
      code: 'COROSOCK_BROKER_DOWN',
      message:
        'The broker has not been up since this node began, for 5 s: rooms, presence and openServer reach this node alone',
      downMs: 5000,
    });
  });

  it('is reported 5 s after each loss, and not where it is back before', async () => {
    const { clock, link, reports } = started(false);
    await clock.advance(1000);
    for (const awayMs of [4000, 7000, 7000]) {
      link.cut();
      await clock.advance(awayMs);
      link.mend();
      await clock.advance(1000);
    }
    expect(reports.map((error) => [(error as Error).message.slice(0, 27), (error as Error).cause])).toEqual([
      ['The broker is down, for 5 s', undefined],
      ['The broker is down, for 5 s', undefined],
    ]);
  });

  it('is reported with the last error of its client', async () => {
    const refused = new Error('connect ECONNREFUSED');
    const { clock, reports } = started(true, (link) => {
      link.publish = () => Promise.reject(new BrokerError('The broker is down', { cause: refused }));
    });
    await clock.advance(5000);
    expect(reports[0]).toMatchObject({ cause: refused });
  });

  it('is reported where it says that it is up, and takes nothing', async () => {
    const own = new Error('NOAUTH');
    const { clock, reports } = started(false, (link) => {
      link.publish = () => Promise.reject(own);
    });
    await clock.advance(6000);
    expect(reports).toMatchObject([{ code: 'COROSOCK_BROKER_DOWN', cause: own }]);
  });

  it('counts as down while it takes messages, and says that it is down', async () => {
    const { clock, reports } = started(true, (link) => {
      link.publish = () => Promise.resolve(undefined);
    });
    await clock.advance(6000);
    expect(reports).toHaveLength(1);
  });

  it('is reported no more once its node has closed', async () => {
    const { bus, clock, reports } = started(true);
    await Promise.all([bus.close(), clock.advance(60_000)]);
    expect(reports).toEqual([]);
  });
});
