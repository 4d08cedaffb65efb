import { describe, expect, it } from 'vitest';
import { orderedMs } from '../../src/hub/call-order.ts';
import { HandClock } from '../time/hand-clock.ts';

describe('orderedMs', () => {
  it('is greater at each call, and less than the time of the clock', () => {
    const clock = new HandClock();
    clock.nowMs = 10;
    const times = Array.from({ length: 1000 }, () => orderedMs(clock));
    expect(times).toEqual([...new Set(times)].toSorted((a, b) => a - b));
    expect([times[0], (times.at(-1) ?? 0) < 10]).toEqual([9, true]);
    clock.tick(1);
    expect(orderedMs(clock)).toBe(10);
  });

  it('is one order for each clock', () => {
    const [one, two] = [new HandClock(), new HandClock()];
    expect([orderedMs(one), orderedMs(two)]).toEqual([-1, -1]);
  });
});
