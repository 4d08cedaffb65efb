// Tasks in order, at most a number at once: what p-queue promises, and what we add.

import { AsyncLocalStorage } from 'node:async_hooks';
import { settle } from 'corosock/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordCrashes } from '../fixtures/process-events.ts';
import { LazySignal } from '../../src/waiting/lazy-signal.ts';
import { TaskQueue } from '../../src/waiting/task-queue.ts';

/** A task that ends when the spec calls `finish`. */
function heldTask(): {
  readonly task: () => Promise<void>;
  readonly finish: () => void;
  readonly starts: () => number;
} {
  let starts = 0;
  let finish = (): void => {};
  const held = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const task = (): Promise<void> => {
    starts += 1;
    return held;
  };
  return { task, finish: () => finish(), starts: () => starts };
}

describe('TaskQueue', () => {
  it('runs as many tasks at once as its limit, and the others in order', async () => {
    const queue = new TaskQueue(2);
    const held = Array.from({ length: 5 }, heldTask);
    const started = (): readonly number[] => held.map(({ starts }) => starts());
    const done = held.map(({ task }) => queue.run(task));
    await settle();
    expect([started(), queue.size]).toEqual([[1, 1, 0, 0, 0], 5]);
    held[1]?.finish();
    await settle();
    expect([started(), queue.size]).toEqual([[1, 1, 1, 0, 0], 4]);
    for (const { finish } of held) finish();
    await Promise.all(done);
    expect([started(), queue.size]).toEqual([[1, 1, 1, 1, 1], 0]);
  });

  it('runs a task inside the call when a slot is free', () => {
    const queue = new TaskQueue(1);
    const [first, second] = [heldTask(), heldTask()];
    void queue.run(first.task);
    void queue.run(second.task);
    expect([first.starts(), second.starts(), queue.size]).toEqual([1, 0, 2]);
  });

  it('never runs more tasks than its limit, nor lets one wait beside a free slot, in whatever order they end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.record({ starts: fc.nat(4), ends: fc.nat(4), pick: fc.nat() }), { maxLength: 30 }),
        async (limit, steps) => {
          const queue = new TaskQueue(limit);
          const running: (() => void)[] = [];
          const order: number[] = [];
          let begun = 0;
          let ended = 0;
          for (const { starts, ends, pick } of steps) {
            for (let i = 0; i < starts; i += 1) {
              const index = begun;
              begun += 1;
              void queue.run(() => {
                order.push(index);
                return new Promise<void>((resolve) => void running.push(resolve));
              });
            }
            for (let i = 0; i < ends && running.length > 0; i += 1) {
              running.splice(pick % running.length, 1)[0]?.();
              ended += 1;
            }
            await settle();
            expect([running.length, queue.size]).toEqual([Math.min(limit, begun - ended), begun - ended]);
          }
          expect(order).toEqual(Array.from(order.keys()));
        },
      ),
      { numRuns: 200 },
    );
  });

  it.each([
    ['a value', () => 1],
    ['a promise', async () => 1],
  ])('gives the result of a task: %s', async (_, task) => {
    expect(await new TaskQueue(1).run(task)).toBe(1);
  });

  it.each<[string, () => Promise<void>]>([
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
  ])('rejects when a task %s, and runs the next one', async (_, task) => {
    const queue = new TaskQueue(1);
    const [first, second] = await Promise.allSettled([queue.run(task), queue.run(() => 2)]);
    expect([first, second]).toMatchObject([{ reason: { message: 'no' } }, { value: 2 }]);
  });

  it('never runs a task whose signal aborts while it waits, and rejects at once', async () => {
    const queue = new TaskQueue(1);
    const [running, waiting] = [heldTask(), heldTask()];
    const first = queue.run(running.task);
    const over = new LazySignal();
    const second = queue.run(waiting.task, over);
    const third = queue.run(() => 3);
    await settle();
    over.abort(() => new Error('gone'));
    await expect(second).rejects.toThrow('gone');
    expect(queue.size).toBe(2);
    running.finish();
    expect([await first, await third, waiting.starts()]).toEqual([undefined, 3, 0]);
  });

  it('never runs a task whose signal has aborted before', async () => {
    const { task, starts } = heldTask();
    const over = new LazySignal();
    over.abort(() => new Error('gone'));
    await expect(new TaskQueue(1).run(task, over)).rejects.toThrow('gone');
    expect(starts()).toBe(0);
  });

  it('frees the slot of a running task when its signal aborts, and lets the task run on', async () => {
    using crashes = recordCrashes();
    const queue = new TaskQueue(1);
    const over = new LazySignal();
    let fail = (_error: Error): void => {};
    const first = queue.run(
      () =>
        new Promise<void>((_done, reject) => {
          fail = reject;
        }),
      over,
    );
    const second = queue.run(() => 2);
    await settle();
    over.abort(() => new Error('gone'));
    await expect(first).rejects.toThrow('gone');
    expect(await second).toBe(2);
    fail(new Error('late'));
    await settle();
    expect(crashes.errors).toEqual([]);
  });

  it('leaves no listener on a signal', async () => {
    const queue = new TaskQueue(1);
    const over = new LazySignal();
    const { signal } = over;
    let listeners = 0;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: Parameters<typeof addEventListener>): void => {
      listeners += 1;
      addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>): void => {
      listeners -= 1;
      removeEventListener.apply(signal, args);
    };
    await Promise.all([queue.run(() => settle(), over), queue.run(() => settle(), over)]);
    expect(listeners).toBe(0);
  });

  it('keeps the AsyncLocalStorage context of each task', async () => {
    const storage = new AsyncLocalStorage<number>();
    const queue = new TaskQueue(1);
    const seen: unknown[] = [];
    const runs = [1, 2, 3].map((store) =>
      storage.run(store, () =>
        queue.run(async () => {
          await settle();
          seen.push(storage.getStore());
        }),
      ),
    );
    await Promise.all(runs);
    expect(seen).toEqual([1, 2, 3]);
  });
});
