// The SessionStore port: where the data of sessions is kept, and for how long. Types only.
// memory-session-store.ts keeps it in this process; express-session-store.ts wraps a store of
// express-session. The contract is in testing/contracts/.

/**
 * Keeps the data of sessions by their ids.
 *
 * 1. `get` gives what was last set, as a copy of its own: a change of the copy changes nothing in
 *    the store. It gives undefined when there is nothing.
 * 2. What is set replaces what was there, and is kept until `timeoutMs` after the last `set` or
 *    `touch`, give or take a second; `Infinity`: as long as the store keeps anything. Then it is
 *    gone.
 * 3. `touch` moves that moment, forwards or back, and changes no data. It brings nothing back that
 *    is gone.
 * 4. What is deleted is gone at once. Deleting an id that is not there succeeds.
 * 5. An id is any string, `__proto__` among them; different ids never affect each other.
 * 6. Calls for one id take effect in the order in which they were made.
 * 7. A call that cannot be carried out rejects.
 * 8. `lock`, where there is one, is held by one caller at a time, over all processes that share the
 *    store. It blocks neither `get` nor `set`. A signal that aborts rejects with its reason, and
 *    nothing is held. The function that it resolves with gives the lock back, once. A holder that
 *    dies does not hold the lock for ever.
 *
 * Data is JSON: what `JSON.stringify` drops is not kept.
 */
export interface SessionStore {
  get(id: string): Promise<Record<string, unknown> | undefined>;
  /** @param timeoutMs - Above 0, up to `Infinity`. */
  set(id: string, data: Record<string, unknown>, timeoutMs: number): Promise<void>;
  /** @param timeoutMs - Above 0, up to `Infinity`. */
  touch(id: string, timeoutMs: number): Promise<void>;
  delete(id: string): Promise<void>;
  /**
   * Takes the lock of an id when it is free. Taken around each `session.update`; sessions of a
   * store without it are locked within their host only.
   */
  lock?(id: string, options: { readonly signal: AbortSignal }): Promise<() => Promise<void>>;
}
