// The statuses and the two results without data: values that users compare with.

import { describe, expect, it } from 'vitest';
import { CLOSED, Status, TIMED_OUT } from '../../src/core/status.ts';

describe('Status', () => {
  it('is string-valued, so that logs read well', () => {
    expect(Status).toEqual({
      OK: 'ok',
      Timeout: 'timeout',
      Closed: 'closed',
      NotFound: 'not-found',
      NotShared: 'not-shared',
    });
  });

  it('cannot be changed', () => {
    expect([Status, TIMED_OUT, CLOSED].every((value) => Object.isFrozen(value))).toBe(true);
  });
});

describe('the results without data', () => {
  it('are a tuple of undefined and the status', () => {
    expect([TIMED_OUT, CLOSED]).toEqual([
      [undefined, 'timeout'],
      [undefined, 'closed'],
    ]);
  });
});
