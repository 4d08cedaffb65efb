import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { wallTimeMs } from '../../src/session/wall-time.ts';

describe('wallTimeMs', () => {
  it('is the time of day in milliseconds', () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_234_567 });
    onTestFinished(() => void vi.useRealTimers());
    expect(wallTimeMs()).toBe(1_234_567);
  });
});
