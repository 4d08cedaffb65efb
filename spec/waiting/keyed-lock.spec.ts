import { AsyncLocalStorage } from 'node:async_hooks';
import { settle } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { patchPromise } from '../fixtures/patched-promise.ts';
import { leftBytes } from '../faults/left-bytes.ts';
import { held, outcomeOf } from '../session/session-fixtures.ts';
import { KeyedLock } from '../../src/waiting/keyed-lock.ts';
import { LazySignal } from '../../src/waiting/lazy-signal.ts';

describe('KeyedLock', () => {
  it('runs tasks of one id one after another, and those of different ids side by side', async () => {
    const lock = new KeyedLock();
    const first = held();
    const order: string[] = [];
    const task = (name: string, wait?: Promise<void>) => async (): Promise<string> => {
      order.push(`${name} begins`);
      await wait;
      order.push(`${name} ends`);
      return name;
    };
    const runs = [
      lock.run('a', task('first', first.promise)),
      lock.run('a', task('second')),
      lock.run('b', task('other')),
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
    const lock = new KeyedLock();
    let hasBegun = false;
    void lock.run('a', () => {
      hasBegun = true;
    });
    expect(hasBegun).toBe(true);
  });

  it('keeps an id exactly as long as it has tasks', async () => {
    const lock = new KeyedLock();
    const first = held();
    const runs = [lock.run('a', () => first.promise), lock.run('a', () => 'second')];
    expect([lock.isTaken('a'), lock.isTaken('b'), lock.size]).toEqual([true, false, 1]);
    first.resolve();
    await Promise.all(runs);
    expect([lock.isTaken('a'), lock.size]).toEqual([false, 0]);
  });

  it('runs a task in its turn where the global Promise is patched', async () => {
    using _ = patchPromise();
    const lock = new KeyedLock();
    const runs = [lock.run('a', () => 'first'), lock.run('a', () => 'second')];
    expect([await Promise.all(runs), lock.size]).toEqual([['first', 'second'], 0]);
  });

  it('goes on behind a task that fails', async () => {
    const lock = new KeyedLock();
    const failing = lock.run('a', () => Promise.reject(new Error('mine')));
    const next = lock.run('a', () => 'next');
    await expect(failing).rejects.toThrow('mine');
    expect(await next).toBe('next');
    expect(lock.size).toBe(0);
  });

  it('gives the lock in the order of the calls, at once where it is free, and once for each release', async () => {
    const lock = new KeyedLock();
    const order: string[] = [];
    const first = lock.acquire('a');
    const ask = async (name: string): Promise<() => void> => {
      const release = await lock.acquire('a');
      order.push(name);
      return release;
    };
    const asked = [ask('second'), ask('third')] as const;
    await settle();
    expect([typeof first, order]).toEqual(['function', []]);
    (first as () => void)();
    (first as () => void)();
    await settle();
    expect(order).toEqual(['second']);
    (await asked[0])();
    (await asked[1])();
    expect([order, lock.size]).toEqual([['second', 'third'], 0]);
  });

  it('never gives the lock to a waiter whose signal aborts, and keeps nothing of it', async () => {
    const lock = new KeyedLock();
    const over = new LazySignal();
    const release = await lock.acquire('a');
    const aborted = lock.acquire('a', over);
    const next = lock.acquire('a');
    over.abort(() => 'my reason');
    await expect(aborted).rejects.toBe('my reason');
    release();
    (await next)();
    expect(lock.size).toBe(0);
  });

  it('retains nothing of waits that were given up while the holder goes on', async () => {
    const lock = new KeyedLock();
    const release = await lock.acquire('a');
    const left = await leftBytes(2000, async (waits) => {
      for (let n = 0; n < waits; n += 1) {
        const over = new LazySignal();
        const aborted = lock.acquire('a', over);
        over.abort(() => 'my reason');
        await outcomeOf(Promise.resolve(aborted));
      }
    });
    release();
    expect(left).toBeLessThan(400);
  });

  it('passes a lock on that is given in the turn in which the signal aborts', async () => {
    const lock = new KeyedLock();
    const over = new LazySignal();
    const release = await lock.acquire('a');
    const aborted = lock.acquire('a', over);
    const next = lock.acquire('a');
    release();
    over.abort(() => 'my reason');
    await expect(aborted).rejects.toBe('my reason');
    (await next)();
    expect(lock.size).toBe(0);
  });

  it('rejects for a signal that is aborted already, also where the lock is free', async () => {
    const lock = new KeyedLock();
    const over = new LazySignal();
    over.abort(() => 'my reason');
    await expect(lock.acquire('a', over)).rejects.toBe('my reason');
    expect(lock.size).toBe(0);
  });

  it('runs each task in the context of its caller', async () => {
    const lock = new KeyedLock();
    const storage = new AsyncLocalStorage<string>();
    const runs = ['ann', 'bob'].map((name) =>
      storage.run(name, () => lock.run('a', () => storage.getStore())),
    );
    expect(await Promise.all(runs)).toEqual(['ann', 'bob']);
  });
});
