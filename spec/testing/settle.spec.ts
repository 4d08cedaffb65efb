// Waiting in tests without sleeping: what `settle` lets run, and what goes on waiting.

import { describe, expect, it } from 'vitest';
import { settle, virtualClock } from 'corosock/testing';
import { turn } from '../time/hand-clock.ts';

describe('settle', () => {
  it('lets chains of promises finish', async () => {
    let steps = 0;
    void (async () => {
      for (; steps < 10_000; steps += 1) await Promise.resolve();
    })();
    await settle();
    expect(steps).toBe(10_000);
  });

  it('lets chains of 100 turns of the event loop finish', async () => {
    let steps = 0;
    void (async () => {
      for (; steps < 100; steps += 1) await turn();
    })();
    await settle();
    expect(steps).toBe(100);
  });

  it('lets no time of a clock pass', async () => {
    const clock = virtualClock();
    let runs = 0;
    clock.setTimeout(() => (runs += 1), 0);
    await settle();
    expect([runs, clock.now()]).toEqual([0, 0]);
  });

  it('returns though a loop yields for ever', async () => {
    let steps = 0;
    const endless = (async () => {
      for (; steps < 10_000; steps += 1) await turn();
    })();
    await settle();
    expect(steps).toBeLessThan(10_000);
    await endless;
  });
});
