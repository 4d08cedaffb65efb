// The store in memory: it keeps the contract, is bounded, and drops what has expired.

import { virtualClock } from 'corosock/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HandClock } from '../time/hand-clock.ts';
import { MAX_MEMORY_SESSIONS, MemorySessionStore } from '../../src/session/memory-session-store.ts';
import { sessionStoreContract } from '../../src/testing/contracts/session-store-contract.ts';
import type { SessionStoreUnderTest } from '../../src/testing/contracts/session-store-contract.ts';

function makeStore(): SessionStoreUnderTest {
  const clock = virtualClock();
  return {
    store: new MemorySessionStore(clock),
    pass: (ms) => clock.advance(ms),
    async [Symbol.asyncDispose]() {},
  };
}

/** The same, as plainly as it can be said: a Map is in the order in which its entries were put there. */
class MapOfSessions {
  readonly #limit: number;
  readonly #kept = new Map<string, { readonly data: object; readonly untilMs: number }>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#kept.size;
  }

  get(id: string, nowMs: number): object | undefined {
    const kept = this.#kept.get(id);
    if (kept !== undefined && nowMs >= kept.untilMs) this.delete(id);
    return this.#kept.get(id)?.data;
  }

  set(id: string, data: object, nowMs: number, timeoutMs: number): void {
    for (const [each, { untilMs }] of this.#kept) {
      if (nowMs < untilMs) break;
      this.delete(each);
    }
    this.#putLast(id, data, nowMs + timeoutMs);
    const [oldest = ''] = this.#kept.keys();
    if (this.size > this.#limit) this.delete(oldest);
  }

  touch(id: string, nowMs: number, timeoutMs: number): void {
    const data = this.get(id, nowMs);
    if (data !== undefined) this.#putLast(id, data, nowMs + timeoutMs);
  }

  delete(id: string): void {
    this.#kept.delete(id);
  }

  #putLast(id: string, data: object, untilMs: number): void {
    this.#kept.delete(id);
    this.#kept.set(id, { data, untilMs });
  }
}

describe('MemorySessionStore keeps the promise', () => {
  it.each(sessionStoreContract)('$name', async ({ run }) => {
    await expect(run(makeStore)).resolves.toBe(undefined);
  });
});

describe('MemorySessionStore', () => {
  it('keeps a session for timeoutMs, to the millisecond', async () => {
    const clock = virtualClock();
    const store = new MemorySessionStore(clock);
    await store.set('id', { n: 1 }, 1000);
    await clock.advance(999);
    expect(await store.get('id')).toEqual({ n: 1 });
    await clock.advance(1);
    expect(await store.get('id')).toBe(undefined);
  });

  it('has no timer', async () => {
    const clock = virtualClock();
    const store = new MemorySessionStore(clock);
    await store.set('id', {}, 1000);
    await store.touch('id', 2000);
    expect(clock.timers).toBe(0);
  });

  it('drops an expired session when it is read', async () => {
    const clock = virtualClock();
    const store = new MemorySessionStore(clock);
    await store.set('a', {}, 1000);
    await clock.advance(1000);
    expect([await store.get('a'), store.size]).toEqual([undefined, 0]);
  });

  it('drops expired sessions when another one is set', async () => {
    const clock = virtualClock();
    const store = new MemorySessionStore(clock);
    for (const id of ['a', 'b', 'c']) await store.set(id, {}, 1000);
    await clock.advance(500);
    await store.touch('a', 1000);
    await clock.advance(500);
    expect(store.size).toBe(3);
    await store.set('d', {}, 1000);
    expect([store.size, await store.get('a')]).toEqual([2, {}]);
  });

  it('S5: drops the session that was touched longest ago when there are too many', async () => {
    const clock = virtualClock();
    const store = new MemorySessionStore(clock, 3);
    for (const id of ['a', 'b', 'c']) await store.set(id, { id }, Infinity);
    await store.touch('a', Infinity);
    await store.set('b', { id: 'b again' }, Infinity);
    await store.set('d', { id: 'd' }, Infinity);
    const kept = await Promise.all(['a', 'b', 'c', 'd'].map((id) => store.get(id)));
    expect(kept).toEqual([{ id: 'a' }, { id: 'b again' }, undefined, { id: 'd' }]);
  });

  it('keeps the same sessions as a Map that moves what is touched to its end, for any calls', async () => {
    const ids = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const ms = fc.constantFrom(10, 20, Infinity);
    const step = fc.oneof(
      fc.record({ how: fc.constant('set' as const), id: ids, ms }),
      fc.record({ how: fc.constant('touch' as const), id: ids, ms }),
      fc.record({ how: fc.constantFrom('get' as const, 'delete' as const), id: ids, ms }),
      fc.record({ how: fc.constant('pass' as const), id: ids, ms: fc.nat(9) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const clock = new HandClock();
        const store = new MemorySessionStore(clock, 3);
        const model = new MapOfSessions(3);
        for (const [n, { how, id, ms: given }] of steps.entries()) {
          if (how === 'pass') clock.tick(given);
          else if (how === 'get') expect(await store.get(id)).toEqual(model.get(id, clock.nowMs));
          else if (how === 'delete') await store.delete(id).then(() => model.delete(id));
          else if (how === 'touch')
            await store.touch(id, given).then(() => model.touch(id, clock.nowMs, given));
          else await store.set(id, { n }, given).then(() => model.set(id, { n }, clock.nowMs, given));
          expect(store.size).toBe(model.size);
        }
        for (const id of ['a', 'b', 'c', 'd', 'e']) {
          expect(await store.get(id)).toEqual(model.get(id, clock.nowMs));
        }
      }),
    );
  });

  it('holds 100 000 sessions by default', async () => {
    const store = new MemorySessionStore(virtualClock());
    for (let n = 0; n <= MAX_MEMORY_SESSIONS; n += 1) await store.set(`${n}`, {}, Infinity);
    expect([store.size, await store.get('0'), await store.get('1')]).toEqual([100_000, undefined, {}]);
  });
});

/** A store of three sessions, and the ids that the host holds. */
function holding(...ids: readonly string[]): {
  readonly store: MemorySessionStore;
  readonly clock: HandClock;
  readonly hold: (id: string) => void;
  readonly release: (id: string) => void;
} {
  const clock = new HandClock();
  const store = new MemorySessionStore(clock, 3);
  const held = new Set(ids);
  store.keepHeld(held);
  const hold = (id: string): void => {
    held.add(id);
    store.onHeld(id);
  };
  const release = (id: string): void => {
    held.delete(id);
    store.onHeld(id);
  };
  return { store, clock, hold, release };
}

/** The ids of `a` to `h` that the store has. */
async function keptIn(store: MemorySessionStore): Promise<string> {
  const found = await Promise.all(
    ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map(async (id) => ((await store.get(id)) ? id : '')),
  );
  return found.join('');
}

describe('a full MemorySessionStore (S5)', () => {
  it('drops no session that is held, whether it was held before it was stored or after', async () => {
    const { store, hold } = holding('a');
    for (const id of 'abc') await store.set(id, { id }, Infinity);
    hold('b');
    for (const id of 'defg') await store.set(id, { id }, Infinity);
    expect(await keptIn(store)).toBe('abg');
  });

  it('drops sessions without data first', async () => {
    const { store } = holding();
    await store.set('a', { user: 'ann' }, Infinity);
    for (const id of 'bcdef') await store.set(id, {}, Infinity);
    expect(await keptIn(store)).toBe('aef');
  });

  it('drops no session with data for one without', async () => {
    const { store } = holding();
    for (const id of 'abc') await store.set(id, { id }, Infinity);
    for (const id of 'def') await store.set(id, {}, Infinity);
    expect(await keptIn(store)).toBe('abcf');
    await store.set('g', { id: 'g' }, Infinity);
    expect(await keptIn(store)).toBe('bcg');
  });

  it('counts a session as one with data from its first update on, and touches move both kinds', async () => {
    const { store } = holding();
    for (const id of 'abc') await store.set(id, {}, Infinity);
    await store.set('a', { user: 'ann' }, Infinity);
    await store.touch('b', Infinity);
    await store.set('d', {}, Infinity);
    expect(await keptIn(store)).toBe('abd');
  });

  it('keeps what is held beyond its limit, and drops the rest once it is released', async () => {
    const { store, release } = holding('a', 'b', 'c', 'd', 'e');
    for (const id of 'abcde') await store.set(id, { id }, Infinity);
    expect(store.size).toBe(5);
    release('c');
    expect(await keptIn(store)).toBe('abde');
    for (const id of 'abde') release(id);
    expect(await keptIn(store)).toBe('bde');
  });

  it('drops a session that has expired when it is released, and knows nothing of one that is gone', async () => {
    const { store, clock, release } = holding('a');
    await store.set('a', {}, 10);
    clock.tick(10);
    await store.set('b', {}, 10);
    expect(store.size).toBe(2);
    release('a');
    release('c');
    expect(store.size).toBe(1);
  });
});
