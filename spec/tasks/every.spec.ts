// Ticks: their number, their times, and the timers that are set.

import { every, select, source } from 'corosock';
import { describe, expect, it } from 'vitest';
import { HandClock } from '../time/hand-clock.ts';

/** Ticks on a clock that is moved by hand. */
function ticking(periodMs: number) {
  const clock = new HandClock();
  const tick = every(periodMs, { clock });
  return { clock, tick, port: tick[source] };
}

describe('every', () => {
  it('ticks after one period, and not before', () => {
    const { clock, port } = ticking(10);
    clock.nowMs = 9.9;
    const before = port.ready();
    clock.nowMs = 10;
    expect([before, port.ready(), port.take(), port.ready()]).toEqual([false, true, 1, false]);
  });

  it('gives a slow reader one tick, whose value is the number of periods', () => {
    const { clock, port } = ticking(10);
    clock.nowMs = 35;
    expect([port.take(), port.ready()]).toEqual([3, false]);
    clock.nowMs = 40;
    expect(port.take()).toBe(1);
  });

  it('ticks at multiples of its period, however late ticks are taken', () => {
    const { clock, port } = ticking(10);
    const taken: number[] = [];
    for (const nowMs of [19, 20, 39, 40]) {
      clock.nowMs = nowMs;
      if (port.ready()) taken.push(port.take());
    }
    expect(taken).toEqual([1, 1, 1, 1]);
  });

  it('gives at least one tick where a division rounds down', () => {
    const { clock, port } = ticking(0.1);
    // 0.1 × 3 is more than 0.3 in floating point, and 0.3 ÷ 0.1 is less than 3.
    for (let tick = 1; tick <= 50; tick += 1) {
      clock.nowMs = tick * 0.1;
      expect([port.ready(), port.take()]).toEqual([true, 1]);
    }
  });

  it('wakes a waiting select at the time of its clock', async () => {
    const { clock, tick } = ticking(10);
    const waiting = select({ tick });
    clock.tick(10);
    expect(await waiting).toEqual(['tick', 1]);
  });

  it('wakes a subscriber at each period while it stays subscribed', () => {
    const { clock, port } = ticking(10);
    const wokenAt: number[] = [];
    port.subscribe(() => {
      wokenAt.push(clock.nowMs);
      port.take();
    });
    clock.tick(35);
    expect(wokenAt).toEqual([10, 20, 30]);
  });

  it('wakes a subscriber that takes nothing once a period, and at most once a millisecond', () => {
    const { clock, port } = ticking(0.001);
    let calls = 0;
    port.subscribe(() => {
      calls += 1;
    });
    clock.tick(10);
    expect(calls).toBe(10);
  });

  it('sets no timer without a subscriber', () => {
    const { clock, port } = ticking(10);
    clock.nowMs = 100;
    port.take();
    expect([clock.timers, clock.waits]).toEqual([0, []]);
  });

  it('lets the last timer run out after the subscriber has left, and sets no other', () => {
    const { clock, port } = ticking(10);
    port.subscribe(() => {})();
    const left = clock.timers;
    clock.tick(100);
    expect([left, clock.timers, clock.waits]).toEqual([1, 0, [10]]);
  });

  it('leaves no timer when it is disposed, and never ticks again', () => {
    const { clock, tick, port } = ticking(10);
    const calls: string[] = [];
    port.subscribe(() => calls.push('woken'));
    tick[Symbol.dispose]();
    port.subscribe(() => calls.push('woken'));
    clock.tick(100);
    expect([clock.timers, port.ready(), calls]).toEqual([0, false, []]);
  });

  it('waits for periods beyond 2³¹−1 ms in pieces', () => {
    const { clock, port } = ticking(2 ** 32);
    port.subscribe(() => {});
    clock.tick(2 ** 32 - 1);
    const before = port.ready();
    clock.tick(1);
    expect([before, port.ready(), Math.max(...clock.waits)]).toEqual([false, true, 2 ** 31 - 1]);
  });

  it('never ticks with a period of Infinity', () => {
    const { clock, port } = ticking(Infinity);
    port.subscribe(() => {});
    clock.nowMs = 1e12;
    expect([port.ready(), clock.timers]).toEqual([false, 0]);
  });

  it('ticks on the real clock by default', async () => {
    const tick = every(1);
    expect((await select({ tick }))[0]).toBe('tick');
    tick[Symbol.dispose]();
  });

  it.each([
    [0, 'got 0'],
    [-1, 'got -1'],
    [Number.NaN, 'got NaN'],
    ['10', 'got "10"'],
    [undefined, 'got undefined'],
  ])('refuses %j as a period', (periodMs, got) => {
    expect(() => every(periodMs as number)).toThrow(
      expect.objectContaining({
        code: 'COROSOCK_ARGUMENT',
        message: `every(): expected periodMs to be a number of milliseconds > 0, ${got}`,
      }),
    );
  });

  it.each([[{ clock: {} }], [{ period: 1 }], [null]])('refuses %j as options', (options) => {
    expect(() => every(1, options as object)).toThrow(expect.objectContaining({ code: 'COROSOCK_ARGUMENT' }));
  });
});
