// The promises of the Clock port as a suite, in the port's order. real-clock.spec.ts
// and testing/virtual-clock.spec.ts run it, each with its way of letting time pass.

import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/time/clock.ts';

export interface ClockUnderTest {
  readonly clock: Clock;
  /** Lets so much time of the clock pass, and what is due by then run. */
  readonly pass: (ms: number) => Promise<void>;
}

export function clockContract(make: () => ClockUnderTest): void {
  describe('as a Clock', () => {
    it('1: never goes back', async () => {
      const { clock, pass } = make();
      const times: number[] = [];
      for (let look = 0; look < 10; look += 1) {
        times.push(clock.now());
        await pass(1);
      }
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      expect(clock.now()).toBeGreaterThan(times[0] as number);
    });

    it.each([0, 1, 3])('2: runs a timer of %s ms once, and never inside the call that set it', async (ms) => {
      const { clock, pass } = make();
      let runs = 0;
      clock.setTimeout(() => (runs += 1), ms);
      expect(runs).toBe(0);
      await pass(20);
      expect(runs).toBe(1);
    });

    it('2: runs no timer as much as a millisecond before its time', async () => {
      const { clock, pass } = make();
      const early: number[] = [];
      for (const ms of [1, 2, 5, 9]) {
        const dueMs = clock.now() + ms;
        clock.setTimeout(() => early.push(dueMs - clock.now()), ms);
      }
      await pass(20);
      expect(early).toHaveLength(4);
      expect(Math.max(...early)).toBeLessThan(1);
    });

    it('3: runs timers in the order of their times, then in the order in which they were set', async () => {
      const { clock, pass } = make();
      const order: string[] = [];
      clock.setTimeout(() => order.push('9 ms'), 9);
      clock.setTimeout(() => order.push('1 ms'), 1);
      clock.setTimeout(() => order.push('5 ms'), 5);
      clock.setTimeout(() => order.push('5 ms, set later'), 5);
      await pass(30);
      expect(order).toEqual(['1 ms', '5 ms', '5 ms, set later', '9 ms']);
    });

    it('4: never runs a cleared timer', async () => {
      const { clock, pass } = make();
      const order: string[] = [];
      const cleared = clock.setTimeout(() => order.push('cleared'), 1);
      clock.setTimeout(() => order.push('kept'), 1);
      clock.clearTimeout(cleared);
      await pass(20);
      expect(order).toEqual(['kept']);
    });

    it('4: does nothing when a timer is cleared twice, late, or was never set', async () => {
      const { clock, pass } = make();
      let runs = 0;
      const timer = clock.setTimeout(() => (runs += 1), 1);
      await pass(20);
      clock.clearTimeout(timer);
      clock.clearTimeout(timer);
      clock.clearTimeout(undefined);
      expect(runs).toBe(1);
    });

    it('5: runs immediates after the microtasks of the turn, in the order of the calls', async () => {
      const { clock } = make();
      const order: string[] = [];
      const second = new Promise<void>((resolve) => {
        clock.setImmediate(() => order.push('first immediate'));
        clock.setImmediate(() => {
          order.push('second immediate');
          resolve();
        });
      });
      void Promise.resolve().then(() => order.push('microtask'));
      order.push('call');
      await second;
      expect(order).toEqual(['call', 'microtask', 'first immediate', 'second immediate']);
    });

    it('5: lets the event loop have a turn between immediates', async () => {
      const { clock } = make();
      const turned: string[] = [];
      setTimeout(() => turned.push('a timer of the machine'), 0);
      // A clock that used microtasks would never leave this loop without the bound.
      for (let turns = 0; turned.length === 0 && turns < 1_000_000; turns += 1) {
        await new Promise<void>((resolve) => void clock.setImmediate(resolve));
      }
      expect(turned).toEqual(['a timer of the machine']);
    });

    it('6: tells the time of day, which moves as now does', async () => {
      const { clock, pass } = make();
      const time = (): number => clock.wallTimeMs?.() ?? NaN;
      const [dayMs, nowMs] = [time(), clock.now()];
      expect(new Date(dayMs).getFullYear()).toBeGreaterThan(2000);
      await pass(20);
      // Both may be cut to whole milliseconds.
      expect(Math.abs(time() - dayMs - (clock.now() - nowMs))).toBeLessThan(5);
    });
  });
}
