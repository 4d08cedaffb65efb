// What the watch of a world sees of it; ../standstill.spec.ts has the reports that come of it.

import { describe, expect, it } from 'vitest';
import { seededWorld } from '../seeded-worlds.ts';
import { WatchedWorld } from '../../../../src/testing/simulation/world/watched-world.ts';

describe('a world under watch', () => {
  it('is asked for what is to come eventually, but not while it waits for something real', async () => {
    await using w = seededWorld();
    const watched = new WatchedWorld(w);
    let isSo = false;
    const before = watched.isAsked;
    const coming = w.eventually('it comes', () => isSo, 1000);
    const asked = watched.isAsked;
    const real = w.real(Promise.resolve());
    expect([before, asked, watched.isAsked]).toEqual([false, true, false]);
    await real;
    isSo = true;
    await w.settle();
    w.clock.setImmediate(() => {});
    await w.settle();
    await coming;
    expect([watched.isAsked, watched.servers, watched.sockets]).toEqual([false, [], []]);
  });
});
