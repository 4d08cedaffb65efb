// What the watch of a world sees of it; ../standstill.spec.ts has the reports that come of it.

import { describe, expect, it } from 'vitest';
import { settle } from 'corosock/testing';
import { seededWorld } from '../seeded-worlds.ts';
import { recordWarnings } from '../../../fixtures/process-events.ts';
import { UsageError } from '../../../../src/core/errors.ts';
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

  it('reports to its first host, or as a warning where that has no report of its own', async () => {
    using warnings = recordWarnings();
    const reported: unknown[] = [];
    const report = (error: unknown): void => void reported.push(error);
    const error = new UsageError('COROSOCK_STANDSTILL', 'it stands still');
    await using none = seededWorld();
    await using silent = seededWorld();
    await using told = seededWorld();
    silent.serve(() => {});
    silent.serve(() => {}, { report });
    told.serve(() => {}, { report });
    for (const w of [none, silent, told]) new WatchedWorld(w).report(error, { phase: 'world()' });
    await settle();
    expect([warnings.texts.length, reported]).toEqual([2, [error]]);
  });
});
