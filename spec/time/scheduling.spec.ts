// What all waits on one clock share that belong to no host.

import { describe, expect, it } from 'vitest';
import { HandClock } from './hand-clock.ts';
import { realClock } from '../../src/time/real-clock.ts';
import { idleTimerAt, ScheduledPort, schedulingOf } from '../../src/time/scheduling.ts';

describe('schedulingOf', () => {
  it('gives one budget and one guard for each clock', () => {
    const [clock, other] = [new HandClock(), new HandClock()];
    expect(schedulingOf(clock)).toBe(schedulingOf(clock));
    expect(schedulingOf(clock).clock).toBe(clock);
    expect(schedulingOf(other).budget).not.toBe(schedulingOf(clock).budget);
  });
});

describe('idleTimerAt', () => {
  it.each([
    [10, 6],
    [9.2, 6],
    [4, 1],
    [-1, 1],
  ])('waits until %s ms, in whole milliseconds, and for one at least', (dueMs, waitMs) => {
    const clock = new HandClock();
    clock.nowMs = 4;
    let runs = 0;
    idleTimerAt(clock, dueMs, () => (runs += 1));
    expect([clock.waits, runs]).toEqual([[waitMs], 0]);
    clock.tick(waitMs);
    expect(runs).toBe(1);
  });

  it('owns its timer: no code of users waits for it', () => {
    const owners: unknown[] = [];
    const clock = { ...realClock, setTimeout: (...[, , owner]: unknown[]) => owners.push(owner) };
    idleTimerAt(clock, 5, () => {});
    expect(owners).toEqual([{ isIdle: true }]);
  });
});

describe('ScheduledPort', () => {
  it('is a port with a scheduling', () => {
    class Never extends ScheduledPort<never> {
      readonly scheduling = schedulingOf(new HandClock());
      readonly isOver = false;
      readonly ready = (): boolean => false;
      readonly subscribe = (): (() => void) => () => {};
      take(): never {
        throw new Error('nothing is there');
      }
    }
    expect([new Never() instanceof ScheduledPort, new Never().ready()]).toEqual([true, false]);
  });
});
