// What all waits on one clock share that belong to no host.

import { describe, expect, it } from 'vitest';
import { HandClock } from './hand-clock.ts';
import { ScheduledPort, schedulingOf } from '../../src/time/scheduling.ts';

describe('schedulingOf', () => {
  it('gives one budget and one guard for each clock', () => {
    const [clock, other] = [new HandClock(), new HandClock()];
    expect(schedulingOf(clock)).toBe(schedulingOf(clock));
    expect(schedulingOf(clock).clock).toBe(clock);
    expect(schedulingOf(other).budget).not.toBe(schedulingOf(clock).budget);
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
