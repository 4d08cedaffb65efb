// A session as its store has it: data read and changed under the lock, and a fresh
// id while its handshake lasts. Who is in it and when it times out is
// live-session.ts's; which sessions there are is sessions.ts's.

import type { LiveSession } from './live-session.ts';
import { LockWait } from './lock-wait.ts';
import type { Session, SessionData } from './session.ts';
import type { SessionLock } from './session-lock.ts';
import { DEFAULT_UPDATE_TIMEOUT_MS } from './session-options.ts';
import type { SessionStore } from './session-store.ts';
import { rejected, unattended } from '../time/abortable.ts';
import type { Clock } from '../time/clock.ts';
import { LazySignal } from '../time/lazy-signal.ts';
import { badArgument } from '../words/arguments.ts';
import { UsageError } from '../words/errors.ts';
import { checkWait } from '../words/wait-options.ts';
import type { WaitOptions } from '../words/wait-options.ts';

/** Who keeps the sessions of a host. */
export interface SessionKeeper {
  readonly store: SessionStore;
  readonly lock: SessionLock;
  readonly clock: Clock;
  /** Infinity for never. */
  readonly timeoutMs: number;
  /** Stores data under a fresh id, for a handshake to hold. */
  begin(data: SessionData): Promise<LiveSession>;
  /** The store does not have it any more. */
  lose(session: LiveSession): void;
  end(session: LiveSession): Promise<void>;
}

type Change = Parameters<Session['update']>[0];

/** A {@link Session} as its store has it. */
export class StoredSession implements Session {
  #live: LiveSession;
  readonly #keeper: SessionKeeper;
  #isNew: boolean;
  /** Aborts when the handshake is over. */
  readonly #settled = new LazySignal();

  /** @param age - new: the client does not know its id. */
  constructor(live: LiveSession, age: 'new' | 'old', keeper: SessionKeeper) {
    this.#live = live;
    this.#keeper = keeper;
    this.#isNew = age === 'new';
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
    if (this.#settled.aborted) return rejected(tooLate());
    return unattended(this.#regenerate(this.#live));
  }

  end(): Promise<void> {
    return unattended(this.#keeper.end(this.#live));
  }

  // Called by the handshake.

  /** Whether its id has to be told to the client. */
  get isNew(): boolean {
    return this.#isNew && !this.#live.isOver;
  }

  /** The handshake is over: the id stays what it is. */
  settle(): LiveSession {
    this.#settled.abort(tooLate);
    return this.#live;
  }

  async #read(live: LiveSession): Promise<SessionData> {
    live.refuseIfOver();
    const data = await this.#keeper.store.get(live.id);
    if (data === undefined) this.#keeper.lose(live);
    live.refuseIfOver();
    return data as SessionData;
  }

  async #update(
    live: LiveSession,
    change: Change,
    { timeoutMs = DEFAULT_UPDATE_TIMEOUT_MS, signal }: WaitOptions,
  ): Promise<'ok' | 'timeout'> {
    const { store, lock, clock, timeoutMs: keptMs } = this.#keeper;
    if (timeoutMs === 0 && lock.isTaken(live.id)) return 'timeout';
    const over = live.over.signal;
    const wait = new LockWait(clock, timeoutMs, signal === undefined ? [over] : [over, signal]);
    try {
      return await lock.hold(live.id, wait, async (untilWriting) => {
        const data = await untilWriting(this.#changed(live, change));
        const sinceMs = clock.now();
        await store.set(live.id, data, keptMs);
        live.stored(sinceMs);
        return 'ok' as const;
      });
    } catch (error) {
      if (wait.isTimeout(error)) return 'timeout';
      throw error;
    }
  }

  async #changed(live: LiveSession, change: Change): Promise<SessionData> {
    const data = await this.#read(live);
    await change(data);
    return data;
  }

  async #regenerate(old: LiveSession): Promise<void> {
    old.refuseIfOver();
    const { lock, clock } = this.#keeper;
    const wait = new LockWait(clock, Infinity, [this.#settled.signal, old.over.signal]);
    await lock.hold(old.id, wait, async (untilWriting) => {
      const data = await untilWriting(this.#read(old));
      const fresh = await this.#keeper.begin(data);
      await this.#forget(old, fresh);
      this.#live = fresh;
      this.#isNew = true;
      this.#keeper.lose(old);
    });
  }

  /** Deletes the old one; where that fails, the fresh one has never been. */
  async #forget(old: LiveSession, fresh: LiveSession): Promise<void> {
    try {
      await this.#keeper.store.delete(old.id);
    } catch (error) {
      void unattended(this.#keeper.end(fresh));
      throw error;
    }
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
