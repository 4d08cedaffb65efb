// The locks of sessions, by id: first come, first served within a host, and the
// store's lock behind that where it has one. They are held around writes that
// depend on what was read, and never while a socket merely lives.

import type { PendingWork } from './pending-work.ts';
import { KeyedLock } from '../waiting/keyed-lock.ts';
import type { LockWait } from './lock-wait.ts';
import type { SessionStore } from './session-store.ts';
import type { LazySignal } from '../waiting/lazy-signal.ts';

/** Waits for something until the wait is given up; when it has come, no more. */
export type UntilWriting = <T>(coming: Promise<T>) => Promise<T>;

/** Gives a lock back. Resolves when it is free for the next one here; never rejects. */
type Release = () => Promise<void>;

/** Gives the lock of an id to one task at a time, in the order in which they ask. */
export class SessionLock {
  readonly #store: Pick<SessionStore, 'lock'>;
  readonly #pendingWork: PendingWork;
  readonly #lines = new KeyedLock();

  /** @param pendingWork - Where the store's locks are given back. */
  constructor(store: Pick<SessionStore, 'lock'>, pendingWork: PendingWork) {
    this.#store = store;
    this.#pendingWork = pendingWork;
  }

  /** Locks that somebody here holds or wants. */
  get size(): number {
    return this.#lines.size;
  }

  /** Whether somebody here holds or wants the lock of an id. */
  isTaken(id: string): boolean {
    return this.#lines.has(id);
  }

  /**
   * Does something while it holds the lock of an id.
   *
   * Rejects with the reason of a wait that is given up, and then holds nothing.
   *
   * @param task - Gets what it awaits with before it writes. That may be given up, too, when a signal
   *   aborts: nothing was written then. From the write on nothing is.
   */
  async hold<T>(id: string, wait: LockWait, task: (untilWriting: UntilWriting) => Promise<T>): Promise<T> {
    let release: Release | undefined;
    try {
      release = await this.#take(id, wait);
      wait.stopClock();
      return await task((coming) => wait.untilWriting(coming));
    } finally {
      wait.stop();
      await release?.();
    }
  }

  async #take(id: string, wait: LockWait): Promise<Release> {
    const leave = await this.#queueUp(id, wait.over);
    try {
      const unlock = await this.#lockStore(id, wait);
      return () => {
        this.#giveBack(unlock);
        return leave();
      };
    } catch (error) {
      await leave();
      throw error;
    }
  }

  #queueUp(id: string, over: LazySignal): Promise<Release> {
    return new Promise((resolve, reject) => {
      const stay = (): Promise<void> =>
        new Promise((leave) => {
          resolve(() => {
            leave();
            return staying;
          });
        });
      const staying = this.#lines.run(id, stay, over).catch(reject);
    });
  }

  async #lockStore(id: string, wait: LockWait): Promise<Unlock | undefined> {
    const locking = this.#store.lock?.(id, { signal: wait.over.signal });
    // A store may not look at the signal: what comes late is given back.
    return locking && (await wait.until(locking, (unlock) => this.#giveBack(unlock)));
  }

  #giveBack(unlock: Unlock | undefined): void {
    // A store may throw where it should reject.
    if (unlock !== undefined) this.#pendingWork.run((async () => unlock())());
  }
}

type Unlock = () => Promise<void>;
