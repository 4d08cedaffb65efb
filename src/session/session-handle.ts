// What users hold as `session`, and what a handshake does with it: reads and updates under the
// lock, a fresh id while the hook runs, the cookie, and what is left when no socket comes of it.
// sessions.ts makes one for each handshake; the shared state of all handles is active-session.ts.

import { beginSession, sessionOver } from './active-session.ts';
import type { ActiveSession, SessionMember, SessionResources, SessionSocket } from './active-session.ts';
import { LockWait } from './session-lock.ts';
import type { Session, SessionData, SessionEnd } from './session.ts';
import { DEFAULT_UPDATE_TIMEOUT_MS } from './session-options.ts';
import { SessionStoreError } from './timed-store.ts';
import { rejected, unattended } from '../waiting/abortable.ts';
import { LazySignal } from '../waiting/lazy-signal.ts';
import { badArgument } from '../core/arguments.ts';
import { UsageError } from '../core/errors.ts';
import { refuseLost } from '../core/json-text.ts';
import { isObjectLike } from '../core/object-like.ts';
import { checkWait } from '../core/wait-options.ts';
import type { WaitOptions } from '../core/wait-options.ts';

const HERE_ALONE: SessionEnd = Object.freeze({ nodes: new Map(), missingNodes: [] });

type Change = Parameters<Session['update']>[0];

/**
 * A session as one handshake has opened it, and as the handler holds it afterwards. The handshake
 * ends in exactly one of `join`, `refuse` and `release`.
 */
export class SessionHandle implements Session {
  #active: ActiveSession;
  readonly #resources: SessionResources;
  readonly #isSecure: boolean;
  /** Whether the session began with this handshake: no other handle has ever had its data. */
  readonly #isOwn: boolean;
  /** Whether the client lacks the id: the session is fresh, or was regenerated. */
  #isIdFresh: boolean;
  /** Whether the store was given the session. */
  #isStored: boolean;
  /** Whether the store was silent when it was given the session: it may still store it. */
  #isUnsure = false;
  /** The `regenerate` calls that are under way; undefined before the first. Never rejects. */
  #regenerating: Promise<unknown> | undefined;
  /** Whether the hook has decided. */
  #isCommitted = false;
  /** Aborts when the handshake is over. */
  readonly #handshakeOver = new LazySignal();
  /** Whether the session was given up together with its handshake. */
  #isDestroyed = false;

  /**
   * @param active - Held for this handshake.
   * @param age - fresh: neither the client nor the store knows the id.
   * @param isSecure - Whether the request came over TLS; the cookie is then `Secure`.
   */
  constructor(active: ActiveSession, age: 'fresh' | 'known', resources: SessionResources, isSecure: boolean) {
    this.#active = active;
    this.#resources = resources;
    this.#isSecure = isSecure;
    this.#isOwn = age === 'fresh';
    this.#isIdFresh = age === 'fresh';
    this.#isStored = age === 'known';
  }

  // Called by hooks and handlers.

  get id(): string {
    return this.#active.id;
  }

  load(): Promise<SessionData> {
    return unattended(this.#read(this.#active));
  }

  update(change: Change, options: WaitOptions = {}): Promise<'ok' | 'timeout'> {
    try {
      checkUpdate(change, options);
      options.signal?.throwIfAborted();
      this.#active.refuseIfOver();
    } catch (error) {
      return rejected(error);
    }
    return unattended(this.#update(this.#active, change, options));
  }

  regenerate(): Promise<void> {
    if (this.#isCommitted || this.#handshakeOver.aborted) return rejected(tooLate());
    const regenerating = unattended(this.#regenerate(this.#active));
    this.#regenerating = Promise.allSettled([this.#regenerating, regenerating]);
    return regenerating;
  }

  end(): Promise<SessionEnd> {
    return unattended(this.#end(this.#active));
  }

  /** Other nodes hear of it at once: they do not wait for the lock. */
  async #end(active: ActiveSession): Promise<SessionEnd> {
    const ended = this.#resources.endEverywhere?.(active.id);
    await active.destroy();
    return (await ended) ?? HERE_ALONE;
  }

  // Called by the handshake.

  /**
   * Makes the session ready for a socket, once the hook has accepted the handshake: no `regenerate`
   * begins any more, those that are under way are awaited, and a fresh session is stored. A session
   * of a refused handshake takes no room in the store, unless its hook has used it.
   *
   * @returns undefined where nothing has to be awaited, as with a store in memory: a promise takes
   *   time there (row: handshakes with onPreServer and a session).
   * @throws What the store rejects with when it is down.
   */
  commit(): Promise<void> | undefined {
    this.#isCommitted = true;
    return this.#regenerating === undefined
      ? this.#storeFresh()
      : this.#regenerating.then(() => this.#storeFresh());
  }

  /**
   * Gives the value of the `Set-Cookie` header for the answer.
   *
   * @returns undefined when the client has the cookie already, when the store does not have the
   *   session, when the session is over, and when the cookie needs TLS that the request lacked.
   */
  writeCookie(): string | undefined {
    if (!this.#isIdFresh || !this.#isStored || this.#active.isOver) return undefined;
    const { cookie } = this.#resources;
    return cookie.canTravel(this.#isSecure) ? cookie.write(this.id, this.#isSecure) : undefined;
  }

  /**
   * Ends the handshake with a socket, and puts that into the session.
   *
   * @param socket - Closed when the session ends; when it is over already, closed soon, and not
   *   inside this call.
   */
  join(socket: SessionSocket): SessionMember {
    return this.#endHandshake().join(socket);
  }

  /**
   * Ends the handshake with a refusal that the client gets.
   *
   * @returns What {@link writeCookie} gives, for the refusal to carry: the hook may have updated a
   *   fresh session, or regenerated a known one.
   */
  refuse(): string | undefined {
    const cookie = this.writeCookie();
    if (cookie === undefined) this.release();
    else this.#endHandshake().release();
    return cookie;
  }

  /**
   * Ends the handshake without an answer that tells the client the id. A session that began with it
   * is destroyed: no client will ever name it.
   */
  release(): void {
    const active = this.#endHandshake();
    active.release();
    if (!this.#isOwn || active.isOver) return;
    this.#isDestroyed = true;
    if (this.#isStored || this.#isUnsure) this.#destroy(active);
    else active.evict();
  }

  #endHandshake(): ActiveSession {
    this.#handshakeOver.abort(tooLate);
    return this.#active;
  }

  #destroy(active: ActiveSession): void {
    this.#resources.pendingWork.run(active.destroy());
  }

  /** Stores a session that the store was not given yet. */
  #storeFresh(): Promise<void> | undefined {
    const { lock, deadlines, cookie, memory } = this.#resources;
    const active = this.#active;
    // A session that no client will name lives in this process alone, until it is updated.
    const isNamed = cookie.canTravel(this.#isSecure);
    if (this.#isStored || active.isOver || !isNamed) return undefined;
    // No other handle knows the id: where the lock is taken, the hook's own update has it.
    if (!lock.isTaken(active.id)) {
      if (memory === undefined) return this.#write(active, {});
      active.writeEmpty(memory);
      this.#isStored = true;
      return undefined;
    }
    const wait = new LockWait(deadlines, Infinity, [this.#handshakeOver.signal]);
    return lock.hold(active.id, wait, async () => {
      if (!this.#isStored && !active.isOver) await this.#write(active, {});
    });
  }

  // Data.

  async #read(active: ActiveSession): Promise<SessionData> {
    active.refuseIfOver();
    if (!this.#isStored) return {};
    const data = await active.read();
    if (data === undefined) throw sessionOver();
    return data;
  }

  async #write(active: ActiveSession, data: SessionData): Promise<void> {
    try {
      await active.write(data);
      this.#isStored = true;
    } catch (error) {
      // The write may come late. Calls take effect in their order: a deletion comes behind it.
      this.#isUnsure ||= isSilence(error);
      throw error;
    } finally {
      if (this.#isDestroyed && (this.#isStored || this.#isUnsure)) this.#destroy(active);
    }
  }

  async #update(
    active: ActiveSession,
    change: Change,
    { timeoutMs = DEFAULT_UPDATE_TIMEOUT_MS, signal }: WaitOptions,
  ): Promise<'ok' | 'timeout'> {
    const { lock, deadlines } = this.#resources;
    if (timeoutMs === 0 && lock.isTaken(active.id)) return 'timeout';
    const over = active.over.signal;
    const wait = new LockWait(deadlines, timeoutMs, signal === undefined ? [over] : [over, signal]);
    try {
      return await lock.hold(active.id, wait, async (untilWriting) => {
        const data = await untilWriting(this.#change(active, change));
        await this.#write(active, data);
        return 'ok' as const;
      });
    } catch (error) {
      if (wait.isTimeout(error)) return 'timeout';
      throw error;
    }
  }

  async #change(active: ActiveSession, change: Change): Promise<SessionData> {
    const data = await this.#read(active);
    const changing = change(data) as PromiseLike<unknown> | undefined;
    if (changing !== undefined) {
      const given = await changing;
      // A logout over HTTP takes no lock: a session that it has deleted meanwhile stays deleted.
      refuseNewData(await this.#read(active), data, given);
    }
    refuseLost('session.update()', data);
    return data;
  }

  // A fresh id.

  async #regenerate(old: ActiveSession): Promise<void> {
    old.refuseIfOver();
    const { lock, deadlines } = this.#resources;
    const wait = new LockWait(deadlines, Infinity, [this.#handshakeOver.signal, old.over.signal]);
    await lock.hold(old.id, wait, async (untilWriting) => {
      const data = await untilWriting(this.#read(old));
      const fresh = await this.#beginWith(data);
      try {
        await this.#deleteOld(old, data);
      } catch (error) {
        // No client has ever had the fresh id.
        this.#destroy(fresh);
        throw error;
      }
      this.#active = fresh;
      this.#isIdFresh = true;
      this.#isStored = true;
      old.evict();
    });
  }

  async #beginWith(data: SessionData): Promise<ActiveSession> {
    const fresh = beginSession(this.#resources);
    try {
      await fresh.write(data);
    } catch (error) {
      if (isSilence(error)) this.#destroy(fresh);
      else fresh.release();
      throw error;
    }
    return fresh;
  }

  /**
   * Deletes the data under the old id. When the handshake ends first the client will never learn
   * another id: the data then stays under the old one.
   */
  async #deleteOld(old: ActiveSession, data: SessionData): Promise<void> {
    old.refuseIfOver();
    if (this.#handshakeOver.aborted) throw tooLate();
    try {
      await this.#resources.store.delete(old.id);
    } catch (error) {
      // A deletion that comes late would take the data: it is written again, behind it.
      if (isSilence(error)) this.#resources.pendingWork.run(old.write(data));
      throw error;
    }
    if (!this.#handshakeOver.aborted) return;
    if (!this.#isDestroyed) await old.write(data);
    throw tooLate();
  }
}

/** Tells whether the store has not answered: the call may still take effect. */
function isSilence(error: unknown): boolean {
  return error instanceof SessionStoreError;
}

function checkUpdate(change: unknown, options: WaitOptions): void {
  if (typeof change !== 'function')
    throw badArgument('session.update()', 'a function that changes the data', change);
  checkWait('session.update()', options);
}

/**
 * Refuses a change such as `(data) => ({ ...data, name })`: what it gives would be lost. A change
 * that has changed `data` itself may give anything.
 */
function refuseNewData(before: SessionData, data: SessionData, given: unknown): void {
  if (!isObjectLike(given) || Object.getPrototypeOf(given) !== Object.getPrototypeOf(data)) return;
  const hasAll = Object.keys(data).every((name) => Object.hasOwn(given, name));
  const isNew = Object.entries(given).some(([name, value]) => value !== data[name]);
  if (!hasAll || !isNew || JSON.stringify(before) !== JSON.stringify(data)) return;
  const expected = 'a change in place, such as data.name = value, not new data';
  throw badArgument('session.update()', expected, given);
}

function tooLate(): UsageError {
  return new UsageError(
    'COROSOCK_TOO_LATE',
    'session.regenerate(): expected to be called, and awaited, in onPreServer, but the handshake is over',
  );
}
