import { describe, expect, it } from 'vitest';
import { BrokerError } from '../../src/core/errors.ts';
import { RefusedSubscriptions } from '../../src/hub/refused-subscriptions.ts';
import type { RefusedSubscription } from '../../src/hub/refused-subscriptions.ts';

const ENDING = ': nothing of other nodes arrives there';

function collecting(): { readonly refused: RefusedSubscriptions; readonly reports: BrokerError[] } {
  const reports: BrokerError[] = [];
  return { refused: new RefusedSubscriptions((error) => void reports.push(error)), reports };
}

/** A subscription that the broker refuses each time. */
function subscription(address: string, refused: RefusedSubscriptions, asked: string[]): RefusedSubscription {
  const self = {
    address,
    askAgain: () => {
      asked.push(address);
      refused.add(self);
    },
  };
  return self;
}

describe('RefusedSubscriptions', () => {
  it('reports the first at once, and those of a minute together', () => {
    const { refused, reports } = collecting();
    for (const [index, address] of ['room:a', 'nodes', 'room:b', 'room:c'].entries()) {
      refused.report({ address, askAgain: () => {} }, new Error(address), index);
    }
    refused.sweep(59_999);
    expect(reports).toHaveLength(1);
    refused.sweep(60_000);
    refused.sweep(120_000);
    expect(reports.map(({ message, cause }) => [message, (cause as Error).message])).toEqual([
      [`The broker refuses this node the room "a"${ENDING}`, 'room:a'],
      [
        `The broker refuses this node the address "nodes", and 2 more since the last report${ENDING}`,
        'nodes',
      ],
    ]);
  });

  it('gives the reason of the client, where there is one', () => {
    const cause = new Error('not permitted');
    for (const [error, expected] of [
      [new BrokerError('refused', { cause }), cause],
      [new BrokerError('closed'), { message: 'closed' }],
    ] as const) {
      const { refused, reports } = collecting();
      refused.report({ address: 'room:a', askAgain: () => {} }, error, 0);
      expect(reports[0]?.cause).toMatchObject(expected);
    }
  });

  it('asks for 500 a second, in turn', () => {
    const { refused } = collecting();
    const asked: string[] = [];
    const all = Array.from({ length: 700 }, (_, index) => `room:${index}`);
    for (const address of all) refused.add(subscription(address, refused, asked));
    refused.askAgain();
    expect(asked.splice(0)).toEqual(all.slice(0, 500));
    refused.askAgain();
    expect(asked).toEqual([...all.slice(500), ...all.slice(0, 300)]);
  });
});
