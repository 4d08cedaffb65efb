// The contract and the port say the same: each promise has a check, and the name of each check
// quotes its promise.

import { describe, expect, it } from 'vitest';
import { transportContract } from 'corosock/testing';
import { brokenPromises, soundPair } from './broken-transports.ts';
import { promisesOf, quoteOf } from './promises-of.ts';

const promises = promisesOf('transport/transport.ts');

describe('transportContract', () => {
  it('has a check for each promise of the port', () => {
    const checked = new Set(transportContract.map(({ name }) => Number.parseInt(name, 10)));
    expect([...checked].toSorted((a, b) => a - b)).toEqual([...promises.keys()]);
  });

  it.each(transportContract)('quotes the promise: $name', ({ name }) => {
    const [number, words] = quoteOf(name);
    expect(promises.get(number)).toContain(words);
  });

  it('names each check differently', () => {
    const names = transportContract.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('finds nothing in a transport that keeps the promises', async () => {
    expect(await brokenPromises(transportContract, soundPair)).toEqual([]);
  });
});
