// Iteration over a channel: until its close, and the state after `break` and `return()`.

import { channel } from 'corosock';
import { describe, expect, it } from 'vitest';
import { turn } from '../time/hand-clock.ts';

describe('for await over a channel', () => {
  it('gives the values until the close', async () => {
    const jobs = channel<string>();
    const values: string[] = [];
    const iterating = (async () => {
      for await (const job of jobs) values.push(job);
    })();
    await jobs.put('a');
    await jobs.put('b');
    jobs.close();
    await iterating;
    expect(values).toEqual(['a', 'b']);
  });

  it('leaves the channel open when the loop breaks, and loses no value', async () => {
    const jobs = channel<string>();
    await jobs.put('a');
    await jobs.put('b');
    for await (const job of jobs) if (job === 'a') break;
    expect([await jobs.put('c'), await jobs.take(), await jobs.take()]).toEqual([
      'ok',
      ['b', 'ok'],
      ['c', 'ok'],
    ]);
  });

  it('shares the values among several loops, each of which ends', async () => {
    const jobs = channel<number>();
    const taken: number[] = [];
    const workers = Array.from({ length: 150 }, async () => {
      for await (const job of jobs) taken.push(job);
    });
    for (let n = 0; n < 500; n += 1) await jobs.put(n);
    jobs.close();
    await Promise.all(workers);
    expect(taken).toEqual(Array.from({ length: 500 }, (_, n) => n));
  });
});

describe('the iterator of a channel', () => {
  it('cancels a waiting next() at return(), which takes no value', async () => {
    const jobs = channel<string>();
    const iterator = jobs[Symbol.asyncIterator]();
    const [next, other] = [iterator.next(), jobs.take()];
    await iterator.return?.();
    await jobs.put('a');
    expect([await next, await other]).toEqual([{ done: true, value: undefined }, ['a', 'ok']]);
  });

  it('stays done after return()', async () => {
    const jobs = channel<string>();
    const iterator = jobs[Symbol.asyncIterator]();
    await iterator.return?.();
    await jobs.put('a');
    await turn();
    expect([await iterator.next(), jobs.size]).toEqual([{ done: true, value: undefined }, 1]);
  });

  it('is its own iterable', () => {
    const iterator = channel()[Symbol.asyncIterator]();
    expect(iterator[Symbol.asyncIterator]()).toBe(iterator);
  });
});
