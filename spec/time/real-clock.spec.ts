// The clock of the machine keeps the contract of the port, and does not keep the process alive
// unless `holdProcess` asks for it.

import { channel } from 'corosock';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { clockContract } from './clock-contract.ts';
import { turn } from './hand-clock.ts';
import { holdProcess, realClock, wallTimeMs, wallTimeOf } from '../../src/time/real-clock.ts';

describe('realClock', () => {
  clockContract(() => ({
    clock: realClock,
    pass: async (ms) => {
      const untilMs = realClock.now() + ms;
      while (realClock.now() < untilMs) await turn();
      await turn();
    },
  }));

  it('sets timers that do not keep the process alive', () => {
    const timer = realClock.setTimeout(() => {}, 1000) as NodeJS.Timeout;
    const held = timer.hasRef();
    realClock.clearTimeout(timer);
    expect(held).toBe(false);
  });
});

describe('what waits for a later turn of the real clock', () => {
  it('goes on although a fake of setImmediate has come and gone', async () => {
    const values = channel<number>();
    values.close();
    vi.useFakeTimers({ toFake: ['setImmediate'] });
    onTestFinished(() => void vi.useRealTimers());
    const takes = Array.from({ length: 5 }, () => values.take());
    vi.useRealTimers();
    const late = Array.from({ length: 5 }, () => values.take());
    const ends = await Promise.all([...takes, ...late]);
    expect(ends.map(([, status]) => status)).toEqual(Array.from({ length: 10 }, () => 'closed'));
  });
});

describe('holdProcess', () => {
  it('makes a timer of the real clock keep the process alive', () => {
    const timer = realClock.setTimeout(() => {}, 1000) as NodeJS.Timeout;
    holdProcess(timer);
    const held = timer.hasRef();
    realClock.clearTimeout(timer);
    expect(held).toBe(true);
  });

  it.each([undefined, null, 7, {}, { ref: true }])('ignores %o, a handle of another clock', (handle) => {
    expect(() => holdProcess(handle)).not.toThrow();
  });
});

describe('wallTimeMs', () => {
  it('is the time of day in milliseconds', () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_234_567 });
    onTestFinished(() => void vi.useRealTimers());
    expect(wallTimeMs()).toBe(1_234_567);
  });
});

describe('wallTimeOf', () => {
  it('is the time of day of the clock, and that of the machine where it has none', () => {
    const { wallTimeMs: _, ...without } = realClock;
    const before = Date.now();
    expect(wallTimeOf({ ...realClock, wallTimeMs: () => 7 })).toBe(7);
    expect(wallTimeOf(without)).toBeGreaterThanOrEqual(before);
  });
});
