// Each further option of `connect.each` (rule 10).

import { UsageError } from 'corosock';
import type { ConnectEachOptions } from 'corosock/client';
import { describe, expect, it } from 'vitest';
import { eachSettings } from '../../src/client/each-options.ts';
import { NODE_OPTIONS, NODE_WIRE } from '../../src/client/node-options.ts';
import { ConnectError } from '../../src/core/errors.ts';

const IN_NODE = { unknown: [], own: NODE_OPTIONS, wire: NODE_WIRE, overflow: 'pause' } as const;

const IN_BROWSER = { unknown: [], own: {}, overflow: 'close' } as const;

const take = (options: object): ReturnType<typeof eachSettings> =>
  eachSettings('connect.each()', options, IN_NODE);

/** The message of options that are refused. */
function refused(options: unknown): unknown {
  try {
    return eachSettings('connect.each()', options as ConnectEachOptions, IN_NODE);
  } catch (error) {
    return error instanceof UsageError && error.code === 'COROSOCK_ARGUMENT' ? error.message : error;
  }
}

describe('eachSettings', () => {
  it('fills in the defaults that are documented', () => {
    expect(take({}).each).toEqual({
      minDelayMs: 100,
      maxDelayMs: 30_000,
      steadyAfterMs: 5000,
      onRetry: expect.any(Function) as unknown,
      isFinal: expect.any(Function) as unknown,
      probe: expect.any(Function) as unknown,
    });
    const { onRetry, isFinal } = take({}).each;
    expect([onRetry(new ConnectError(503), 100), isFinal(new Error('any'))]).toEqual([undefined, undefined]);
  });

  it('separates the options of connect', () => {
    const own = {
      minDelayMs: 1,
      maxDelayMs: 1,
      steadyAfterMs: 0,
      onRetry: () => {},
      isFinal: () => true,
      probe: () => {},
    };
    expect(eachSettings('connect.each()', { ...own, queueBytes: 7 }, IN_BROWSER)).toEqual({
      each: own,
      rest: { queueBytes: 7 },
    });
  });

  it.each([0, -1, NaN, Infinity, 30_001, '100', null])('C1: refuses minDelayMs of %s', (minDelayMs) => {
    expect(refused({ minDelayMs })).toContain(
      'connect.each(): expected minDelayMs to be a number of milliseconds from 1 to maxDelayMs, got ',
    );
  });

  it.each([-1, NaN, Infinity, 2 ** 31, '100', null])('C1: refuses maxDelayMs of %s', (maxDelayMs) => {
    expect(refused({ maxDelayMs })).toContain('connect.each(): expected maxDelayMs to be a number of ');
  });

  it.each([-1, NaN, Infinity, 2 ** 31, '100', null])('C1: refuses steadyAfterMs of %s', (steadyAfterMs) => {
    expect(refused({ steadyAfterMs })).toContain('connect.each(): expected steadyAfterMs to be a number of ');
  });

  it.each([null, true, 'log', {}])('refuses %j as onRetry', (onRetry) => {
    expect(refused({ onRetry })).toContain('connect.each(): expected onRetry to be a function, got ');
  });

  it.each(['isFinal', 'probe'])('refuses what is no function as %s', (name) => {
    for (const value of [null, true, 'x', {}]) {
      expect(refused({ [name]: value })).toContain(`connect.each(): expected ${name} to be a function, got `);
    }
  });

  it('refuses in Node what only a page has', () => {
    const refuse = (): unknown =>
      eachSettings('connect.each()', { probe: () => {} }, { ...IN_NODE, unknown: ['probe'] });
    expect(refuse).toThrow('connect.each(): unknown option "probe". The options are ');
  });

  it('C2: refuses other names', () => {
    expect(refused({ retries: 7 })).toMatch(/unknown option "retries"\. The options are .*minDelayMs/);
  });
});
