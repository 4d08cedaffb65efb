// What all clients of a process have in common.

import { describe, expect, it } from 'vitest';
import { sharedBy } from '../../src/client/client-settings.ts';
import { HandClock } from '../time/hand-clock.ts';

describe('sharedBy', () => {
  it('gives clients on one clock the same budget and traces, and those on another their own', () => {
    const [one, other] = [new HandClock(), new HandClock()];
    expect(sharedBy(one)).toBe(sharedBy(one));
    expect(sharedBy(one).budget).not.toBe(sharedBy(other).budget);
  });
});
