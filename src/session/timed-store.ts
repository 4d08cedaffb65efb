// A store whose answers are awaited for a bounded time: a store that is silent counts as down, and
// no call of a session stays open for it. sessions.ts wraps the store of the user; the memory store
// answers at once and is not wrapped.

import type { SessionStore } from './session-store.ts';
import type { Clock } from '../time/clock.ts';

/** What a call rejects with whose store has not answered within `sessions.storeTimeoutMs`. */
export class SessionStoreError extends Error {
  override readonly name = 'SessionStoreError';
  readonly code = 'COROSOCK_SESSION_STORE';

  constructor(call: string, timeoutMs: number) {
    super(`The store of sessions has not answered ${call}() within ${timeoutMs} ms`);
  }
}

/** A {@link SessionStore} over another one. Late answers are dropped. */
export class TimedStore implements SessionStore {
  /** There where the store has one. How long it may take is its caller's own affair. */
  readonly lock?: NonNullable<SessionStore['lock']>;
  readonly #store: SessionStore;
  readonly #clock: Clock;
  readonly #timeoutMs: number;

  /** @param timeoutMs - Longest wait for one answer, 1 to 2³¹−1. */
  constructor(store: SessionStore, clock: Clock, timeoutMs: number) {
    this.#store = store;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    if (store.lock === undefined) return;
    this.lock = async (id, options) => {
      const unlock = await store.lock?.(id, options);
      return () => this.#within('unlock', () => unlock?.());
    };
  }

  get(id: string): Promise<Record<string, unknown> | undefined> {
    return this.#within('get', () => this.#store.get(id));
  }

  set(id: string, data: Record<string, unknown>, timeoutMs: number): Promise<void> {
    return this.#within('set', () => this.#store.set(id, data, timeoutMs));
  }

  touch(id: string, timeoutMs: number): Promise<void> {
    return this.#within('touch', () => this.#store.touch(id, timeoutMs));
  }

  delete(id: string): Promise<void> {
    return this.#within('delete', () => this.#store.delete(id));
  }

  /** A store may throw where it should reject, and give a value where it should give a promise. */
  #within<T>(name: string, call: () => T | PromiseLike<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const onTimeout = (): void => reject(new SessionStoreError(name, this.#timeoutMs));
      const timer = this.#clock.setTimeout(onTimeout, this.#timeoutMs);
      const settle = async (): Promise<void> => {
        try {
          resolve(await call());
        } catch (error) {
          reject(error);
        } finally {
          this.#clock.clearTimeout(timer);
        }
      };
      void settle();
    });
  }
}
