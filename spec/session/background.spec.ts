// Work that no caller waits for: its errors reach `report`, and its end can be
// waited for.

import { settle, virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { held } from './session-fixtures.ts';
import { Background } from '../../src/session/background.ts';

function setUp(): { readonly background: Background; readonly reports: unknown[] } {
  const reports: unknown[] = [];
  return { background: new Background(virtualClock(), (error) => reports.push(error)), reports };
}

/** Whether all is settled, as the last `settle` has found it. */
function watch(background: Background): () => boolean {
  let isSettled = false;
  void background.settled().then(() => (isSettled = true));
  return () => isSettled;
}

describe('Background', () => {
  it('is settled when there is nothing', async () => {
    const isSettled = watch(setUp().background);
    await settle();
    expect(isSettled()).toBe(true);
  });

  it('is settled when the last work has ended, and not before', async () => {
    const { background } = setUp();
    const [first, second] = [held(), held()];
    background.run(first.promise);
    background.run(second.promise);
    const isSettled = watch(background);
    second.resolve();
    await settle();
    expect(isSettled()).toBe(false);
    first.resolve();
    await settle();
    expect(isSettled()).toBe(true);
  });

  it('waits for work that comes of work, also a turn of promises later', async () => {
    const { background } = setUp();
    const [first, second] = [held(), held()];
    background.run(first.promise);
    const isSettled = watch(background);
    void first.promise
      .then(() => {})
      .then(() => {})
      .then(() => background.run(second.promise));
    first.resolve();
    await settle();
    expect(isSettled()).toBe(false);
    second.resolve();
    await settle();
    expect(isSettled()).toBe(true);
  });

  it('reports what fails, and is settled all the same', async () => {
    const { background, reports } = setUp();
    const failure = new Error('the store is down');
    background.run(Promise.reject(failure));
    const isSettled = watch(background);
    await settle();
    expect([isSettled(), reports]).toEqual([true, [failure]]);
  });
});
