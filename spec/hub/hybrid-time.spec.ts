import { describe, expect, it } from 'vitest';
import { HybridTime } from '../../src/hub/hybrid-time.ts';
import { HandClock } from '../time/hand-clock.ts';

const DAY = 86_400_000_000;

/** On a clock whose time of day is its own time. */
function timeAt(ms: number): { readonly time: HybridTime; readonly clock: HandClock } {
  const clock = Object.assign(new HandClock(), { wallTimeMs: () => clock.nowMs });
  clock.nowMs = ms;
  return { time: new HybridTime(clock), clock };
}

describe('HybridTime', () => {
  it('is the time of day in microseconds, and greater each time', () => {
    const { time, clock } = timeAt(5);
    expect([time.next(), time.next()]).toEqual([5000, 5001]);
    clock.tick(2);
    expect(time.next()).toBe(7000);
    clock.nowMs = 1;
    expect(time.next()).toBe(7001);
  });

  it('goes on from what it has heard, also of a clock that is ahead', () => {
    const { time, clock } = timeAt(5);
    expect([time.hear(9_000_000), time.hear(3), time.next()]).toEqual([true, true, 9_000_001]);
    clock.tick(10_000);
    expect(time.next()).toBe(10_005_000);
  });

  it('takes no time that is more than a day ahead', () => {
    const { time } = timeAt(0);
    expect([time.hear(DAY + 1), time.next(), time.hear(DAY), time.next()]).toEqual([false, 1, true, DAY + 1]);
  });

  it('is not moved on, day by day, by times that are each a day ahead of the last', () => {
    const { time, clock } = timeAt(0);
    expect([time.hear(DAY), time.hear(DAY + 1), time.hear(2 * DAY)]).toEqual([true, false, false]);
    expect(time.next()).toBe(DAY + 1);
    clock.tick(1000);
    expect([time.hear(DAY + 1_000_000), time.hear(DAY + 1_000_001)]).toEqual([true, false]);
  });

  it('never leaves the integers', () => {
    const { time } = timeAt(Number.MAX_SAFE_INTEGER);
    expect([time.next(), time.next()]).toEqual([Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]);
  });
});
