// A promise as a source: observed once, never an unhandled rejection.

import { describe, expect, it } from 'vitest';
import { recordCrashes } from '../fixtures/process-events.ts';
import { turn } from '../time/hand-clock.ts';
import { PromisePort, portOfPromise } from '../../src/tasks/promise-port.ts';

/** A promise that counts who looks at it. */
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
  it('is ready once it has fulfilled, and gives the value', async () => {
    const { promise, settle } = counted();
    const port = new PromisePort(promise);
    const before = [port.ready(), port.isOver];
    settle('a');
    await turn();
    expect([before, port.ready(), port.isOver, port.take()]).toEqual([[false, false], true, true, 'a']);
  });

  it('throws the error once it has rejected, which reaches nobody else', async () => {
    using crashes = recordCrashes();
    const port = new PromisePort(Promise.reject(new Error('mine')));
    await turn();
    expect(port.ready()).toBe(true);
    expect(() => port.take()).toThrow('mine');
    expect(crashes.errors).toEqual([]);
  });

  it('cannot be told for one microtask, and knows then', async () => {
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

  it('knows at once where a thenable says it at once, whose first word counts', () => {
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

  it('wakes who is subscribed', async () => {
    const { promise, settle } = counted();
    const port = new PromisePort(promise);
    const calls: string[] = [];
    port.subscribe(() => calls.push('stays'));
    port.subscribe(() => calls.push('leaves'))();
    settle('a');
    await turn();
    expect(calls).toEqual(['stays']);
  });

  it('throws where it is taken from while it is pending', () => {
    expect(() => new PromisePort(new Promise(() => {})).take()).toThrow('pending');
  });
});

describe('portOfPromise', () => {
  it('looks at each promise once, however often it is asked', () => {
    const { promise, looks } = counted();
    expect(portOfPromise(promise)).toBe(portOfPromise(promise));
    expect(looks()).toBe(1);
  });
});
