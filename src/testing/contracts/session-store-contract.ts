// The contract of a session store: the numbered promises of the SessionStore port as checks, in
// the same words. The store in memory and `expressSessionStore` pass it, and your own store should.

import { deepStrictEqual, equal, rejects } from 'node:assert/strict';
import type { Check } from './check.ts';
import { settle } from '../settle.ts';
import type { SessionStore } from '../../session/session-store.ts';
import { holdProcess, realClock } from '../../time/real-clock.ts';

/** A store without sessions. Disposing of it leaves nothing open. */
export interface SessionStoreUnderTest extends AsyncDisposable {
  readonly store: SessionStore;
  /** Lets so much time pass for the store. Default: really waits, up to five seconds a check. */
  pass?(ms: number): Promise<void>;
}

/** Long enough to check a store that counts in seconds. */
const TIMEOUT_MS = 2000;
/** After this, what was set for {@link TIMEOUT_MS} is gone: a second of grace, and a little. */
const GONE_MS = 3100;
const LONG_MS = 3_600_000;

type Pass = (ms: number) => Promise<void>;

function check(
  name: string,
  body: (store: SessionStore, pass: Pass) => Promise<void>,
): Check<SessionStoreUnderTest> {
  return {
    name,
    async run(make) {
      await using tested = await make();
      await body(tested.store, (ms) => (tested.pass === undefined ? wait(ms) : tested.pass(ms)));
    },
  };
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => holdProcess(realClock.setTimeout(resolve, ms)));
}

/** Makes a check of the lock. A store without one passes. */
function lockCheck(
  name: string,
  body: (store: Required<SessionStore>) => Promise<void>,
): Check<SessionStoreUnderTest> {
  return check(`8. ${name}`, async (store) => {
    if (store.lock !== undefined) await body(store as Required<SessionStore>);
  });
}

const unaborted = (): { readonly signal: AbortSignal } => new AbortController();

/** Lets calls that are under way finish, in the process and at the store. */
async function rest(store: SessionStore): Promise<void> {
  for (let round = 0; round < 5; round += 1) {
    await store.get('nothing is kept under this id');
    await settle();
  }
}

const DATA: Readonly<Record<string, unknown>> = {
  name: 'h\u00e9, \u{1f600}',
  count: 0,
  nothing: null,
  list: [1, [true, ''], { deep: -1.5 }],
};

/**
 * Checks each promise of the SessionStore port, in any test runner.
 *
 * ```ts
 * for (const { name, run } of sessionStoreContract) it(name, () => run(makeStore));
 * ```
 */
export const sessionStoreContract: ReadonlyArray<Check<SessionStoreUnderTest>> = [
  check('1. `get` gives what was last set', async (store) => {
    equal(await store.get('id'), undefined);
    await store.set('id', DATA, LONG_MS);
    deepStrictEqual(await store.get('id'), DATA);
    await store.set('empty', {}, LONG_MS);
    deepStrictEqual(await store.get('empty'), {});
  }),

  check('1. as a copy of its own: a change of the copy changes nothing in the store', async (store) => {
    const given = { list: ['set'] };
    await store.set('id', given, LONG_MS);
    given.list.push('changed after set');
    const got = (await store.get('id')) as typeof given;
    got.list.push('changed after get');
    deepStrictEqual(await store.get('id'), { list: ['set'] });
  }),

  check('2. What is set replaces what was there', async (store) => {
    await store.set('id', { old: true, both: 1 }, LONG_MS);
    await store.set('id', { both: 2 }, LONG_MS);
    deepStrictEqual(await store.get('id'), { both: 2 });
  }),

  check('2. is kept until `timeoutMs` after the last `set`', async (store, pass) => {
    await store.set('id', { n: 1 }, LONG_MS);
    await store.set('id', { n: 2 }, TIMEOUT_MS);
    await pass(TIMEOUT_MS / 2);
    deepStrictEqual(await store.get('id'), { n: 2 });
    await store.set('id', { n: 3 }, TIMEOUT_MS);
    await pass(TIMEOUT_MS / 2);
    deepStrictEqual(await store.get('id'), { n: 3 });
    await pass(GONE_MS - TIMEOUT_MS / 2);
    equal(await store.get('id'), undefined);
  }),

  check('2. `Infinity`: as long as the store keeps anything', async (store, pass) => {
    await store.set('id', DATA, Infinity);
    await store.touch('id', Infinity);
    await pass(GONE_MS);
    deepStrictEqual(await store.get('id'), DATA);
  }),

  check('3. `touch` moves that moment, forwards', async (store, pass) => {
    await store.set('id', DATA, TIMEOUT_MS);
    await pass(TIMEOUT_MS / 2);
    await store.touch('id', LONG_MS);
    await pass(GONE_MS);
    deepStrictEqual(await store.get('id'), DATA);
  }),

  check('3. or back, and changes no data', async (store, pass) => {
    await store.set('id', DATA, LONG_MS);
    await store.touch('id', TIMEOUT_MS);
    await pass(TIMEOUT_MS / 2);
    deepStrictEqual(await store.get('id'), DATA);
    await pass(GONE_MS - TIMEOUT_MS / 2);
    equal(await store.get('id'), undefined);
  }),

  check('3. It brings nothing back that is gone', async (store, pass) => {
    await store.set('deleted', DATA, LONG_MS);
    await store.delete('deleted');
    await store.set('expired', DATA, TIMEOUT_MS);
    await pass(GONE_MS);
    for (const id of ['deleted', 'expired', 'never set']) {
      await store.touch(id, LONG_MS);
      equal(await store.get(id), undefined);
    }
  }),

  check('4. What is deleted is gone at once. Deleting an id that is not there succeeds', async (store) => {
    await store.set('id', DATA, LONG_MS);
    await store.delete('id');
    equal(await store.get('id'), undefined);
    await store.delete('id');
    await store.set('id', { again: true }, LONG_MS);
    deepStrictEqual(await store.get('id'), { again: true });
  }),

  check(
    '5. An id is any string, `__proto__` among them; different ids never affect each other',
    async (store) => {
      const ids = ['__proto__', 'constructor', 'a b', 'A B', 'a:b', '*', 'h\u00e9\u{1f600}', 'x'.repeat(500)];
      await Promise.all(ids.map((id, index) => store.set(id, { index }, LONG_MS)));
      await store.delete('a b');
      const kept = await Promise.all(ids.map((id) => store.get(id)));
      deepStrictEqual(
        kept,
        ids.map((id, index) => (id === 'a b' ? undefined : { index })),
      );
    },
  ),

  check('6. Calls for one id take effect in the order in which they were made', async (store) => {
    await store.set('kept', { n: 0 }, LONG_MS);
    await store.set('deleted', { n: 0 }, LONG_MS);
    const calls = [
      store.set('kept', { n: 1 }, LONG_MS),
      store.delete('kept'),
      store.set('kept', { n: 2 }, LONG_MS),
      store.set('deleted', { n: 1 }, LONG_MS),
      store.touch('deleted', LONG_MS),
      store.delete('deleted'),
    ];
    deepStrictEqual([await store.get('kept'), await store.get('deleted')], [{ n: 2 }, undefined]);
    await Promise.all(calls);
    deepStrictEqual([await store.get('kept'), await store.get('deleted')], [{ n: 2 }, undefined]);
  }),

  check('7. A call that cannot be carried out rejects', async (store) => {
    await store.set('id', DATA, LONG_MS);
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    await rejects(store.set('id', circular, LONG_MS));
    deepStrictEqual(await store.get('id'), DATA);
  }),

  lockCheck('`lock`, where there is one, is held by one caller at a time', async (store) => {
    const unlock = await store.lock('id', unaborted());
    const order: string[] = [];
    const second = store.lock('id', unaborted()).then((release) => {
      order.push('second');
      return release;
    });
    const other = await store.lock('another id', unaborted());
    await rest(store);
    order.push('first releases');
    await unlock();
    await (
      await second
    )();
    await other();
    deepStrictEqual(order, ['first releases', 'second']);
  }),

  lockCheck('It blocks neither `get` nor `set`', async (store) => {
    const unlock = await store.lock('id', unaborted());
    await store.set('id', DATA, LONG_MS);
    deepStrictEqual(await store.get('id'), DATA);
    await unlock();
  }),

  lockCheck('A signal that aborts rejects with its reason, and nothing is held', async (store) => {
    const reason = new Error('given up');
    await rejects(store.lock('id', { signal: AbortSignal.abort(reason) }), reason);
    const unlock = await store.lock('id', unaborted());
    const controller = new AbortController();
    const second = store.lock('id', controller).catch((error: unknown) => error);
    await rest(store);
    controller.abort(reason);
    equal(await second, reason);
    await unlock();
    await (
      await store.lock('id', unaborted())
    )();
  }),

  lockCheck('The function that it resolves with gives the lock back, once', async (store) => {
    const unlock = await store.lock('id', unaborted());
    await unlock();
    const second = await store.lock('id', unaborted());
    await unlock();
    let isTaken = false;
    const third = store.lock('id', unaborted()).then((release) => {
      isTaken = true;
      return release;
    });
    await rest(store);
    equal(isTaken, false, 'a lock that was released twice is held twice');
    await second();
    await (
      await third
    )();
  }),
];
