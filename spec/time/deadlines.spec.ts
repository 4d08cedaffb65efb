// The timers that deadlines share: how many there are, whom they wake, and when.

import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { HandClock } from './hand-clock.ts';
import { Deadline } from '../../src/time/deadline.ts';
import { DeadlineList, Deadlines } from '../../src/time/deadlines.ts';

interface SetUp {
  readonly clock: HandClock;
  readonly deadlines: Deadlines;
  /** What has rung, and when. */
  readonly rings: (readonly [name: string, nowMs: number])[];
  readonly deadline: (name: string, onRing?: (nowMs: number) => void) => Deadline;
}

function setUp(): SetUp {
  const clock = new HandClock();
  const deadlines = new Deadlines(clock);
  const rings: SetUp['rings'] = [];
  const deadline: SetUp['deadline'] = (name, onRing = () => {}) =>
    new Deadline(deadlines, {
      onDeadline: (nowMs) => {
        rings.push([name, nowMs]);
        onRing(nowMs);
      },
    });
  return { clock, deadlines, rings, deadline };
}

describe('Deadlines', () => {
  it('has one timer for all deadlines that wait equally long, and wakes each at its own time', () => {
    const { clock, rings, deadline } = setUp();
    deadline('a').setAt(10);
    clock.tick(3);
    deadline('b').setAt(13);
    expect(clock.timers).toBe(1);
    clock.tick(100);
    expect(rings).toEqual([
      ['a', 10],
      ['b', 13],
    ]);
    expect(clock.timers).toBe(0);
  });

  it('wakes deadlines of the same time in the order in which they were set', () => {
    const { clock, rings, deadline } = setUp();
    for (const name of ['a', 'b', 'c']) deadline(name).setAt(10);
    clock.tick(10);
    expect(rings.map(([name]) => name)).toEqual(['a', 'b', 'c']);
  });

  it('leaves no timer when all deadlines have been stopped, in whatever order', () => {
    const { clock, rings, deadline } = setUp();
    const made = ['a', 'b', 'c'].map((name) => deadline(name));
    for (const each of made) each.setAt(10);
    for (const at of [1, 0, 2]) made[at]?.stop();
    expect(clock.timers).toBe(0);
    clock.tick(100);
    expect(rings).toEqual([]);
  });

  it('wakes those behind one that was stopped, no later than they were set to', () => {
    const { clock, rings, deadline } = setUp();
    const first = deadline('first');
    first.setAt(10);
    clock.tick(5);
    deadline('second').setAt(15);
    first.stop();
    clock.tick(100);
    expect(rings).toEqual([['second', 15]]);
  });

  it('goes on when one of several that are due stops the next', () => {
    const { clock, rings, deadline } = setUp();
    const second = deadline('second');
    deadline('first', () => second.stop()).setAt(10);
    second.setAt(10);
    deadline('third').setAt(10);
    clock.tick(10);
    expect(rings.map(([name]) => name)).toEqual(['first', 'third']);
    expect(clock.timers).toBe(0);
  });

  it('wakes one that is set again for a time that has passed in a later turn of the timer', () => {
    const { clock, rings, deadline } = setUp();
    const again: Deadline = deadline('again', () => {
      if (rings.length < 3) again.setAt(0);
    });
    again.setAt(0);
    clock.tick(0);
    expect(rings).toHaveLength(3);
    expect(clock.waits).toEqual([0, 0, 0]);
  });

  it('wakes those behind one that is set again for the same wait no later than they were set to', () => {
    const { clock, rings, deadline } = setUp();
    const again: Deadline = deadline('again', (nowMs) => {
      if (nowMs < 20) again.setAt(nowMs + 16);
    });
    again.setAt(16);
    clock.tick(8);
    deadline('other').setAt(24);
    clock.tick(100);
    expect(rings).toEqual([
      ['again', 16],
      ['other', 24],
      ['again', 32],
    ]);
    expect(clock.timers).toBe(0);
  });

  it('lets the event loop go on when one that is set for the past again and again stops the last of those that are due', () => {
    const { clock, rings, deadline } = setUp();
    const last = deadline('last');
    const again: Deadline = deadline('again', () => {
      last.stop();
      if (rings.length < 5) again.setAt(0);
    });
    again.setAt(0);
    last.setAt(0);
    clock.tick(0);
    expect(clock.waits.length).toBe(rings.length);
  });

  it('keeps the list of a wait that comes again, and few of those that do not', () => {
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

  it('looks for empty lists the more seldom, the more lists there are', () => {
    const { deadlines, deadline } = setUp();
    const looks = vi.spyOn(DeadlineList.prototype, 'isEmpty', 'get');
    onTestFinished(() => looks.mockRestore());
    const made = Array.from({ length: 1000 }, (_, n) => deadline(`${n}`));
    made.forEach((one, n) => one.setAt(n));
    expect(deadlines.waits).toBe(1000);
    expect(looks.mock.calls.length).toBeLessThan(2000);
  });

  it('asks for no negative time where to wake one has taken longer than the next had left', () => {
    const { clock, rings, deadline } = setUp();
    deadline('slow', () => (clock.nowMs += 50)).setAt(10);
    clock.tick(3);
    deadline('next').setAt(13);
    clock.tick(7);
    clock.tick(100);
    expect([clock.waits, rings]).toEqual([
      [10, 0],
      [
        ['slow', 10],
        ['next', 60],
      ],
    ]);
  });

  it('wakes the others although one has thrown', () => {
    const { clock, rings, deadline } = setUp();
    deadline('broken', () => {
      throw new Error('broken');
    }).setAt(10);
    deadline('other').setAt(10);
    expect(() => clock.tick(10)).toThrow('broken');
    clock.tick(0);
    expect(rings.map(([name]) => name)).toEqual(['broken', 'other']);
  });

  it('has few timers for many deadlines, whatever is left of their waits when they ring', () => {
    const { clock, rings, deadline } = setUp();
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
    expect(rings.slice(1000)).toEqual(made.slice(1).map((_, n) => [`${n + 1}`, dueMs(n + 1)]));
    expect(clock.timers).toBe(0);
  });

  it('shares a timer with those that were armed while others were woken', () => {
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

  it('wakes each at its time and never after it was stopped, whatever is set and stopped in whatever order', () => {
    const step = fc.oneof(
      fc.record({ set: fc.nat(4), inMs: fc.nat(20) }),
      fc.record({ stop: fc.nat(4) }),
      fc.record({ tick: fc.nat(15) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { clock, rings, deadline } = setUp();
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
        expect(inOrder(rings)).toEqual(inOrder(expected));
        expect(clock.timers).toBe(0);
      }),
    );
  });
});
