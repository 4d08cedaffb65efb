// The lock of a session, around writes that depend on what was read: first come, first served
// within a host, and behind that the lock of the store, where the store has one. What lives, as a
// socket does, never holds it. LockWait is one wait for it: session-handle.ts and
// active-session.ts make one for each `hold`.

import { setMaxListeners } from 'node:events';
import type { PendingWork } from './pending-work.ts';
import type { SessionStore } from './session-store.ts';
import { Deadline } from '../time/deadline.ts';
import type { DeadlineOwner, Deadlines } from '../time/deadline.ts';
import { KeyedLock } from '../waiting/keyed-lock.ts';
import type { Release } from '../waiting/keyed-lock.ts';
import { LazySignal } from '../waiting/lazy-signal.ts';

/** Awaits what can still be given up; once it has come, the task cannot be given up any more. */
export type UntilWriting = <T>(coming: Promise<T>) => Promise<T>;

/** Gives a lock of the store back. */
type Unlock = () => Promise<void>;

/** Gives the lock of an id to one task at a time, in the order in which they ask. */
export class SessionLock {
  readonly #store: Pick<SessionStore, 'lock'>;
  readonly #pendingWork: PendingWork;
  readonly #local = new KeyedLock();

  /** @param pendingWork - Runs what gives locks of the store back. */
  constructor(store: Pick<SessionStore, 'lock'>, pendingWork: PendingWork) {
    this.#store = store;
    this.#pendingWork = pendingWork;
  }

  /** Ids whose lock a task of this host holds. */
  get size(): number {
    return this.#local.size;
  }

  /** Whether a task of this host holds the lock of an id. */
  isTaken(id: string): boolean {
    return this.#local.isTaken(id);
  }

  /**
   * Runs a task while it holds the lock of an id.
   *
   * Rejects with the reason of a wait that is given up, and then holds nothing.
   *
   * @param task - Awaits with `untilWriting` what comes before its write. That can be given up,
   *   too, when a signal aborts: nothing is written then. From the write on nothing is given up.
   */
  async hold<T>(id: string, wait: LockWait, task: (untilWriting: UntilWriting) => Promise<T>): Promise<T> {
    let release: Release | undefined;
    let unlock: Unlock | undefined;
    try {
      release = await this.#local.acquire(id, wait.over);
      unlock = await this.#lockStore(id, wait);
      wait.stopClock();
      return await task((coming) => wait.untilWriting(coming));
    } finally {
      wait.stop();
      // Given back before the next task here asks for it.
      this.#giveBack(unlock);
      release?.();
    }
  }

  async #lockStore(id: string, wait: LockWait): Promise<Unlock | undefined> {
    const locking = this.#store.lock?.(id, { signal: wait.over.signal });
    // A store may ignore the signal: a lock that comes late is given back.
    return locking && (await wait.until(locking, (unlock) => this.#giveBack(unlock)));
  }

  #giveBack(unlock: Unlock | undefined): void {
    // A store may throw where it should reject.
    if (unlock !== undefined) this.#pendingWork.run((async () => unlock())());
  }
}
/**
 * One wait for a lock. It is given up when its time is over or when one of its signals aborts,
 * until it is stopped.
 */
export class LockWait implements DeadlineOwner {
  /**
   * Aborts when the wait is given up: with the reason of a signal, or with an error that
   * {@link isTimeout} recognises.
   */
  readonly over: LazySignal = new LazySignal();
  readonly #signals: readonly AbortSignal[];
  readonly #deadline: Deadline;
  #timeout: LockTimeoutError | undefined;

  /**
   * @param timeoutMs - ≥ 0; Infinity sets no timer.
   * @param signals - Not aborted yet.
   */
  constructor(deadlines: Deadlines, timeoutMs: number, signals: readonly AbortSignal[]) {
    this.#deadline = new Deadline(deadlines, this);
    this.#deadline.setAt(deadlines.now() + timeoutMs);
    this.#signals = signals;
    for (const signal of signals) {
      // Node warns from the eleventh listener on, and many updates may wait for one session.
      setMaxListeners(0, signal);
      signal.addEventListener('abort', this.#onAbort);
    }
  }

  /** Whether an error is the one of this wait for a time that is over. */
  isTimeout(error: unknown): boolean {
    return this.#timeout !== undefined && error === this.#timeout;
  }

  /**
   * Awaits a promise until the wait is given up; then rejects with the reason.
   *
   * @param late - Gets what the promise resolves with after that.
   */
  until<T>(coming: Promise<T>, late?: (value: T) => void): Promise<T> {
    return this.over.until(coming, late);
  }

  /**
   * Awaits a promise as {@link until} does. Once it has resolved, the wait cannot be given up any
   * more.
   */
  async untilWriting<T>(coming: Promise<T>): Promise<T> {
    const value = await this.until(coming);
    if (this.over.aborted) throw this.over.reason;
    this.stop();
    return value;
  }

  /** Cancels the time-out. The signals can still end the wait. */
  stopClock(): void {
    this.#deadline.stop();
  }

  /** Cancels the time-out and removes the listeners: the wait cannot be given up any more. */
  stop(): void {
    this.#deadline.stop();
    for (const signal of this.#signals) signal.removeEventListener('abort', this.#onAbort);
  }

  /** Called by the deadline when the time is over. */
  onDeadline(): void {
    const timeout = new LockTimeoutError();
    this.#timeout = timeout;
    this.over.abort(() => timeout);
  }

  readonly #onAbort = ({ target }: Event): void => {
    this.over.abort(() => (target as AbortSignal).reason as unknown);
  };
}

/** The reason of the signal that the `lock` of a store gets, when the time is over. */
class LockTimeoutError extends Error {
  override readonly name = 'AbortError';
  readonly code = 'ABORT_ERR';

  constructor() {
    super('The time to wait for the lock is over');
  }
}
