// One wait between two attempts, and what cuts it short.

import { settle, virtualClock } from 'corosock/testing';
import type { VirtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { RetryWait } from '../../src/client/retry-wait.ts';

/** Begins a wait of 1,000 ms, of which 300 have to pass. */
function begin(signal = new AbortController().signal): {
  readonly clock: VirtualClock;
  readonly wait: RetryWait;
  readonly overMs: () => number | undefined;
} {
  const clock = virtualClock();
  const wait = new RetryWait(clock, { delayMs: 1000, leastMs: 300 });
  let overMs: number | undefined;
  void wait.over(signal).then(
    () => (overMs = clock.now()),
    () => {},
  );
  return { clock, wait, overMs: () => overMs };
}

describe('RetryWait', () => {
  it('waits for its time', async () => {
    const { clock, overMs } = begin();
    await clock.advance(5000);
    expect([overMs(), clock.timers]).toEqual([1000, 0]);
  });

  it.each([
    ['the least wait is over', 100, 300],
    ['at once, when that is over', 700, 700],
  ])('that is woken ends when %s', async (_, wakeMs, ms) => {
    const { clock, wait, overMs } = begin();
    await clock.advance(wakeMs);
    wait.wake();
    wait.wake();
    await clock.advance(5000);
    expect([overMs(), clock.timers]).toEqual([ms, 0]);
  });

  it('ends at an abort, woken or not, and leaves no timer', async () => {
    const controller = new AbortController();
    const { clock, wait } = begin(controller.signal);
    wait.wake();
    controller.abort();
    await settle();
    expect(clock.timers).toBe(0);
  });
});
