// What a run of torture has left over: calls that wait, and the lines of timers. How torture judges
// them: survival.spec.ts.

import { describe, expect, it } from 'vitest';
import { channel } from 'corosock';
import { traceOf } from '../../../../src/core/stack-trace.ts';
import {
  callerIn,
  leftCalls,
  looseCalls,
} from '../../../../src/testing/simulation/torture/torture-result.ts';

describe('leftCalls', () => {
  it('gives the calls that were not there before, with their line', async () => {
    using numbers = channel<number>();
    const wait = async (): Promise<unknown> => await numbers.take();
    const before = wait();
    const known = looseCalls();
    const after = wait();
    expect(leftCalls(known)).toEqual([
      { at: expect.stringMatching(/torture-result\.spec\.ts:\d+:\d+$/) as string },
    ]);
    await numbers.put(1);
    await numbers.put(2);
    await Promise.all([before, after]);
    expect(leftCalls(known)).toEqual([]);
  });
});

describe('callerIn', () => {
  it('gives the first line of users', () => {
    expect(callerIn(traceOf(20))).toMatch(/torture-result\.spec\.ts:\d+:\d+$/);
  });

  it('gives none where there is no stack', () => {
    expect(callerIn(undefined)).toBe(undefined);
  });
});
