// A session as its store has it: data read and changed under the lock, and a fresh
// id while its handshake lasts. Who is in it and when it times out is
// active-session.ts's; which sessions there are is sessions.ts's.

import type { ActiveSession } from './active-session.ts';
import { LockWait } from './lock-wait.ts';
import type { Session, SessionData } from './session.ts';
import type { SessionLock } from './session-lock.ts';
import { DEFAULT_UPDATE_TIMEOUT_MS } from './session-options.ts';
import type { SessionStore } from './session-store.ts';
import { rejected, unattended } from '../waiting/abortable.ts';
import type { Deadlines } from '../time/deadlines.ts';
import { LazySignal } from '../waiting/lazy-signal.ts';
import { badArgument } from '../core/arguments.ts';
import { UsageError } from '../core/errors.ts';
import { checkWait } from '../core/wait-options.ts';
import type { WaitOptions } from '../core/wait-options.ts';

/** Who keeps the sessions of a host. */
export interface SessionKeeper {
  readonly store: SessionStore;
  readonly lock: SessionLock;
  readonly deadlines: Deadlines;
  /** Infinity for never. */
  readonly timeoutMs: number;
  /** What the store has of a session; undefined for nothing. */
  load(id: string): Promise<SessionData | undefined>;
  /** Stores data under a fresh id, for a handshake to hold. */
  begin(data: SessionData): Promise<ActiveSession>;
  /** The store does not have it, or not any more. */
  evict(session: ActiveSession): void;
  end(session: ActiveSession): Promise<void>;
  /** Ends a session for which nobody waits. */
  destroy(session: ActiveSession): void;
}

type Change = Parameters<Session['update']>[0];

/** A {@link Session} as its store has it. */
export class SessionHandle implements Session {
  #live: ActiveSession;
  readonly #keeper: SessionKeeper;
  /** It began with this handshake: nobody else has ever had its data. */
  readonly #isOwn: boolean;
  /** The client does not know its id. */
  #isNew: boolean;
  /** The store was given it. */
  #isStored: boolean;
  /** Moves that are under way; undefined where none ever was. Never rejects. */
  #moving: Promise<unknown> | undefined;
  /** The hook has decided. */
  #isDecided = false;
  /** Aborts when the handshake is over. */
  readonly #settled = new LazySignal();
  /** Nobody will come back to it. */
  #isAbandoned = false;

  /** @param age - new: the client does not know its id, and the store has not got it. */
  constructor(live: ActiveSession, age: 'new' | 'old', keeper: SessionKeeper) {
    this.#live = live;
    this.#keeper = keeper;
    this.#isOwn = age === 'new';
    this.#isNew = age === 'new';
    this.#isStored = age === 'old';
  }

  // Called by the handler.

  get id(): string {
    return this.#live.id;
  }

  load(): Promise<SessionData> {
    return unattended(this.#read(this.#live));
  }

  update(change: Change, options: WaitOptions = {}): Promise<'ok' | 'timeout'> {
    try {
      checkUpdate(change, options);
      options.signal?.throwIfAborted();
      this.#live.refuseIfOver();
    } catch (error) {
      return rejected(error);
    }
    return unattended(this.#update(this.#live, change, options));
  }

  regenerate(): Promise<void> {
    if (this.#isDecided || this.#settled.aborted) return rejected(tooLate());
    const moving = unattended(this.#regenerate(this.#live));
    this.#moving = Promise.allSettled([this.#moving, moving]);
    return moving;
  }

  end(): Promise<void> {
    return unattended(this.#keeper.end(this.#live));
  }

  // Called by the handshake.

  /** Whether there is an id to tell the client. */
  get needsSetCookie(): boolean {
    return this.#isNew && this.#isStored && !this.#live.isOver;
  }

  /** The hook has decided: no move begins any more, those under way are waited for, and the store is given it. */
  decided(): Promise<void> {
    this.#isDecided = true;
    return this.#moving === undefined ? this.#store() : this.#moving.then(() => this.#store());
  }

  /** The handshake is over: the id stays what it is. */
  settle(): ActiveSession {
    this.#settled.abort(tooLate);
    return this.#live;
  }

  /** The handshake is over, and the client was told nothing: what nobody knows goes. */
  abandon(): void {
    const live = this.settle();
    live.release();
    if (!this.#isOwn || live.isOver) return;
    this.#isAbandoned = true;
    if (this.#isStored) this.#keeper.destroy(live);
    else this.#keeper.evict(live);
  }

  /** A session that the store was not given. */
  #store(): Promise<void> {
    const { lock, deadlines } = this.#keeper;
    const live = this.#live;
    if (this.#isStored || live.isOver) return Promise.resolve();
    // Nobody else knows the id: a lock that is taken is that of the hook's own update.
    if (!lock.isTaken(live.id)) return this.#write(live, {});
    const wait = new LockWait(deadlines, Infinity, [this.#settled.signal]);
    return lock.hold(live.id, wait, async () => {
      if (!this.#isStored && !live.isOver) await this.#write(live, {});
    });
  }

  async #read(live: ActiveSession): Promise<SessionData> {
    live.refuseIfOver();
    if (!this.#isStored) return {};
    const data = await this.#keeper.load(live.id);
    if (data === undefined) this.#keeper.evict(live);
    live.refuseIfOver();
    return data as SessionData;
  }

  async #update(
    live: ActiveSession,
    change: Change,
    { timeoutMs = DEFAULT_UPDATE_TIMEOUT_MS, signal }: WaitOptions,
  ): Promise<'ok' | 'timeout'> {
    const { lock, deadlines } = this.#keeper;
    if (timeoutMs === 0 && lock.isTaken(live.id)) return 'timeout';
    const over = live.over.signal;
    const wait = new LockWait(deadlines, timeoutMs, signal === undefined ? [over] : [over, signal]);
    try {
      return await lock.hold(live.id, wait, async (untilWriting) => {
        const data = await untilWriting(this.#changed(live, change));
        await this.#write(live, data);
        return 'ok' as const;
      });
    } catch (error) {
      if (wait.isTimeout(error)) return 'timeout';
      throw error;
    }
  }

  async #changed(live: ActiveSession, change: Change): Promise<SessionData> {
    const data = await this.#read(live);
    const changing = change(data) as PromiseLike<void> | undefined;
    if (changing === undefined) return data;
    await changing;
    // A logout over HTTP knows no lock: what it has deleted meanwhile stays deleted.
    await this.#read(live);
    return data;
  }

  async #write(live: ActiveSession, data: SessionData): Promise<void> {
    const { store, timeoutMs } = this.#keeper;
    const sinceMs = live.renew();
    await store.set(live.id, data, timeoutMs);
    this.#isStored = true;
    live.stored(sinceMs);
    if (this.#isAbandoned) this.#keeper.destroy(live);
  }

  async #regenerate(old: ActiveSession): Promise<void> {
    old.refuseIfOver();
    const { lock, deadlines } = this.#keeper;
    const wait = new LockWait(deadlines, Infinity, [this.#settled.signal, old.over.signal]);
    await lock.hold(old.id, wait, async (untilWriting) => {
      const data = await untilWriting(this.#read(old));
      const fresh = await this.#keeper.begin(data);
      try {
        await this.#leave(old, data);
      } catch (error) {
        // The fresh one has never been.
        this.#keeper.destroy(fresh);
        throw error;
      }
      this.#live = fresh;
      this.#isNew = true;
      this.#isStored = true;
      this.#keeper.evict(old);
    });
  }

  /** Deletes it under its old id. When the handshake ends first the client will never know another: it stays there. */
  async #leave(old: ActiveSession, data: SessionData): Promise<void> {
    const { store, timeoutMs } = this.#keeper;
    old.refuseIfOver();
    if (this.#settled.aborted) throw tooLate();
    await store.delete(old.id);
    if (!this.#settled.aborted) return;
    if (!this.#isAbandoned) await store.set(old.id, data, timeoutMs);
    throw tooLate();
  }
}

function checkUpdate(change: unknown, options: WaitOptions): void {
  if (typeof change !== 'function')
    throw badArgument('session.update()', 'a function that changes the data', change);
  checkWait('session.update()', options);
}

function tooLate(): UsageError {
  return new UsageError(
    'COROSOCK_TOO_LATE',
    'session.regenerate(): expected to be called, and awaited, in onPreServer, but the handshake is over',
  );
}
