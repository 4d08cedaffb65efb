// The re-armed timer: when it rings, what it costs, and that nothing is left.

import { describe, expect, it } from 'vitest';
import { HandClock } from './hand-clock.ts';
import { Deadline } from '../../src/time/deadline.ts';
import { Deadlines } from '../../src/time/deadlines.ts';
import { MAX_TIMER_MS } from '../../src/core/limits.ts';

function setUp(): { clock: HandClock; deadline: Deadline; rings: number[] } {
  const clock = new HandClock();
  const rings: number[] = [];
  const owner = { onDeadline: (nowMs: number): void => void rings.push(nowMs) };
  return { clock, rings, deadline: new Deadline(new Deadlines(clock), owner) };
}

describe('Deadline', () => {
  it('rings at its time, once', () => {
    const { clock, deadline, rings } = setUp();
    deadline.setAt(10);
    clock.tick(9);
    expect(rings).toEqual([]);
    clock.tick(1);
    clock.tick(100);
    expect(rings).toEqual([10]);
    expect(clock.timers).toBe(0);
  });

  it('rings at the earliest of the times it was set to', () => {
    const { clock, deadline, rings } = setUp();
    deadline.setAt(30);
    deadline.setAt(10);
    deadline.setAt(20);
    clock.tick(100);
    expect(rings).toEqual([10]);
  });

  it('has one timer at most, whatever it is set to', () => {
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

  it('can be set again inside a ring', () => {
    const clock = new HandClock();
    const rings: number[] = [];
    const deadline: Deadline = new Deadline(new Deadlines(clock), {
      onDeadline: (nowMs) => {
        rings.push(nowMs);
        if (nowMs < 30) deadline.setAt(nowMs + 10);
      },
    });
    deadline.setAt(10);
    clock.tick(100);
    expect(rings).toEqual([10, 20, 30]);
  });

  it('rings for a time that has passed as soon as it can, not inside setAt', () => {
    const { clock, deadline, rings } = setUp();
    clock.tick(50);
    deadline.setAt(10);
    expect([rings, clock.waits]).toEqual([[], [0]]);
    clock.tick(0);
    expect(rings).toEqual([50]);
  });

  it('arms itself again for a wait beyond 2³¹−1 ms, and rings at its time', () => {
    const { clock, deadline, rings } = setUp();
    const dueMs = 2 * MAX_TIMER_MS + 1000;
    deadline.setAt(dueMs);
    clock.tick(dueMs - 1);
    expect(rings).toEqual([]);
    clock.tick(1);
    expect(rings).toEqual([dueMs]);
    expect(Math.max(...clock.waits)).toBe(MAX_TIMER_MS);
    expect(clock.waits.length).toBeLessThan(12);
  });

  it('sets one timer for a wait, and four at most for what is left of a minute when it rings', () => {
    const clock = new HandClock();
    const rings: number[] = [];
    const deadline: Deadline = new Deadline(new Deadlines(clock), {
      onDeadline: (nowMs) => {
        if (rings.push(nowMs) === 1) for (const dueMs of [119_999, 119_998]) deadline.setAt(dueMs);
      },
    });
    deadline.setAt(60_000);
    expect(clock.waits).toEqual([60_000]);
    clock.tick(200_000);
    expect(rings).toEqual([60_000, 119_998]);
    expect(clock.waits.length).toBeLessThanOrEqual(5);
  });

  it('rings again for what it was set to before its owner threw', () => {
    const clock = new HandClock();
    const rings: number[] = [];
    const deadline: Deadline = new Deadline(new Deadlines(clock), {
      onDeadline: (nowMs) => {
        if (rings.push(nowMs) > 1) return;
        deadline.setAt(50);
        throw new Error('broken');
      },
    });
    deadline.setAt(10);
    expect(() => clock.tick(10)).toThrow('broken');
    clock.tick(100);
    expect(rings).toEqual([10, 50]);
  });

  it('does not ring again when it is stopped inside a ring', () => {
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

  it('still rings in time when it is set earlier while a long wait is in pieces', () => {
    const { clock, deadline, rings } = setUp();
    deadline.setAt(2 * MAX_TIMER_MS);
    clock.tick(MAX_TIMER_MS + 5);
    deadline.setAt(MAX_TIMER_MS + 10);
    clock.tick(5);
    expect(rings).toEqual([MAX_TIMER_MS + 10]);
  });

  it('does not ring early when a timer runs a part of a millisecond early', () => {
    const { clock, deadline, rings } = setUp();
    clock.nowMs = 0.4;
    deadline.setAt(10.4);
    expect(clock.waits).toEqual([10]);
    clock.nowMs = -0.1;
    clock.tick(10.4);
    expect(rings).toEqual([]);
    clock.tick(1);
    expect(rings).toHaveLength(1);
    expect(rings[0]).toBeGreaterThanOrEqual(10.4);
  });

  it('leaves no timer and does not ring once it is stopped', () => {
    const { clock, deadline, rings } = setUp();
    deadline.setAt(10);
    deadline.stop();
    expect(clock.timers).toBe(0);
    clock.tick(100);
    expect(rings).toEqual([]);
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
    const { clock, deadline, rings } = setUp();
    deadline.setAt(10);
    deadline.stop();
    deadline.setAt(20);
    clock.tick(100);
    expect(rings).toEqual([20]);
  });
});
