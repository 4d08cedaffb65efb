// The promise of select: exactly one source is taken from, the others keep everything.
// Laws over random plays of sources that fill, close, abort and time out
// (docs/internals/decisions/testing.md).

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { COUNTED, perform, play } from './random-selecting.ts';
import type { Seen } from './random-selecting.ts';

const RUNS = 20_000;

/** Compared by hand, for speed; what differs is shown by `expect`. */
function expectLaws(seen: Seen): void {
  for (const at of COUNTED) {
    if (seen.taken[at].join() !== seen.put[at].join()) expect(seen.taken[at]).toEqual(seen.put[at]);
  }
  for (const { status, timeoutMs } of seen.calls) {
    if (status === 'pending' || (status === 'timeout' && timeoutMs === Infinity)) {
      expect([status, timeoutMs]).toEqual(['settled', 'within its time']);
    }
  }
  if (seen.timers + seen.listeners + seen.subscribers > 0) {
    expect([seen.timers, seen.listeners, seen.subscribers]).toEqual([0, 0, 0]);
  }
}

it(
  'taken ++ left = put, in order, each taken once; every call settles; no timer or listener is left',
  { timeout: 120_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(play, async (given) => expectLaws(await perform(given))),
      { numRuns: RUNS },
    );
  },
);
