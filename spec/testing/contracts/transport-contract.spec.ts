// The contract and the port say the same: each promise has a check, and the name of each check
// quotes its promise.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { transportContract } from 'corosock/testing';
import { brokenPromises, soundPair } from './broken-transports.ts';

const port = readFileSync(new URL('../../../src/transport/transport.ts', import.meta.url), 'utf8');
const promises = new Map(
  [...port.matchAll(/^ \* (\d+)\. (.+(?:\n \* {2,}.+)*)$/gm)].map(([, number, words = '']) => [
    Number(number),
    words.replaceAll(/\n \* +/g, ' '),
  ]),
);

describe('transportContract', () => {
  it('has a check for each promise of the port', () => {
    const checked = new Set(transportContract.map(({ name }) => Number.parseInt(name, 10)));
    expect([...checked].toSorted((a, b) => a - b)).toEqual([...promises.keys()]);
  });

  it.each(transportContract)('quotes the promise: $name', ({ name }) => {
    const [, number, words] = /^(\d+)\. (.+?)(?: \([^)]*\))?$/u.exec(name) ?? [];
    expect(promises.get(Number(number))).toContain(words);
  });

  it('names each check differently', () => {
    const names = transportContract.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('finds nothing in a transport that keeps the promises', async () => {
    expect(await brokenPromises(transportContract, soundPair)).toEqual([]);
  });
});
