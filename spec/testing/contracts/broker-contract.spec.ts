// The checks of the Broker port are complete, and quote the port.

import { describe, expect, it } from 'vitest';
import { brokerContract } from 'corosock/testing';
import { promisesOf, quoteOf } from './promises-of.ts';

const promises = promisesOf('hub/broker.ts');

describe('brokerContract', () => {
  it('has a check of each promise', () => {
    const numbers = new Set(brokerContract.map(({ name }) => Number.parseInt(name, 10)));
    expect([...numbers].toSorted((a, b) => a - b)).toEqual([...promises.keys()]);
  });

  it.each(brokerContract)('quotes the promise: $name', ({ name }) => {
    const [number, words] = quoteOf(name);
    expect(promises.get(number)).toContain(words);
  });
});
