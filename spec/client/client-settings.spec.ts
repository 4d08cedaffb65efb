// What all clients of a process have in common.

import { describe, expect, it } from 'vitest';
import { sharedBy } from '../../src/client/client-settings.ts';
import { HandClock } from '../time/hand-clock.ts';

describe('sharedBy', () => {
  it('gives clients on one clock the same budget and timers, and those on another their own', () => {
    const [one, other] = [new HandClock(), new HandClock()];
    const { budget, deadlines } = sharedBy(one);
    const again = sharedBy(one);
    expect([again.budget === budget, again.deadlines === deadlines]).toEqual([true, true]);
    expect(sharedBy(other).budget).not.toBe(budget);
  });
});
