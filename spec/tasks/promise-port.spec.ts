// A promise as a source of `select`: observed once, and never an unhandled rejection.

import { describe, expect, it } from 'vitest';
import { recordCrashes } from '../fixtures/process-events.ts';
import { turn } from '../time/hand-clock.ts';
import { PromisePort, portOfPromise } from '../../src/tasks/promise-port.ts';

/** A promise that counts the calls of its `then`. */
function counted(): {
  readonly promise: Promise<string>;
  readonly looks: () => number;
  settle(value: string): void;
} {
  let settle: (value: string) => void = () => {};
  let looks = 0;
  const promise = new Promise<string>((resolve) => {
    settle = resolve;
  });
  const then = promise.then.bind(promise);
  // oxlint-disable-next-line unicorn/no-thenable -- it counts
  promise.then = ((...args: Parameters<typeof then>) => {
    looks += 1;
    return then(...args);
  }) as typeof promise.then;
  return { promise, looks: () => looks, settle: (value) => settle(value) };
}

describe('the port of a promise', () => {
  it('is ready once the promise has fulfilled, and gives the value', async () => {
    const { promise, settle } = counted();
    const port = new PromisePort(promise);
    const before = [port.ready(), port.isOver];
    settle('a');
    await turn();
    expect([before, port.ready(), port.isOver, port.take()]).toEqual([[false, false], true, true, 'a']);
  });

  it('throws the error once the promise has rejected, which is no unhandled rejection', async () => {
    using crashes = recordCrashes();
    const port = new PromisePort(Promise.reject(new Error('mine')));
    await turn();
    expect(port.ready()).toBe(true);
    expect(() => port.take()).toThrow('mine');
    expect(crashes.errors).toEqual([]);
  });

  it('may have settled during its first microtask, and knows after it', async () => {
    const [settled, pending] = [
      new PromisePort(Promise.resolve('a')),
      new PromisePort(new Promise(() => {})),
    ];
    const before = [settled.mayHaveSettled, pending.mayHaveSettled];
    await Promise.resolve();
    expect([
      before,
      settled.mayHaveSettled,
      settled.ready(),
      pending.mayHaveSettled,
      pending.ready(),
    ]).toEqual([[true, true], false, true, false, false]);
  });

  it('is ready at once when a thenable calls back at once, whose first call counts', () => {
    // oxlint-disable-next-line unicorn/no-thenable -- it is what is tested
    const thenable = Object.defineProperty({}, 'then', {
      value: (done: (value: string) => void) => {
        done('first');
        done('second');
      },
    }) as PromiseLike<string>;
    const port = new PromisePort(thenable);
    expect([port.mayHaveSettled, port.ready(), port.take()]).toEqual([false, true, 'first']);
  });

  it('wakes subscribers when the promise settles', async () => {
    const { promise, settle } = counted();
    const port = new PromisePort(promise);
    const calls: string[] = [];
    port.subscribe(() => calls.push('stays'));
    port.subscribe(() => calls.push('leaves'))();
    settle('a');
    await turn();
    expect(calls).toEqual(['stays']);
  });

  it('throws when it is taken from while the promise is pending', () => {
    expect(() => new PromisePort(new Promise(() => {})).take()).toThrow('pending');
  });
});

describe('portOfPromise', () => {
  it('observes each promise once, however often it is called', () => {
    const { promise, looks } = counted();
    expect(portOfPromise(promise)).toBe(portOfPromise(promise));
    expect(looks()).toBe(1);
  });
});
