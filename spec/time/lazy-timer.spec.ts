// A timer that is set a turn later, for the rest of its time.

import { describe, expect, it } from 'vitest';
import { HandClock, turn } from './hand-clock.ts';
import { LazyTimer } from '../../src/time/lazy-timer.ts';

describe('LazyTimer', () => {
  it('calls back once its time is over, by the clock, at the time that it was given', async () => {
    const clock = new HandClock();
    const told: string[] = [];
    void new LazyTimer(
      clock,
      10,
      () => told.push('run'),
      () => told.push('armed'),
    );
    clock.nowMs = 4;
    expect(clock.timers).toBe(0);
    await turn();
    expect([told, clock.waits]).toEqual([['armed'], [6]]);
    clock.tick(6);
    expect(told).toEqual(['armed', 'run']);
  });

  it('calls back at once when its time is over before it is set', async () => {
    const clock = new HandClock();
    void new LazyTimer(clock, 10, () => {});
    clock.nowMs = 40;
    await turn();
    expect(clock.waits).toEqual([0]);
  });

  it('sets no timer when it is stopped in its turn, and clears it afterwards', async () => {
    const clock = new HandClock();
    const early = new LazyTimer(clock, 10, () => expect.unreachable());
    early.stop();
    await turn();
    expect(clock.waits).toEqual([]);
    const late = new LazyTimer(clock, 10, () => expect.unreachable());
    await turn();
    late.stop();
    expect(clock.timers).toBe(0);
  });
});
