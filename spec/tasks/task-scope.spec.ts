// Child tasks under one signal: how they start, what their listener is told, and which errors the
// abort explains.

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { recordCrashes, recordWarnings } from '../fixtures/process-events.ts';
import { HandClock, turn } from '../time/hand-clock.ts';
import { TaskScope } from '../../src/tasks/task-scope.ts';
import type { ChildFunction } from '../../src/tasks/task-scope.ts';
import { schedulingOf } from '../../src/time/scheduling.ts';

function made() {
  const events: unknown[] = [];
  const scope = new TaskScope(schedulingOf(new HandClock()), {
    taskOnError: (error) => events.push(error),
    scopeOnIdle: () => events.push('idle'),
  });
  return { scope, events };
}

const untilAborted: ChildFunction<never> = (signal) =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });

const names = (scope: TaskScope): readonly string[] => scope.running.map(({ name }) => name);

describe('TaskScope', () => {
  it('calls a child at once, with the signal', () => {
    const { scope } = made();
    const calls: unknown[] = [];
    void scope.spawn((signal) => void calls.push(signal.aborted));
    expect(calls).toEqual([false]);
  });

  it('gives the result of a child, synchronous or asynchronous', async () => {
    const { scope, events } = made();
    expect([await scope.spawn(() => 'a'), await scope.spawn(async () => 'b')]).toEqual(['a', 'b']);
    expect(events).toEqual(['idle', 'idle']);
  });

  it('tells its listener of each error, and of the end of the last child', async () => {
    using crashes = recordCrashes();
    const { scope, events } = made();
    const [first, second] = [new Error('first'), new Error('second')];
    void scope.spawn(() => {
      throw first;
    });
    void scope.spawn(async () => {
      await turn();
      throw second;
    });
    await turn();
    await turn();
    expect([events, scope.isBusy, crashes.errors]).toEqual([[first, second, 'idle'], false, []]);
  });

  it('treats a value that is not a function as a child that has failed', async () => {
    const { scope, events } = made();
    const error: unknown = expect.objectContaining({
      code: 'COROSOCK_ARGUMENT',
      message: 'ws.spawn(): expected task to be a function, got 5',
    });
    await expect(scope.spawn(5 as never)).rejects.toEqual(error);
    expect(events).toEqual([error, 'idle']);
  });

  it('names the children that run', async () => {
    const { scope } = made();
    void scope.spawn(untilAborted);
    void scope.spawn(async () => await turn());
    void scope.spawn(() => {});
    await Promise.resolve().then(() => {});
    const during = names(scope);
    scope.abort(new Error('over'));
    await turn();
    await turn();
    expect([during, names(scope)]).toEqual([['untilAborted', 'anonymous'], []]);
  });

  it.each<[string, PropertyDescriptor]>([
    ['a symbol', { value: Symbol('private') }],
    ['a getter that throws', { get: () => expect.fail('must not come out') }],
    ['empty text', { value: '' }],
  ])('names a child "anonymous" whose name is %s', (_, name) => {
    const { scope } = made();
    void scope.spawn(Object.defineProperty(async () => await turn(), 'name', name));
    expect(names(scope)).toEqual(['anonymous']);
  });

  it('does not tell its listener of the reason of its signal, nor of an error that this caused', async () => {
    const { scope, events } = made();
    const reason = new Error('over');
    const direct = scope.spawn(untilAborted);
    const wrapped = scope.spawn((signal) => sleep(1e6, undefined, { signal }));
    scope.abort(reason);
    await expect(direct).rejects.toBe(reason);
    await expect(wrapped).rejects.toMatchObject({ name: 'AbortError', cause: reason });
    expect(events).toEqual(['idle']);
  });

  it('tells its listener of an error with another cause after the abort, too', async () => {
    const { scope, events } = made();
    const error = new Error('while it cleaned up');
    const task = scope.spawn((signal) =>
      untilAborted(signal).then(undefined, () => {
        throw error;
      }),
    );
    scope.abort(new Error('over'));
    await expect(task).rejects.toBe(error);
    expect(events).toEqual([error, 'idle']);
  });

  it('calls no function after the abort: the task rejects with the reason', async () => {
    using crashes = recordCrashes();
    const { scope, events } = made();
    const reason = new Error('over');
    const calls: string[] = [];
    scope.abort(reason);
    scope.abort(new Error('too late'));
    void scope.spawn(() => calls.push('called'));
    await expect(scope.spawn(() => calls.push('called'))).rejects.toBe(reason);
    expect([calls, events, scope.isBusy, crashes.errors]).toEqual([[], [], false, []]);
  });

  it('causes no warning when many children listen to the signal', async () => {
    using warnings = recordWarnings();
    const { scope } = made();
    for (let n = 0; n < 50; n += 1) void scope.spawn(untilAborted);
    await turn();
    expect(warnings.texts).toEqual([]);
  });
});

describe('the task of a child', () => {
  it('is cancelled alone: its signal aborts, and its AbortError is not told', async () => {
    const { scope, events } = made();
    const reasons: unknown[] = [];
    const other = scope.spawn(untilAborted);
    const task = scope.spawn(async (signal) => {
      await untilAborted(signal).then(null, (error: unknown) => reasons.push(error));
      throw new DOMException('Query cancelled', 'AbortError');
    });
    await task.cancel();
    await task.cancel('too late');
    await expect(task).rejects.toThrow('Query cancelled');
    expect([reasons, events, scope.isBusy]).toEqual([
      [expect.objectContaining({ name: 'AbortError', message: 'The task was cancelled' })],
      [],
      true,
    ]);
    await other.cancel('mine');
    await expect(other).rejects.toBe('mine');
    expect(events).toEqual(['idle']);
  });

  it('lists its awaits and its cancels while it runs', async () => {
    const { scope } = made();
    const task = scope.spawn(untilAborted);
    void task.then(null, () => {});
    void task.then(
      () => {},
      () => {},
    );
    void task.cancel();
    expect(scope.running[0]?.awaits).toHaveLength(2);
    await turn();
    await task.cancel();
    expect(scope.running).toEqual([]);
  });
});
