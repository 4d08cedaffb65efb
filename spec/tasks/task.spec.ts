// A child task in a handler's hand: awaited, selected, or left alone.

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

  it('can be selected, also when it has been over for long', async () => {
    const task = taskOf(Promise.resolve('a'), scheduling);
    await turn();
    expect(await select({ task }, { timeoutMs: 0 })).toEqual(['task', 'a']);
    expect(task[source]).toBe(task[source]);
  });

  it('rejects the select that would take its error', async () => {
    const task = taskOf(Promise.reject(new Error('mine')), scheduling);
    await expect(select({ task })).rejects.toThrow('mine');
  });

  it('keeps the time of its socket for a select', async () => {
    const task = taskOf(new Promise(() => {}), scheduling);
    const selected = select({ task }, { timeoutMs: 10 });
    await turn();
    clock.tick(10);
    expect(await selected).toEqual(['timeout', undefined]);
  });

  it('never becomes an unhandled rejection where nobody looks at it', async () => {
    using crashes = recordCrashes();
    void taskOf(Promise.reject(new Error('mine')), scheduling);
    await turn();
    expect(crashes.errors).toEqual([]);
  });
});
