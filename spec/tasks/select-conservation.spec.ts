// The promise of select: it takes from exactly one source, and the others keep all that they have.
// Checked over random plays of sources that fill, close, abort and time out
// (docs/internals/decisions/testing.md).

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { COUNTED, perform, play } from './random-selecting.ts';
import type { Seen } from './random-selecting.ts';

const RUNS = 20_000;

/** Compares by hand, for speed; `expect` shows the difference. */
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
  'takes each value once and in order, settles each call, and leaves no timer, listener or subscription',
  { timeout: 120_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(play, async (given) => expectLaws(await perform(given))),
      { numRuns: RUNS },
    );
  },
);
