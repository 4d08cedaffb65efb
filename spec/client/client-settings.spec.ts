// The settings that clients on one clock share.

import { describe, expect, it } from 'vitest';
import { sharedSettings } from '../../src/client/client-settings.ts';
import { HandClock } from '../time/hand-clock.ts';

describe('sharedSettings', () => {
  it('gives all clients on one clock the same budget and timers, and those on another clock others', () => {
    const [one, other] = [new HandClock(), new HandClock()];
    const { budget, deadlines } = sharedSettings(one);
    const again = sharedSettings(one);
    expect([again.budget === budget, again.deadlines === deadlines]).toEqual([true, true]);
    expect(sharedSettings(other).budget).not.toBe(budget);
  });
});
