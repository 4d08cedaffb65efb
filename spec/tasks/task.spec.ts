// A child task: awaited, selected, or left alone.

import { select } from 'corosock';
import { describe, expect, it } from 'vitest';
import { recordCrashes } from '../fixtures/process-events.ts';
import { HandClock, turn } from '../time/hand-clock.ts';
import { taskOf } from '../../src/tasks/task.ts';
import { source } from '../../src/core/source.ts';
import { schedulingOf } from '../../src/time/scheduling.ts';

const clock = new HandClock();
const scheduling = schedulingOf(clock);

describe('a task', () => {
  it('can be awaited', async () => {
    expect(await taskOf(Promise.resolve('a'), scheduling)).toBe('a');
    await expect(taskOf(Promise.reject(new Error('mine')), scheduling)).rejects.toThrow('mine');
  });

  it('can be selected, also a turn after its end', async () => {
    const task = taskOf(Promise.resolve('a'), scheduling);
    await turn();
    expect(await select({ task }, { timeoutMs: 0 })).toEqual(['task', 'a']);
    expect(task[source]).toBe(task[source]);
  });

  it('rejects the select that would take its error', async () => {
    const task = taskOf(Promise.reject(new Error('mine')), scheduling);
    await expect(select({ task })).rejects.toThrow('mine');
  });

  it('gives a select the clock of its socket', async () => {
    const task = taskOf(new Promise(() => {}), scheduling);
    const selected = select({ task }, { timeoutMs: 10 });
    await turn();
    clock.tick(10);
    expect(await selected).toEqual(['timeout', undefined]);
  });

  it('that has settled has nothing to cancel', async () => {
    expect(await taskOf(Promise.resolve('a'), scheduling).cancel()).toBe(undefined);
  });

  it('never becomes an unhandled rejection when it is not used', async () => {
    using crashes = recordCrashes();
    void taskOf(Promise.reject(new Error('mine')), scheduling);
    await turn();
    expect(crashes.errors).toEqual([]);
  });
});
