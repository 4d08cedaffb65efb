// The checks of a broker dispose of the nodes, and leave out what the nodes cannot play.

import { describe, expect, it } from 'vitest';
import { brokerContract } from 'corosock/testing';
import type { BrokerUnderTest } from 'corosock/testing';
import { brokerCheck } from '../../../src/testing/contracts/broker-check.ts';
import { nodesOf, Sound } from './broken-brokers.ts';

describe('brokerCheck', () => {
  it('passes a broker that cannot be taken away, and refuses nothing', async () => {
    const make = (): BrokerUnderTest => {
      const { takeAway: _, bringBack: __, refuse: ___, ...rest } = nodesOf(Sound);
      return rest;
    };
    await expect(Promise.all(brokerContract.map(({ run }) => run(make)))).resolves.toHaveLength(
      brokerContract.length,
    );
  });

  it('disposes of the nodes when a check fails', async () => {
    const made: BrokerUnderTest[] = [];
    const check = brokerCheck('1. fails', async (_, until) => until('never', () => false));
    const running = check.run(() => {
      made.push(nodesOf(Sound));
      return made[0]!;
    });
    await expect(running).rejects.toThrow('Not so within 250 ms: never');
    expect(made[0]?.nodes.map(({ isUp }) => isUp)).toEqual([false, false, false]);
  });
});
