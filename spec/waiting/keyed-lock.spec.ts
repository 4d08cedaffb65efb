import { AsyncLocalStorage } from 'node:async_hooks';
import { settle } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { held } from '../session/session-fixtures.ts';
import { KeyedLock } from '../../src/waiting/keyed-lock.ts';
import { LazySignal } from '../../src/waiting/lazy-signal.ts';

describe('KeyedLock', () => {
  it('runs tasks of one id one after another, those of others side by side', async () => {
    const lines = new KeyedLock();
    const first = held();
    const order: string[] = [];
    const task = (name: string, wait?: Promise<void>) => async (): Promise<string> => {
      order.push(`${name} begins`);
      await wait;
      order.push(`${name} ends`);
      return name;
    };
    const runs = [
      lines.run('a', task('first', first.promise)),
      lines.run('a', task('second')),
      lines.run('b', task('other')),
    ];
    await settle();
    first.resolve();
    expect(await Promise.all(runs)).toEqual(['first', 'second', 'other']);
    expect(order).toEqual([
      'first begins',
      'other begins',
      'other ends',
      'first ends',
      'second begins',
      'second ends',
    ]);
  });

  it('begins the first task inside the call', () => {
    const lines = new KeyedLock();
    let hasBegun = false;
    void lines.run('a', () => {
      hasBegun = true;
    });
    expect(hasBegun).toBe(true);
  });

  it('keeps an id exactly as long as it has tasks', async () => {
    const lines = new KeyedLock();
    const first = held();
    const runs = [lines.run('a', () => first.promise), lines.run('a', () => 'second')];
    expect([lines.has('a'), lines.has('b'), lines.size]).toEqual([true, false, 1]);
    first.resolve();
    await Promise.all(runs);
    expect([lines.has('a'), lines.size]).toEqual([false, 0]);
  });

  it('goes on behind a task that fails', async () => {
    const lines = new KeyedLock();
    const failing = lines.run('a', () => Promise.reject(new Error('mine')));
    const next = lines.run('a', () => 'next');
    await expect(failing).rejects.toThrow('mine');
    expect(await next).toBe('next');
    expect(lines.size).toBe(0);
  });

  it('never runs a task whose signal aborts while it waits', async () => {
    const lines = new KeyedLock();
    const first = held();
    const over = new LazySignal();
    const ran: string[] = [];
    const run = lines.run('a', () => first.promise);
    const aborted = lines.run('a', () => ran.push('aborted'), over);
    over.abort(() => 'my reason');
    await expect(aborted).rejects.toBe('my reason');
    first.resolve();
    await run;
    await settle();
    expect([ran, lines.size]).toEqual([[], 0]);
  });

  it('runs each task in the context of its caller', async () => {
    const lines = new KeyedLock();
    const storage = new AsyncLocalStorage<string>();
    const runs = ['ann', 'bob'].map((name) =>
      storage.run(name, () => lines.run('a', () => storage.getStore())),
    );
    expect(await Promise.all(runs)).toEqual(['ann', 'bob']);
  });
});
