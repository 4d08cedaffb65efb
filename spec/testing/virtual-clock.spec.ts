// Time that a test moves on by hand: it keeps the contract of a clock, and moves
// timer by timer.

import { describe, expect, it } from 'vitest';
import { fakeSocket, settle, virtualClock } from 'corosock/testing';
import { every, select, UsageError } from 'corosock';
import { clockContract } from '../time/clock-contract.ts';

const CENTURY_MS = 3_155_760_000_000;

describe('virtualClock', () => {
  clockContract(() => {
    const clock = virtualClock();
    return { clock, pass: (ms) => clock.advance(ms) };
  });

  it('begins at 0 and stands still until it is advanced', async () => {
    const clock = virtualClock();
    clock.setTimeout(() => {}, 1);
    await settle();
    expect([clock.now(), clock.timers]).toEqual([0, 1]);
    await clock.advance(5);
    expect([clock.now(), clock.timers]).toEqual([5, 0]);
  });

  it('has the time of day of the machine when it begins, and then its own', async () => {
    const before = Date.now();
    const clock = virtualClock();
    const beganMs = clock.wallTimeMs();
    expect(beganMs >= before && beganMs <= Date.now()).toBe(true);
    await clock.advance(86_400_000);
    expect(clock.wallTimeMs()).toBe(beganMs + 86_400_000);
  });

  it('has the time of each timer when that runs', async () => {
    const clock = virtualClock();
    const times: number[] = [];
    for (const ms of [7, 3, 10, 11]) clock.setTimeout(() => times.push(clock.now()), ms);
    await clock.advance(10);
    expect([times, clock.now(), clock.timers]).toEqual([[3, 7, 10], 10, 1]);
  });

  it('adds up what it is advanced by at the same time', async () => {
    const clock = virtualClock();
    const times: unknown[] = [];
    clock.setTimeout(() => times.push(['timer', clock.now()]), 120);
    const advance = async (ms: number): Promise<void> => {
      await clock.advance(ms);
      times.push([ms, clock.now()]);
    };
    await Promise.all([advance(100), advance(50), advance(0)]);
    expect(times).toEqual([
      [100, 100],
      ['timer', 120],
      [50, 150],
      [0, 150],
    ]);
  });

  it('sleeps for several at one time, side by side', async () => {
    const clock = virtualClock();
    const woken: unknown[] = [];
    for (const ms of [100, 50, 100]) void clock.sleep(ms).then(() => woken.push([ms, clock.now()]));
    await clock.advance(100);
    expect(woken).toEqual([
      [50, 50],
      [100, 100],
      [100, 100],
    ]);
  });

  it('ends a sleep with its signal, and refuses one of NaN ms', async () => {
    const clock = virtualClock();
    const sleeping = clock.sleep(Infinity, { signal: AbortSignal.abort('enough') });
    await expect(sleeping).rejects.toBe('enough');
    await expect(clock.sleep(Number.NaN)).rejects.toThrow('clock.sleep(): expected ms to be');
    expect(clock.timers).toBe(0);
  });

  it('can be advanced by what a timer begins', async () => {
    const clock = virtualClock();
    let inner: Promise<void> | undefined;
    clock.setTimeout(() => void (inner = clock.advance(30)), 10);
    await clock.advance(20);
    await inner;
    expect(clock.now()).toBe(50);
  });

  it('goes on after a timer that has thrown', async () => {
    const clock = virtualClock();
    const mine = new Error('mine');
    clock.setTimeout(() => {
      throw mine;
    }, 10);
    const ends = await Promise.allSettled([clock.advance(10), clock.advance(5)]);
    expect([ends, clock.now()]).toEqual([
      [
        { status: 'rejected', reason: mine },
        { status: 'fulfilled', value: undefined },
      ],
      15,
    ]);
  });

  it('lets everything that is ready run between two timers', async () => {
    const clock = virtualClock();
    const order: string[] = [];
    clock.setTimeout(() => {
      order.push('first timer');
      void Promise.resolve()
        .then(() => new Promise((resolve) => setImmediate(resolve)))
        .then(() => order.push('what it began'));
    }, 1);
    clock.setTimeout(() => order.push('second timer'), 2);
    await clock.advance(2);
    expect(order).toEqual(['first timer', 'what it began', 'second timer']);
  });

  it('runs timers that are set by other timers', async () => {
    const clock = virtualClock();
    const times: number[] = [];
    const again = (): void => {
      times.push(clock.now());
      clock.setTimeout(again, 10);
    };
    clock.setTimeout(again, 10);
    await clock.advance(35);
    expect(times).toEqual([10, 20, 30]);
  });

  it('runs timers that are due now when it is advanced by 0', async () => {
    const clock = virtualClock();
    const order: string[] = [];
    clock.setTimeout(() => order.push('due'), 0);
    clock.setTimeout(() => order.push('not yet'), 1);
    await clock.advance(0);
    expect(order).toEqual(['due']);
  });

  it('can be advanced by a century at a time, past waits of any length', async () => {
    const clock = virtualClock();
    const { ws } = fakeSocket({ clock });
    const ends: unknown[] = [];
    const note = (wait: Promise<unknown>): void => void wait.then(() => ends.push(clock.now()));
    using tick = every(2 ** 32, { clock });
    note(ws.read({ timeoutMs: 2 ** 31 }));
    note(select({ tick }));
    note(select({ never: new Promise(() => {}) }, { timeoutMs: 1e12, clock }));
    await clock.advance(CENTURY_MS);
    expect([ends, clock.now(), clock.timers]).toEqual([[2 ** 31, 2 ** 32, 1e12], CENTURY_MS, 0]);
  });

  it.each([
    [-1, '-1'],
    [Number.NaN, 'NaN'],
    [Infinity, 'Infinity'],
    [CENTURY_MS + 1, '3155760000001'],
  ])('refuses to advance by %s', async (ms, got) => {
    const expected = 'clock.advance(): expected ms to be a number of milliseconds from 0 to 3155760000000';
    await expect(virtualClock().advance(ms)).rejects.toThrow(
      new UsageError('COROSOCK_ARGUMENT', `${expected}, got ${got}`),
    );
  });

  it.each([
    [-1, '-1'],
    [Number.NaN, 'NaN'],
    [2 ** 31, '2147483648'],
    ['5', '"5"'],
  ])('refuses a timer of %s ms', (ms, got) => {
    const clock = virtualClock();
    const expected = 'clock.setTimeout(): expected ms to be a number of milliseconds from 0 to 2147483647';
    expect(() => clock.setTimeout(() => {}, ms as number)).toThrow(
      new UsageError('COROSOCK_ARGUMENT', `${expected}, got ${got}`),
    );
    expect(clock.timers).toBe(0);
  });

  it('has its own time, apart from other clocks', async () => {
    const clocks = [virtualClock(), virtualClock()] as const;
    await clocks[0].advance(5);
    expect(clocks.map((clock) => clock.now())).toEqual([5, 0]);
  });
});
