// The broker in memory keeps the contract, and plays the faults that it is given.

import { describe, expect, it } from 'vitest';
import { memoryBroker } from 'corosock';
import type { BrokerFaults, MemoryNode } from 'corosock';
import { brokerContract, settle, virtualClock } from 'corosock/testing';
import type { BrokerUnderTest, VirtualClock } from 'corosock/testing';
import { noted } from './scripted-engine.ts';

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

/** Two nodes on a virtual clock, and what the second gets at the address `a`. */
async function twoNodes(faults: BrokerFaults): Promise<{
  readonly clock: VirtualClock;
  readonly one: MemoryNode;
  readonly two: MemoryNode;
  readonly events: string[];
}> {
  const clock = virtualClock();
  const broker = memoryBroker({ clock, faults });
  const [one, two] = [broker.node(), broker.node()];
  const { events, receive, onGap } = noted();
  await two.subscribe('a', receive, onGap);
  return { clock, one, two, events };
}

const text = (words: string): Uint8Array => new TextEncoder().encode(words);

describe('the faults of memoryBroker', () => {
  it('lose, double and delay deliveries, and keep the order of each node', async () => {
    const fates = [
      { copies: 1, delayMs: 50 },
      { copies: 0, delayMs: 0 },
      { copies: 2, delayMs: 0 },
      undefined,
    ];
    const asked: unknown[] = [];
    const { clock, one, events } = await twoNodes({
      delivery(...call) {
        asked.push(call);
        return fates[asked.length - 1];
      },
    });
    for (const words of ['late', 'lost', 'twice', 'last']) await one.publish('a', text(words));
    await settle();
    expect([events, asked[0]]).toEqual([[], [0, 1, 'a']]);
    await clock.advance(50);
    expect(events).toEqual(['late', 'twice', 'twice', 'last']);
  });

  it('delay an acknowledgement', async () => {
    const { clock, one } = await twoNodes({
      acknowledgementMs: (from, address) => (from === 0 && address === 'a' ? 30 : 0),
    });
    const settled: string[] = [];
    void one.publish('a', text('1')).then((count) => settled.push(`a: ${count}`));
    void one.publish('b', text('1')).then((count) => settled.push(`b: ${count}`));
    await settle();
    expect(settled).toEqual(['b: 0']);
    await clock.advance(30);
    expect(settled).toEqual(['b: 0', 'a: 1']);
  });

  it('cut a link: what is under way to the node is lost, and so is an acknowledgement', async () => {
    const { clock, one, two, events } = await twoNodes({
      delivery: () => ({ copies: 1, delayMs: 10 }),
      acknowledgementMs: () => 10,
    });
    const call = one.publish('a', text('lost'));
    two.cut();
    two.cut();
    await clock.advance(20);
    expect([events, await call]).toEqual([[], 1]);
    const unacknowledged = one.publish('a', text('for nobody'));
    one.cut();
    await expect(unacknowledged).rejects.toThrow('The broker went down before it had acknowledged');
    two.mend();
    two.mend();
    one.mend();
    await settle();
    await clock.advance(5);
    const last = one.publish('a', text('after'));
    await clock.advance(10);
    expect([events, await last]).toEqual([['gap of 20', 'after'], 1]);
  });

  it('cut a link again before it is back', async () => {
    const { one } = await twoNodes({});
    one.cut();
    one.mend();
    one.cut();
    await settle();
    expect(one.isUp).toBe(false);
    one.mend();
    await settle();
    expect(one.isUp).toBe(true);
  });
});

describe('memoryBroker', () => {
  it('refuses unknown options', () => {
    expect(() => memoryBroker({ clok: 1 } as object)).toThrow(/unknown option "clok"; did you mean "clock"/);
  });
});
