// The timers that deadlines share: their number, and which deadlines they wake when.

import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { HandClock } from './hand-clock.ts';
import { Deadline, DeadlineList, Deadlines } from '../../src/time/deadline.ts';

interface SetUp {
  readonly clock: HandClock;
  readonly deadlines: Deadlines;
  /** The owners that were called, and when. */
  readonly calls: (readonly [name: string, nowMs: number])[];
  readonly deadline: (name: string, onCall?: (nowMs: number) => void) => Deadline;
}

function setUp(): SetUp {
  const clock = new HandClock();
  const deadlines = new Deadlines(clock);
  const calls: SetUp['calls'] = [];
  const deadline: SetUp['deadline'] = (name, onCall = () => {}) =>
    new Deadline(deadlines, {
      onDeadline: (nowMs) => {
        calls.push([name, nowMs]);
        onCall(nowMs);
      },
    });
  return { clock, deadlines, calls, deadline };
}

describe('Deadlines', () => {
  it('has one timer for all deadlines of the same wait, and wakes each at its own time', () => {
    const { clock, calls, deadline } = setUp();
    deadline('a').setAt(10);
    clock.tick(3);
    deadline('b').setAt(13);
    expect(clock.timers).toBe(1);
    clock.tick(100);
    expect(calls).toEqual([
      ['a', 10],
      ['b', 13],
    ]);
    expect(clock.timers).toBe(0);
  });

  it('wakes deadlines of the same time in the order in which they were set', () => {
    const { clock, calls, deadline } = setUp();
    for (const name of ['a', 'b', 'c']) deadline(name).setAt(10);
    clock.tick(10);
    expect(calls.map(([name]) => name)).toEqual(['a', 'b', 'c']);
  });

  it('has no timer after all deadlines were stopped, in any order', () => {
    const { clock, calls, deadline } = setUp();
    const made = ['a', 'b', 'c'].map((name) => deadline(name));
    for (const each of made) each.setAt(10);
    for (const at of [1, 0, 2]) made[at]?.stop();
    expect(clock.timers).toBe(0);
    clock.tick(100);
    expect(calls).toEqual([]);
  });

  it('wakes the next deadline in time after the first one was stopped', () => {
    const { clock, calls, deadline } = setUp();
    const first = deadline('first');
    first.setAt(10);
    clock.tick(5);
    deadline('second').setAt(15);
    first.stop();
    clock.tick(100);
    expect(calls).toEqual([['second', 15]]);
  });

  it('wakes the others when one deadline that is due stops the next', () => {
    const { clock, calls, deadline } = setUp();
    const second = deadline('second');
    deadline('first', () => second.stop()).setAt(10);
    second.setAt(10);
    deadline('third').setAt(10);
    clock.tick(10);
    expect(calls.map(([name]) => name)).toEqual(['first', 'third']);
    expect(clock.timers).toBe(0);
  });

  it('wakes a deadline in a later run of the timer when it is set again for a time that has passed', () => {
    const { clock, calls, deadline } = setUp();
    const again: Deadline = deadline('again', () => {
      if (calls.length < 3) again.setAt(0);
    });
    again.setAt(0);
    clock.tick(0);
    expect(calls).toHaveLength(3);
    expect(clock.waits).toEqual([0, 0, 0]);
  });

  it('wakes the next deadline in time when the first one is set again for the same wait', () => {
    const { clock, calls, deadline } = setUp();
    const again: Deadline = deadline('again', (nowMs) => {
      if (nowMs < 20) again.setAt(nowMs + 16);
    });
    again.setAt(16);
    clock.tick(8);
    deadline('other').setAt(24);
    clock.tick(100);
    expect(calls).toEqual([
      ['again', 16],
      ['other', 24],
      ['again', 32],
    ]);
    expect(clock.timers).toBe(0);
  });

  it('yields to the event loop between calls when a deadline sets itself for the past and stops the last one due', () => {
    const { clock, calls, deadline } = setUp();
    const last = deadline('last');
    const again: Deadline = deadline('again', () => {
      last.stop();
      if (calls.length < 5) again.setAt(0);
    });
    again.setAt(0);
    last.setAt(0);
    clock.tick(0);
    expect(clock.waits.length).toBe(calls.length);
  });

  it('keeps the lists of waits that come again, and few of the others', () => {
    const { clock, deadlines, deadline } = setUp();
    const each = deadline('each');
    const pass = (ms: number): number => {
      each.setAt(ms);
      each.stop();
      return deadlines.waits;
    };
    for (let ms = 1; ms <= 10_000; ms += 1) pass(ms);
    expect(deadlines.waits).toBeLessThanOrEqual(64);
    const kept = Array.from({ length: 64 }, (_, n) => pass(20_000 + (n % 8)));
    expect(kept[7]).toBeGreaterThanOrEqual(8);
    expect(kept.at(-1)).toBe(kept[7]);
    const made = Array.from({ length: 200 }, (_, n) => deadline(`${n}`));
    made.forEach((one, n) => one.setAt(n));
    expect([deadlines.waits, clock.timers]).toEqual([200, 200]);
  });

  it('looks for empty lists less often when there are more lists', () => {
    const { deadlines, deadline } = setUp();
    const looks = vi.spyOn(DeadlineList.prototype, 'isEmpty', 'get');
    onTestFinished(() => looks.mockRestore());
    const made = Array.from({ length: 1000 }, (_, n) => deadline(`${n}`));
    made.forEach((one, n) => one.setAt(n));
    expect(deadlines.waits).toBe(1000);
    expect(looks.mock.calls.length).toBeLessThan(2000);
  });

  it('sets no timer of a negative time after an owner that took longer than the next wait', () => {
    const { clock, calls, deadline } = setUp();
    deadline('slow', () => (clock.nowMs += 50)).setAt(10);
    clock.tick(3);
    deadline('next').setAt(13);
    clock.tick(7);
    clock.tick(100);
    expect([clock.waits, calls]).toEqual([
      [10, 0],
      [
        ['slow', 10],
        ['next', 60],
      ],
    ]);
  });

  it('wakes the others after an owner has thrown', () => {
    const { clock, calls, deadline } = setUp();
    deadline('broken', () => {
      throw new Error('broken');
    }).setAt(10);
    deadline('other').setAt(10);
    expect(() => clock.tick(10)).toThrow('broken');
    clock.tick(0);
    expect(calls.map(([name]) => name)).toEqual(['broken', 'other']);
  });

  it('has few timers for many deadlines with different rests of their waits', () => {
    const { clock, calls, deadline } = setUp();
    const dueMs = (n: number): number => 60_000 + 59 * n;
    const made = Array.from({ length: 1000 }, (_, n): Deadline => {
      const each: Deadline = deadline(`${n}`, (nowMs) => {
        if (nowMs === 60_000 && n > 0) each.setAt(dueMs(n));
      });
      return each;
    });
    for (const each of made) each.setAt(60_000);
    clock.tick(60_000);
    expect(clock.timers).toBeLessThan(200);
    clock.tick(60_000);
    expect(calls.slice(1000)).toEqual(made.slice(1).map((_, n) => [`${n + 1}`, dueMs(n + 1)]));
    expect(clock.timers).toBe(0);
  });

  it('has one timer for deadlines that are set during and after a call of an owner', () => {
    const { clock, deadline } = setUp();
    const [left, kept, late] = ['left', 'kept', 'late'].map((name) => deadline(name)) as [
      Deadline,
      Deadline,
      Deadline,
    ];
    deadline('first', () => {
      left.setAt(20);
      left.stop();
      kept.setAt(20);
    }).setAt(10);
    clock.tick(10);
    late.setAt(20);
    expect(clock.timers).toBe(1);
  });

  it('wakes each deadline at its time and never after it was stopped, in any order of calls', () => {
    const step = fc.oneof(
      fc.record({ set: fc.nat(4), inMs: fc.nat(20) }),
      fc.record({ stop: fc.nat(4) }),
      fc.record({ tick: fc.nat(15) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { clock, calls, deadline } = setUp();
        const due = new Map<string, number>();
        const made = Array.from({ length: 5 }, (_, n) => deadline(`${n}`));
        const expected: (readonly [string, number])[] = [];
        const move = (ms: number): void => {
          const untilMs = clock.nowMs + ms;
          for (const [name, atMs] of due) {
            if (atMs > untilMs) continue;
            expected.push([name, Math.max(atMs, clock.nowMs)]);
            due.delete(name);
          }
          clock.tick(ms);
        };
        for (const each of steps) {
          if ('tick' in each) {
            move(each.tick);
          } else if ('stop' in each) {
            due.delete(`${each.stop}`);
            made[each.stop]?.stop();
          } else {
            const atMs = clock.nowMs + each.inMs;
            due.set(`${each.set}`, Math.min(due.get(`${each.set}`) ?? Infinity, atMs));
            made[each.set]?.setAt(atMs);
          }
        }
        move(100);
        const inOrder = (all: typeof expected): typeof expected =>
          all.toSorted(([a, aMs], [b, bMs]) => aMs - bMs || a.localeCompare(b));
        expect(inOrder(calls)).toEqual(inOrder(expected));
        expect(clock.timers).toBe(0);
      }),
    );
  });
});
