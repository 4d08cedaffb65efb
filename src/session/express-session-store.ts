// Makes a SessionStore of a store for express-session: callbacks become promises, and the cookie
// that Express keeps in its records stays there. index.ts exports it; users call it and give the
// result to `sessions.store`. The port is session-store.ts.

import { KeyedLock } from '../waiting/keyed-lock.ts';
import type { SessionStore } from './session-store.ts';
import { realClock, wallTimeMs } from '../time/real-clock.ts';
import { badArgument } from '../core/arguments.ts';

/**
 * Longest wait for the callback of a store. A store that has not answered by then counts as down.
 *
 * @limit Answer of a store in `expressSessionStore` | the store counts as down
 */
const STORE_ANSWER_MS = 5000;

/** A store for express-session 1: connect-redis, connect-mongo, its own MemoryStore, … */
export interface ExpressSessionStore {
  get(id: string, done: (error: unknown, session?: unknown) => void): void;
  set(id: string, session: unknown, done?: (error?: unknown) => void): void;
  destroy(id: string, done?: (error?: unknown) => void): void;
  touch?(id: string, session: unknown, done?: (error?: unknown) => void): void;
}

/**
 * Makes a {@link SessionStore} of a store for express-session.
 *
 * Give it the store of an Express application, and give `sessions` the `name` and `secret` of its
 * `session()`: both then see the same data. The member `cookie` belongs to Express: `load` does not
 * give it, and what an update puts there is lost. The expiry of a session is written there, so give
 * `timeoutMs` the value of Express's `cookie.maxAge`. A record that Express made without a `maxAge`
 * is kept for the store's own time: `ttl` of connect-redis, one day.
 *
 * Express saves a whole session at the end of a request, without a lock: it may overwrite an update
 * that was made meanwhile. A record in a store without `touch` is written anew instead. A store
 * that has not answered within five seconds counts as down.
 *
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function expressSessionStore(store: ExpressSessionStore): SessionStore {
  if (!isExpressStore(store)) {
    throw badArgument('expressSessionStore()', 'a store with get(), set() and destroy()', store);
  }
  return new WrappedStore(store);
}

const SILENT = `The store of sessions has not answered within ${STORE_ANSWER_MS} ms`;

/** A record as Express keeps it. */
interface ExpressRecord extends Record<string, unknown> {
  readonly cookie?: unknown;
}

/**
 * A store of Express cannot set the data without the cookie: some of our calls are two of its
 * calls. The lock of the id keeps the two together.
 */
class WrappedStore implements SessionStore {
  readonly #store: ExpressSessionStore;
  readonly #locks = new KeyedLock();

  constructor(store: ExpressSessionStore) {
    this.#store = store;
  }

  get(id: string): Promise<Record<string, unknown> | undefined> {
    return this.#locks.run(id, async () => {
      const record = await this.#find(id);
      if (record === undefined) return undefined;
      const { cookie: _, ...data } = record;
      // Some stores hand out their own object: give a copy.
      return JSON.parse(JSON.stringify(data)) as Record<string, unknown>;
    });
  }

  set(id: string, data: Record<string, unknown>, timeoutMs: number): Promise<void> {
    return this.#locks.run(id, async () => {
      const record = await this.#find(id);
      await this.#put(id, { ...data, cookie: cookieAfter(record?.cookie, timeoutMs) });
    });
  }

  touch(id: string, timeoutMs: number): Promise<void> {
    return this.#locks.run(id, async () => {
      const record = await this.#find(id);
      if (record === undefined) return;
      const touched = { ...record, cookie: cookieAfter(record.cookie, timeoutMs) };
      if (this.#store.touch === undefined) await this.#put(id, touched);
      else await settled<void>((done) => this.#store.touch?.(id, touched, done));
    });
  }

  delete(id: string): Promise<void> {
    return this.#locks.run(id, () => settled<void>((done) => this.#store.destroy(id, done)));
  }

  async #find(id: string): Promise<ExpressRecord | undefined> {
    const record = await settled<unknown>((done) =>
      // express-session takes this error for "not there", too.
      this.#store.get(id, (error, found) => done(isNotThere(error) ? undefined : error, found)),
    );
    return isRecord(record) ? record : undefined;
  }

  #put(id: string, record: ExpressRecord): Promise<void> {
    return settled<void>((done) => this.#store.set(id, record, done));
  }
}

/**
 * Turns a call with a callback into a promise. Rejects when the callback is not called in time: the
 * call must not hold the lock of its id for ever.
 */
function settled<T>(call: (done: (error?: unknown, value?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = realClock.setTimeout(() => reject(new Error(SILENT)), STORE_ANSWER_MS);
    call((error, value) => {
      realClock.clearTimeout(timer);
      const isFailed = Boolean(error);
      if (isFailed) reject(error);
      else resolve(value as T);
    });
  });
}

/**
 * Makes the cookie of a record that is kept for `timeoutMs`. A cookie that Express has made keeps
 * its members but the expiry.
 */
function cookieAfter(cookie: unknown, timeoutMs: number): object {
  // A cookie without an expiry lives as long as the browser runs: it keeps none.
  if (isRecord(cookie) && (cookie['expires'] ?? undefined) === undefined) return cookie;
  const expires = dateAfter(timeoutMs);
  const maxAge = expires === null ? null : timeoutMs;
  const moved = isRecord(cookie)
    ? { ...cookie, expires }
    : { originalMaxAge: maxAge, expires, httpOnly: true, path: '/' };
  // Some stores (memorystore) read `maxAge`, which Express's own Cookie computes and does not save.
  return Object.defineProperty(moved, 'maxAge', { value: maxAge });
}

/** @returns null for never, and for a time that is beyond the range of Date. */
function dateAfter(timeoutMs: number): Date | null {
  const date = new Date(wallTimeMs() + timeoutMs);
  return Number.isNaN(date.getTime()) ? null : date;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isNotThere(error: unknown): boolean {
  return isRecord(error) && error['code'] === 'ENOENT';
}

function isExpressStore(store: unknown): store is ExpressSessionStore {
  return isRecord(store) && ['get', 'set', 'destroy'].every((name) => typeof store[name] === 'function');
}
