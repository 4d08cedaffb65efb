// What is shared by all that keep one clock and belong to no host.

import { describe, expect, it } from 'vitest';
import { HandClock } from './hand-clock.ts';
import { PacedPort, paceOf } from '../../src/time/pace.ts';

describe('paceOf', () => {
  it('gives one budget and one guard for each clock', () => {
    const [clock, other] = [new HandClock(), new HandClock()];
    expect(paceOf(clock)).toBe(paceOf(clock));
    expect(paceOf(clock).clock).toBe(clock);
    expect(paceOf(other).budget).not.toBe(paceOf(clock).budget);
  });
});

describe('PacedPort', () => {
  it('is a port that says whose time it keeps', () => {
    class Never extends PacedPort<never> {
      readonly pace = paceOf(new HandClock());
      readonly isOver = false;
      readonly ready = (): boolean => false;
      readonly subscribe = (): (() => void) => () => {};
      take(): never {
        throw new Error('nothing is there');
      }
    }
    expect([new Never() instanceof PacedPort, new Never().ready()]).toEqual([true, false]);
  });
});
