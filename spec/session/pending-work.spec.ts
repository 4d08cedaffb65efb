// Work that no caller awaits: its errors reach `report`, and its end can be awaited.

import { settle, virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { held } from './session-fixtures.ts';
import { PendingWork } from '../../src/session/pending-work.ts';

function setUp(): { readonly pendingWork: PendingWork; readonly reports: unknown[] } {
  const reports: unknown[] = [];
  return { pendingWork: new PendingWork(virtualClock(), (error) => reports.push(error)), reports };
}

/** Whether all is settled, as the last `settle` has found it. */
function watch(pendingWork: PendingWork): () => boolean {
  let isSettled = false;
  void pendingWork.whenSettled().then(() => (isSettled = true));
  return () => isSettled;
}

describe('PendingWork', () => {
  it('is settled when there is nothing', async () => {
    const isSettled = watch(setUp().pendingWork);
    await settle();
    expect(isSettled()).toBe(true);
  });

  it('is settled when the last promise has settled, and not before', async () => {
    const { pendingWork } = setUp();
    const [first, second] = [held(), held()];
    pendingWork.run(first.promise);
    pendingWork.run(second.promise);
    const isSettled = watch(pendingWork);
    second.resolve();
    await settle();
    expect(isSettled()).toBe(false);
    first.resolve();
    await settle();
    expect(isSettled()).toBe(true);
  });

  it('waits for work that is handed in when other work settles, also some microtasks later', async () => {
    const { pendingWork } = setUp();
    const [first, second] = [held(), held()];
    pendingWork.run(first.promise);
    const isSettled = watch(pendingWork);
    void first.promise
      .then(() => {})
      .then(() => {})
      .then(() => pendingWork.run(second.promise));
    first.resolve();
    await settle();
    expect(isSettled()).toBe(false);
    second.resolve();
    await settle();
    expect(isSettled()).toBe(true);
  });

  it('reports what fails, and is settled all the same', async () => {
    const { pendingWork, reports } = setUp();
    const failure = new Error('the store is down');
    pendingWork.run(Promise.reject(failure));
    const isSettled = watch(pendingWork);
    await settle();
    expect([isSettled(), reports]).toEqual([true, [failure]]);
  });
});
