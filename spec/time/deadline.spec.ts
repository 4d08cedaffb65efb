// One deadline for many waits: when it calls its owner, how many timers it sets, and that none is
// left.

import { describe, expect, it } from 'vitest';
import { HandClock } from './hand-clock.ts';
import { Deadline, Deadlines } from '../../src/time/deadline.ts';
import { MAX_TIMER_MS } from '../../src/core/limits.ts';

function setUp(): { clock: HandClock; deadline: Deadline; calls: number[] } {
  const clock = new HandClock();
  const calls: number[] = [];
  const owner = { onDeadline: (nowMs: number): void => void calls.push(nowMs) };
  return { clock, calls, deadline: new Deadline(new Deadlines(clock), owner) };
}

describe('Deadline', () => {
  it('calls its owner once, at its time', () => {
    const { clock, deadline, calls } = setUp();
    deadline.setAt(10);
    clock.tick(9);
    expect(calls).toEqual([]);
    clock.tick(1);
    clock.tick(100);
    expect(calls).toEqual([10]);
    expect(clock.timers).toBe(0);
  });

  it('calls its owner at the earliest time that it was set to', () => {
    const { clock, deadline, calls } = setUp();
    deadline.setAt(30);
    deadline.setAt(10);
    deadline.setAt(20);
    clock.tick(100);
    expect(calls).toEqual([10]);
  });

  it('has at most one timer, whatever it is set to', () => {
    const { clock, deadline } = setUp();
    for (const dueMs of [30, 10, 20, 5, 40]) deadline.setAt(dueMs);
    expect(clock.timers).toBe(1);
  });

  it('leaves its timer alone when it is set to a later time', () => {
    const { clock, deadline } = setUp();
    deadline.setAt(10);
    for (let dueMs = 10; dueMs < 1000; dueMs += 1) deadline.setAt(dueMs);
    expect(clock.waits).toEqual([10]);
    expect(clock.looks).toBe(1);
  });

  it('sets no timer when it is set to Infinity', () => {
    const { clock, deadline } = setUp();
    deadline.setAt(Infinity);
    expect(clock.waits).toEqual([]);
  });

  it('can be set again inside the call of its owner', () => {
    const clock = new HandClock();
    const calls: number[] = [];
    const deadline: Deadline = new Deadline(new Deadlines(clock), {
      onDeadline: (nowMs) => {
        calls.push(nowMs);
        if (nowMs < 30) deadline.setAt(nowMs + 10);
      },
    });
    deadline.setAt(10);
    clock.tick(100);
    expect(calls).toEqual([10, 20, 30]);
  });

  it('calls its owner as soon as it can for a time that has passed, and not inside setAt', () => {
    const { clock, deadline, calls } = setUp();
    clock.tick(50);
    deadline.setAt(10);
    expect([calls, clock.waits]).toEqual([[], [0]]);
    clock.tick(0);
    expect(calls).toEqual([50]);
  });

  it('waits beyond 2³¹−1 ms in pieces, and calls its owner at its time', () => {
    const { clock, deadline, calls } = setUp();
    const dueMs = 2 * MAX_TIMER_MS + 1000;
    deadline.setAt(dueMs);
    clock.tick(dueMs - 1);
    expect(calls).toEqual([]);
    clock.tick(1);
    expect(calls).toEqual([dueMs]);
    expect(Math.max(...clock.waits)).toBe(MAX_TIMER_MS);
    expect(clock.waits.length).toBeLessThan(12);
  });

  it('sets one timer for a wait, and at most four for the rest of a minute after a call', () => {
    const clock = new HandClock();
    const calls: number[] = [];
    const deadline: Deadline = new Deadline(new Deadlines(clock), {
      onDeadline: (nowMs) => {
        if (calls.push(nowMs) === 1) for (const dueMs of [119_999, 119_998]) deadline.setAt(dueMs);
      },
    });
    deadline.setAt(60_000);
    expect(clock.waits).toEqual([60_000]);
    clock.tick(200_000);
    expect(calls).toEqual([60_000, 119_998]);
    expect(clock.waits.length).toBeLessThanOrEqual(5);
  });

  it('calls its owner again for a time that was set before the owner threw', () => {
    const clock = new HandClock();
    const calls: number[] = [];
    const deadline: Deadline = new Deadline(new Deadlines(clock), {
      onDeadline: (nowMs) => {
        if (calls.push(nowMs) > 1) return;
        deadline.setAt(50);
        throw new Error('broken');
      },
    });
    deadline.setAt(10);
    expect(() => clock.tick(10)).toThrow('broken');
    clock.tick(100);
    expect(calls).toEqual([10, 50]);
  });

  it('does not call its owner again when it is stopped inside the call', () => {
    const clock = new HandClock();
    const deadline: Deadline = new Deadline(new Deadlines(clock), {
      onDeadline: () => {
        deadline.setAt(50);
        deadline.stop();
      },
    });
    deadline.setAt(10);
    clock.tick(10);
    expect(clock.timers).toBe(0);
  });

  it('calls its owner in time when it is set earlier during a wait in pieces', () => {
    const { clock, deadline, calls } = setUp();
    deadline.setAt(2 * MAX_TIMER_MS);
    clock.tick(MAX_TIMER_MS + 5);
    deadline.setAt(MAX_TIMER_MS + 10);
    clock.tick(5);
    expect(calls).toEqual([MAX_TIMER_MS + 10]);
  });

  it('does not call its owner early when a timer runs a part of a millisecond early', () => {
    const { clock, deadline, calls } = setUp();
    clock.nowMs = 0.4;
    deadline.setAt(10.4);
    expect(clock.waits).toEqual([10]);
    clock.nowMs = -0.1;
    clock.tick(10.4);
    expect(calls).toEqual([]);
    clock.tick(1);
    expect(calls).toHaveLength(1);
    expect(calls[0]).toBeGreaterThanOrEqual(10.4);
  });

  it('has no timer and does not call its owner after it was stopped', () => {
    const { clock, deadline, calls } = setUp();
    deadline.setAt(10);
    deadline.stop();
    expect(clock.timers).toBe(0);
    clock.tick(100);
    expect(calls).toEqual([]);
  });

  it('can be stopped before it was set, and twice', () => {
    const { clock, deadline } = setUp();
    deadline.stop();
    deadline.setAt(10);
    deadline.stop();
    deadline.stop();
    expect(clock.timers).toBe(0);
  });

  it('can be set again after it was stopped', () => {
    const { clock, deadline, calls } = setUp();
    deadline.setAt(10);
    deadline.stop();
    deadline.setAt(20);
    clock.tick(100);
    expect(calls).toEqual([20]);
  });
});
