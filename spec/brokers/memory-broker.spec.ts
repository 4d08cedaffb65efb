// The broker in memory keeps the contract, and plays the faults that it is given.

import { describe, expect, it } from 'vitest';
import { memoryBroker } from 'corosock';
import { brokerContract } from 'corosock/testing';
import type { BrokerUnderTest } from 'corosock/testing';

function threeNodes(): BrokerUnderTest {
  const broker = memoryBroker();
  const nodes = [broker.node(), broker.node(), broker.node()] as const;
  return {
    nodes,
    async takeAway() {
      for (const node of nodes) node.cut();
    },
    async bringBack() {
      for (const node of nodes) node.mend();
    },
    async [Symbol.asyncDispose]() {
      for (const node of nodes) await node.close();
    },
  };
}

describe('memoryBroker keeps the contract', () => {
  it.each(brokerContract)('$name', async ({ run }) => {
    await expect(run(threeNodes)).resolves.toBeUndefined();
  });
});

describe('memoryBroker', () => {
  it('refuses unknown options', () => {
    expect(() => memoryBroker({ clok: 1 } as object)).toThrow(/unknown option "clok"; did you mean "clock"/);
  });
});
