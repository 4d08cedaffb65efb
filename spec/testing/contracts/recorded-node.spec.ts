import { describe, expect, it } from 'vitest';
import { memoryBroker } from 'corosock';
import { quiet, record, untilWithin } from '../../../src/testing/contracts/recorded-node.ts';

describe('record', () => {
  it('notes messages and gaps in their order', async () => {
    const broker = memoryBroker();
    const [one, two] = [broker.node(), broker.node()];
    const taken = await record(two, 'a');
    await one.publish('a', new TextEncoder().encode('before'));
    await quiet();
    two.cut();
    two.mend();
    await quiet();
    await one.publish('a', new TextEncoder().encode('after'));
    await untilWithin()('all have come', () => taken.events.length === 3);
    expect([taken.events, taken.gaps.length]).toEqual([['before', 'gap', 'after'], 1]);
  });
});

describe('untilWithin', () => {
  it('looks again and again, and gives up in time', async () => {
    let looks = 0;
    await untilWithin()('the third look', () => (looks += 1) === 3);
    await expect(untilWithin(1)('never', () => false)).rejects.toThrow('Not so within 1 ms: never');
    expect(looks).toBe(3);
  });
});
