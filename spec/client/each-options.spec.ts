// Each further option of `connect.each` (rule 10), and which ends are final.

import { UsageError } from 'corosock';
import type { ConnectEachOptions } from 'corosock/client';
import { describe, expect, it } from 'vitest';
import { eachSettings, isFinal } from '../../src/client/each-options.ts';
import { ConnectError, ConnectionLostError } from '../../src/core/errors.ts';

const IN_NODE = { unknown: [], overflow: 'pause', fixed: {} } as const;

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
    });
    expect(take({}).each.onRetry(new ConnectError(503), 100)).toBe(undefined);
  });

  it('separates the options of connect', () => {
    const onRetry = (): void => {};
    expect(take({ minDelayMs: 1, maxDelayMs: 1, steadyAfterMs: 0, onRetry, queueBytes: 7 })).toEqual({
      each: { minDelayMs: 1, maxDelayMs: 1, steadyAfterMs: 0, onRetry },
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

  it('C2: refuses other names', () => {
    expect(refused({ retries: 7 })).toMatch(/expected only the options .*minDelayMs.*, got "retries"$/);
  });
});

describe('isFinal', () => {
  it('is true of refusals that would be the same next time', () => {
    const statuses = [undefined, 200, 302, 400, 401, 403, 404, 408, 426, 429, 500, 503];
    expect(statuses.filter((status) => isFinal(new ConnectError(status)))).toEqual([400, 401, 403, 404]);
  });

  it('is true of closes that would be the same next time', () => {
    const end = { reason: '', clean: true, by: 'peer', unread: 0 } as const;
    const codes = Array.from({ length: 15 }, (_, index) => 1000 + index);
    expect(codes.filter((code) => isFinal(new ConnectionLostError({ ...end, code })))).toEqual([
      1002, 1003, 1007, 1008, 1009, 1010,
    ]);
  });
});
