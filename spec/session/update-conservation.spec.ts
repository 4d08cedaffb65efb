// No update loses another: a law over random plays, in one host and over several hosts that share a
// store with a lock. Each update that gives `ok` has left its mark, in order; any other has left
// none.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cookieOf, SECRET, overOf, unlimited } from './session-fixtures.ts';
import { HandClock, turn } from '../time/hand-clock.ts';
import { KeyedLock } from '../../src/waiting/keyed-lock.ts';
import { MemorySessionStore } from '../../src/session/memory-session-store.ts';
import type { Session } from '../../src/session/session.ts';
import type { SessionStore } from '../../src/session/session-store.ts';
import { sessionSettingsOf } from '../../src/session/session-options.ts';
import { Sessions } from '../../src/session/sessions.ts';

/** More than any play takes. */
const LONGEST_MS = 2000;

/** Waits for a time of the clock. */
const passed = (clock: HandClock, ms: number): Promise<void> =>
  new Promise((resolve) => void clock.setTimeout(resolve, ms));

/** A store beyond a network: it takes its time, in both directions, and has no lock. */
class FarStore implements SessionStore {
  readonly #clock: HandClock;
  readonly #below: MemorySessionStore;
  readonly #lags: readonly number[];
  #call = 0;

  constructor(clock: HandClock, lags: readonly number[]) {
    this.#clock = clock;
    this.#below = new MemorySessionStore(clock);
    this.#lags = lags;
  }

  get(id: string): Promise<Record<string, unknown> | undefined> {
    return this.lagging(() => this.#below.get(id));
  }

  set(id: string, data: Record<string, unknown>, timeoutMs: number): Promise<void> {
    return this.lagging(() => this.#below.set(id, data, timeoutMs));
  }

  touch(id: string, timeoutMs: number): Promise<void> {
    return this.lagging(() => this.#below.touch(id, timeoutMs));
  }

  delete(id: string): Promise<void> {
    return this.lagging(() => this.#below.delete(id));
  }

  /** Takes effect some time after the call, and answers some time after that. */
  protected async lagging<T>(act: () => Promise<T>): Promise<T> {
    this.#call += 1;
    const lagMs = this.#lags[this.#call % this.#lags.length] ?? 0;
    await passed(this.#clock, lagMs);
    const value = await act();
    await passed(this.#clock, lagMs);
    return value;
  }
}

/** With a lock that all hosts share. */
class FarLockingStore extends FarStore {
  readonly #locks = new KeyedLock();

  async lock(id: string, { signal }: { readonly signal: AbortSignal }): Promise<() => Promise<void>> {
    await this.lagging(async () => signal.throwIfAborted());
    const release = await this.#locks.acquire(id, overOf(signal));
    return () => this.lagging(async () => release());
  }
}

interface Update {
  /** Which socket makes it. */
  readonly by: number;
  readonly startMs: number;
  /** How long the change takes. */
  readonly changeMs: number;
  readonly timeoutMs: number;
  readonly abortMs: number;
  readonly fails: boolean;
}

const ms = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max });
const rarely = (max: number): fc.Arbitrary<number> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(Infinity) }, { weight: 1, arbitrary: ms(max) });

const update: fc.Arbitrary<Update> = fc.record({
  by: ms(5),
  startMs: ms(30),
  changeMs: ms(8),
  timeoutMs: rarely(40),
  abortMs: rarely(40),
  fails: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
});

interface Play {
  readonly updates: readonly Update[];
  /** Of the store's calls, one after another, again and again. */
  readonly lags: readonly number[];
}

const play: fc.Arbitrary<Play> = fc.record({
  updates: fc.array(update, { minLength: 2, maxLength: 12 }),
  lags: fc.array(ms(4), { minLength: 1, maxLength: 5 }),
});

/** What came of an update; `mark` is when it wrote, as its change saw it. */
type Outcome = 'ok' | 'timeout' | 'aborted' | 'failed';

async function make(clock: HandClock, session: Session, given: Update, mark: number): Promise<Outcome> {
  await passed(clock, given.startMs);
  const controller = new AbortController();
  if (given.abortMs < Infinity) clock.setTimeout(() => controller.abort('aborted'), given.abortMs);
  const change = async (data: Record<string, unknown>): Promise<void> => {
    data['marks'] = [...((data['marks'] ?? []) as number[]), mark];
    await passed(clock, given.changeMs);
    if (given.fails) throw 'failed' as unknown;
  };
  const { timeoutMs } = given;
  return await session
    .update(change, { timeoutMs, signal: controller.signal })
    .catch((error: unknown) => error as Outcome);
}

/** Lets time pass until something has come. `virtualClock` would do, a hundred times slower. */
async function awaited<T>(clock: HandClock, coming: Promise<T>): Promise<T> {
  const state = { isOver: false };
  const over = coming.finally(() => {
    state.isOver = true;
  });
  for (let ms = 0; !state.isOver && ms < LONGEST_MS; ms += 1) {
    clock.tick(1);
    await turn();
  }
  expect(state.isOver, 'it has not come').toBe(true);
  return await over;
}

/** Plays on sessions of so many hosts over one store. @returns The marks that are left, and those that should be. */
async function perform(
  { updates }: Pick<Play, 'updates'>,
  hosts: number,
  clock: HandClock,
  store: SessionStore,
): Promise<{ readonly left: readonly number[]; readonly due: readonly number[]; readonly locks: number }> {
  await awaited(clock, store.set('id', {}, Infinity));
  const settings = sessionSettingsOf('spec', { secret: SECRET, store, timeoutMs: Infinity }, clock);
  const all = Array.from(
    { length: hosts },
    () => new Sessions(settings, { clock, report: () => {}, peerFaults: unlimited(() => {}) }),
  );
  const opening = [0, 1, 2, 3, 4, 5].map(async (n) =>
    (all[n % hosts] as Sessions).open(cookieOf('id'), false),
  );
  const opened = await awaited(clock, Promise.all(opening));
  const outcomes = await awaited(
    clock,
    Promise.all(updates.map((given, mark) => make(clock, opened[given.by] as Session, given, mark))),
  );
  const data = await awaited(clock, store.get('id'));
  return {
    left: ((data?.['marks'] ?? []) as number[]).toSorted((a, b) => a - b),
    due: outcomes.flatMap((outcome, mark) => (outcome === 'ok' ? [mark] : [])),
    locks: all.reduce((sum, { locks }) => sum + locks, 0),
  };
}

describe('under random updates, lags, time-outs, aborts and failures', { timeout: 60_000 }, () => {
  it.each([
    [1, 'a store without a lock'],
    [2, 'one store with a lock'],
    [3, 'one store with a lock'],
  ])('keeps exactly the updates that gave ok: %i hosts over %s', async (hosts) => {
    await fc.assert(
      fc.asyncProperty(play, async (given) => {
        const clock = new HandClock();
        const Store = hosts === 1 ? FarStore : FarLockingStore;
        const { left, due, locks } = await perform(given, hosts, clock, new Store(clock, given.lags));
        expect([left, locks]).toEqual([due, 0]);
      }),
      { numRuns: 150 },
    );
  });

  it('notices a loss: two hosts over a store without a lock lose an update', async () => {
    const given = { startMs: 0, changeMs: 5, timeoutMs: Infinity, abortMs: Infinity, fails: false };
    const updates = [0, 1].map((by) => ({ ...given, by }));
    const clock = new HandClock();
    const { left, due } = await perform({ updates }, 2, clock, new FarStore(clock, [1]));
    expect([left.length, due]).toEqual([1, [0, 1]]);
  });
});
