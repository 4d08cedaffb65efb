import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BlockWatch } from '../../bench/block-watch.ts';

describe('BlockWatch', () => {
  let nowMs = 0;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
  });

  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  /** A turn of the event loop that takes so long; the timer comes behind it, once. */
  function turn(ms: number): void {
    nowMs += ms;
    vi.advanceTimersByTime(1);
  }

  it('is at nothing while each turn is short', () => {
    const watch = new BlockWatch();
    for (let n = 0; n < 100; n += 1) turn(1);
    expect(watch.end()).toBe(0);
  });

  it('counts a block as often as something could have come while it lasted', () => {
    const watch = new BlockWatch();
    for (let n = 0; n < 150; n += 1) turn(1);
    turn(50);
    // 201 ticks, of which two were later than the 99th of a hundred: by 49 and by 48 ms.
    expect(watch.end()).toBe(47);
  });

  it('counts the block that lasts until its end', () => {
    const watch = new BlockWatch();
    nowMs += 50;
    expect(watch.end()).toBe(50);
  });

  it('leaves no timer', () => {
    new BlockWatch().end();
    expect(vi.getTimerCount()).toBe(0);
  });
});
