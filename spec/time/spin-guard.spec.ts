// The guard that keeps loops over calls that cannot wait from starving the process.

import { describe, expect, it } from 'vitest';
import { SpinGuard } from '../../src/time/spin-guard.ts';

describe('SpinGuard', () => {
  it('asks to yield from the third call in a row on', () => {
    const guard = new SpinGuard();
    expect([guard.mustYield(), guard.mustYield(), guard.mustYield(), guard.mustYield()]).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });

  it('counts anew after a call that did something', () => {
    const guard = new SpinGuard();
    guard.mustYield();
    guard.mustYield();
    guard.reset();
    expect([guard.mustYield(), guard.mustYield(), guard.mustYield()]).toEqual([false, false, true]);
  });
});
