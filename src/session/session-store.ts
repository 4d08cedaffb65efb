// The SessionStore port: where the data of sessions is kept, and for how long. Types
// only. memory-session-store.ts keeps it in this process, express-session-store.ts
// wraps what was written for express-session; testing/ holds the contract.

/**
 * Keeps the data of sessions by their ids.
 *
 * 1. `get` gives what was last set, as a copy of its own: changing it changes nothing here. undefined
 *    when there is nothing.
 * 2. What is set replaces what was there, and is kept until `timeoutMs` after the last `set` or
 *    `touch`, give or take a second; `Infinity`: as long as the store keeps anything. Then it is gone.
 * 3. `touch` moves that moment, forwards or back, and changes no data. It brings nothing back that is
 *    gone.
 * 4. What is deleted is gone at once. To delete what is not there is fine.
 * 5. An id is any string, `__proto__` among them; ids never touch each other.
 * 6. Calls for one id take effect in the order in which they were made.
 * 7. A call that cannot be carried out rejects.
 * 8. `lock`, where there is one, is held by one at a time, over all processes that share the store. It
 *    hinders neither `get` nor `set`. An aborted signal rejects with its reason and holds nothing.
 *    What it resolves with gives it back, once. A holder that dies does not hold it for ever.
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
