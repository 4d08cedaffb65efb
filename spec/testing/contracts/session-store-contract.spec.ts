// Checks the checks: each session store that breaks a promise is found, by the number of that
// promise. Stores that keep all of them are in spec/session.

import { settle, virtualClock } from 'corosock/testing';
import type { VirtualClock } from 'corosock/testing';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { KeyedLock } from '../../../src/waiting/keyed-lock.ts';
import { MemorySessionStore } from '../../../src/session/memory-session-store.ts';
import type { SessionStore } from '../../../src/session/session-store.ts';
import { sessionStoreContract } from '../../../src/testing/contracts/session-store-contract.ts';
import type { SessionStoreUnderTest } from '../../../src/testing/contracts/session-store-contract.ts';
import { realClock } from '../../../src/time/real-clock.ts';
import { promisesOf, quoteOf } from './promises-of.ts';
import { overOf } from '../../session/session-fixtures.ts';

const promises = promisesOf('session/session-store.ts');

type Data = Record<string, unknown>;
type Unlock = () => Promise<void>;
type LockOptions = { readonly signal: AbortSignal };

/** Keeps every promise. A store with a fault overrides a method. */
class SoundStore implements SessionStore {
  protected readonly below: MemorySessionStore;
  protected readonly locks: KeyedLock = new KeyedLock();

  constructor(clock: VirtualClock) {
    this.below = new MemorySessionStore(clock);
  }

  get(id: string): Promise<Data | undefined> {
    return this.below.get(id);
  }

  set(id: string, data: Data, timeoutMs: number): Promise<void> {
    return this.below.set(id, data, timeoutMs);
  }

  touch(id: string, timeoutMs: number): Promise<void> {
    return this.below.touch(id, timeoutMs);
  }

  delete(id: string): Promise<void> {
    return this.below.delete(id);
  }

  async lock(id: string, { signal }: LockOptions): Promise<Unlock> {
    const release = await this.locks.acquire(id, overOf(signal));
    return async () => release();
  }
}

class ForgetsDetails extends SoundStore {
  override set(id: string, data: Data, timeoutMs: number): Promise<void> {
    return super.set(id, { ...data, nothing: undefined }, timeoutMs);
  }
}

class GivesEmptyData extends SoundStore {
  override async get(id: string): Promise<Data> {
    return (await super.get(id)) ?? {};
  }
}

class HandsOutItsOwn extends SoundStore {
  readonly #own = new Map<string, Data | undefined>();
  override async get(id: string): Promise<Data | undefined> {
    const data = await super.get(id);
    if (data === undefined || !this.#own.has(id)) this.#own.set(id, data);
    return this.#own.get(id);
  }
  override set(id: string, data: Data, timeoutMs: number): Promise<void> {
    this.#own.delete(id);
    return super.set(id, data, timeoutMs);
  }
}

class Merges extends SoundStore {
  override async set(id: string, data: Data, timeoutMs: number): Promise<void> {
    await super.set(id, { ...(await super.get(id)), ...data }, timeoutMs);
  }
}

class KeepsForEver extends SoundStore {
  override set(id: string, data: Data): Promise<void> {
    return super.set(id, data, Infinity);
  }
}

class ForgetsEarly extends SoundStore {
  override set(id: string, data: Data, timeoutMs: number): Promise<void> {
    return super.set(id, data, timeoutMs / 4);
  }
}

class TakesInfinityForNothing extends SoundStore {
  override set(id: string, data: Data, timeoutMs: number): Promise<void> {
    return super.set(id, data, timeoutMs === Infinity ? 0 : timeoutMs);
  }
}

class DoesNotTouch extends SoundStore {
  override async touch(): Promise<void> {}
}

class TouchesForwardsOnly extends SoundStore {
  override async touch(id: string, timeoutMs: number): Promise<void> {
    if (timeoutMs > 2000) await super.touch(id, timeoutMs);
  }
}

class TouchLosesData extends SoundStore {
  override async touch(id: string, timeoutMs: number): Promise<void> {
    if ((await super.get(id)) !== undefined) await super.set(id, {}, timeoutMs);
  }
}

class TouchBringsBack extends SoundStore {
  override async touch(id: string, timeoutMs: number): Promise<void> {
    await super.set(id, (await super.get(id)) ?? {}, timeoutMs);
  }
}

class DeletesLater extends SoundStore {
  override async delete(id: string): Promise<void> {
    setImmediate(() => void super.delete(id));
  }
}

class CannotDeleteNothing extends SoundStore {
  override async delete(id: string): Promise<void> {
    if ((await super.get(id)) === undefined) throw new Error('nothing is there');
    await super.delete(id);
  }
}

class IgnoresCase extends SoundStore {
  override get(id: string): Promise<Data | undefined> {
    return super.get(id.toLowerCase());
  }
  override set(id: string, data: Data, timeoutMs: number): Promise<void> {
    return super.set(id.toLowerCase(), data, timeoutMs);
  }
  override delete(id: string): Promise<void> {
    return super.delete(id.toLowerCase());
  }
}

class SetIsOvertaken extends SoundStore {
  override async set(id: string, data: Data, timeoutMs: number): Promise<void> {
    await settle();
    await super.set(id, data, timeoutMs);
  }
}

class FailsInSilence extends SoundStore {
  override async set(id: string, data: Data, timeoutMs: number): Promise<void> {
    await super.set(id, data, timeoutMs).catch(() => {});
  }
}

class LocksForAll extends SoundStore {
  override async lock(_: string, { signal }: LockOptions): Promise<Unlock> {
    signal.throwIfAborted();
    return async () => {};
  }
}

class LocksEverything extends SoundStore {
  override lock(_: string, options: LockOptions): Promise<Unlock> {
    return super.lock('one for all', options);
  }
}

class LockHindersGet extends SoundStore {
  override get(id: string): Promise<Data | undefined> {
    return this.locks.run(id, () => super.get(id));
  }
}

class LockIgnoresSignal extends SoundStore {
  override lock(id: string): Promise<Unlock> {
    return super.lock(id, new AbortController());
  }
}

class UnlocksForOthers extends SoundStore {
  readonly #releases = new Map<string, Unlock>();
  override async lock(id: string, options: LockOptions): Promise<Unlock> {
    this.#releases.set(id, await super.lock(id, options));
    return async () => this.#releases.get(id)?.();
  }
}

const FAULTS: ReadonlyArray<
  readonly [Fault: new (clock: VirtualClock) => SessionStore, promises: readonly number[]]
> = [
  [ForgetsDetails, [1, 2, 3, 7, 8]],
  [GivesEmptyData, [1, 2, 3, 4, 5, 6]],
  [HandsOutItsOwn, [1]],
  [Merges, [2, 6]],
  [KeepsForEver, [2, 3]],
  [ForgetsEarly, [2, 3]],
  [TakesInfinityForNothing, [2]],
  [DoesNotTouch, [3]],
  [TouchesForwardsOnly, [3]],
  [TouchLosesData, [2, 3, 6]],
  [TouchBringsBack, [3, 6]],
  [DeletesLater, [4, 5, 6]],
  [CannotDeleteNothing, [4, 6]],
  [IgnoresCase, [5]],
  [SetIsOvertaken, [6]],
  [FailsInSilence, [7]],
  [LocksForAll, [8]],
  [LocksEverything, [8]],
  [LockHindersGet, [8]],
  [LockIgnoresSignal, [8]],
  [UnlocksForOthers, [8]],
];

/** Runs all checks, and lists the numbers of the promises that are found broken. A check that waits for ever has found something, too. */
async function brokenPromises(Store: new (clock: VirtualClock) => SessionStore): Promise<readonly number[]> {
  const broken = new Set<number>();
  for (const { name, run } of sessionStoreContract) {
    const clock = virtualClock();
    const make = (): SessionStoreUnderTest => ({
      store: new Store(clock),
      pass: (ms) => clock.advance(ms),
      async [Symbol.asyncDispose]() {},
    });
    const kept = run(make).then(
      () => true,
      () => false,
    );
    if (!(await Promise.race([kept, untilIdle()]))) broken.add(Number.parseInt(name, 10));
  }
  return [...broken];
}

async function untilIdle(): Promise<false> {
  for (let round = 0; round < 40; round += 1) await settle();
  return false;
}

describe('sessionStoreContract', () => {
  it('finds nothing in a store that keeps every promise', async () => {
    expect(await brokenPromises(SoundStore)).toEqual([]);
  });

  it('finds nothing in a store without a lock', async () => {
    expect(await brokenPromises(MemorySessionStore)).toEqual([]);
  });

  it.each(FAULTS.map(([Fault, promises]) => ({ name: Fault.name, Fault, promises })))(
    'finds that a store $name: $promises',
    async ({ Fault, promises }) => {
      expect(await brokenPromises(Fault)).toEqual(promises);
    },
  );

  it('has a check of each promise', () => {
    const numbers = new Set(sessionStoreContract.map(({ name }) => Number.parseInt(name, 10)));
    expect([...numbers]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect([...numbers]).toEqual([...promises.keys()]);
  });

  it.each(sessionStoreContract)('quotes the promise: $name', ({ name }) => {
    const [number, words] = quoteOf(name);
    expect(promises.get(number)).toContain(words);
  });

  it('really waits if it is not given a way to let time pass', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const expiry = sessionStoreContract.find(({ name }) => name.startsWith('2. is kept until'));
    const running = expiry?.run(() => ({
      store: new MemorySessionStore(realClock),
      async [Symbol.asyncDispose]() {},
    }));
    await vi.advanceTimersByTimeAsync(5000);
    await expect(running).resolves.toBe(undefined);
  });

  it('disposes of every store, also when a check fails', async () => {
    let disposed = 0;
    for (const { run } of sessionStoreContract) {
      const clock = virtualClock();
      const make = (): SessionStoreUnderTest => ({
        store: new GivesEmptyData(clock),
        pass: (ms) => clock.advance(ms),
        async [Symbol.asyncDispose]() {
          disposed += 1;
        },
      });
      await run(make).catch(() => {});
    }
    expect(disposed).toBe(sessionStoreContract.length);
  });
});
