// The sessions of a host: found by the cookie of a request or begun afresh, known
// by id while somebody here holds them, and ended. The host opens one for each
// handshake and hands errors that concern nobody to `report`.

import { PendingWork } from './pending-work.ts';
import { ActiveSession } from './active-session.ts';
import type { ActiveSessionListener, ActiveSessionSettings } from './active-session.ts';
import { LockWait } from './lock-wait.ts';
import { OpenedSession } from './opened-session.ts';
import type { Opened } from './opened-session.ts';
import type { SessionData } from './session.ts';
import { SessionCookie, SessionCookieError } from './session-cookie.ts';
import { SessionLock } from './session-lock.ts';
import { DEFAULT_UPDATE_TIMEOUT_MS } from './session-options.ts';
import type { SessionSettings } from './session-options.ts';
import type { SessionStore } from './session-store.ts';
import { SessionHandle } from './session-handle.ts';
import type { SessionKeeper } from './session-handle.ts';
import { Deadlines } from '../time/deadlines.ts';
import type { Clock } from '../time/clock.ts';

/** What sessions need of their host. */
export interface SessionHost {
  readonly clock: Clock;
  /** Gets errors that no caller can be given. */
  readonly report: (error: unknown, where: { readonly phase: string }) => void;
}

/**
 * A session, by its id. It is emptied at the end: a Map gives its table up for a new one
 * now and then, and all that the old ones hold would live on until a full collection.
 */
interface LivePlace {
  live: ActiveSession | undefined;
}

/** Holds the sessions of one host. */
export class Sessions implements SessionKeeper, ActiveSessionListener {
  readonly store: SessionStore;
  readonly lock: SessionLock;
  readonly deadlines: Deadlines;
  readonly timeoutMs: number;
  readonly #endOnClose: boolean;
  readonly #cookie: SessionCookie;
  readonly #liveSettings: ActiveSessionSettings;
  readonly #report: (error: unknown) => void;
  readonly #pendingWork: PendingWork;
  /** Those that a handshake or a socket holds. */
  readonly #live = new Map<string, LivePlace>();

  constructor(settings: SessionSettings, { clock, report }: SessionHost) {
    const { store, timeoutMs, endOnClose, cookie, secrets } = settings;
    this.#report = (error) => report(error, { phase: 'session' });
    this.store = store;
    this.#pendingWork = new PendingWork(clock, this.#report);
    this.lock = new SessionLock(store, this.#pendingWork);
    this.deadlines = new Deadlines(clock);
    this.timeoutMs = timeoutMs;
    this.#endOnClose = endOnClose;
    this.#cookie = new SessionCookie(cookie, secrets);
    this.#liveSettings = {
      store,
      clock,
      deadlines: this.deadlines,
      timeoutMs,
      pendingWork: this.#pendingWork,
    };
  }

  /** Sessions that a handshake or a socket of this host holds. */
  get size(): number {
    return this.#live.size;
  }

  // Called by the host.

  /** Resolves when the store has been told all that nobody waits for. Never rejects. */
  settled(): Promise<void> {
    return this.#pendingWork.settled();
  }

  // Called by the handshake.

  /**
   * Opens the session that a request's cookie names, or a fresh one. The store has heard nothing of
   * that yet: who only knocks takes no room there.
   *
   * A cookie that is forged, or whose session is over, begins a fresh one; `report` gets a
   * SessionCookieError (`COROSOCK_SESSION_COOKIE`, `why`).
   *
   * @param cookieHeader - The request's `Cookie` header.
   * @param isSecure - Whether the request came over TLS; the cookie is then `Secure`.
   * @returns At once, where the store need not be asked. To be joined, refused or discarded in every case, also when the handshake is over by then.
   * @throws What the store says when it is down.
   */
  open(cookieHeader: string | undefined, isSecure: boolean): Opened | Promise<Opened> {
    const verdict = this.#cookie.read(cookieHeader);
    if (verdict.kind === 'valid') return this.#openKnown(verdict.id, isSecure);
    if (verdict.kind === 'forged') this.#report(new SessionCookieError('forged'));
    return this.#openFresh(isSecure);
  }

  async #openKnown(id: string, isSecure: boolean): Promise<Opened> {
    const known = await this.#resume(id);
    if (known !== undefined) {
      return new OpenedSession(new SessionHandle(known, 'old', this), this.#cookie, isSecure);
    }
    this.#report(new SessionCookieError('unknown'));
    return this.#openFresh(isSecure);
  }

  #openFresh(isSecure: boolean): Opened {
    return new OpenedSession(new SessionHandle(this.#create(), 'new', this), this.#cookie, isSecure);
  }

  async #resume(id: string): Promise<ActiveSession | undefined> {
    // Held before the store is asked: an end that comes meanwhile is not missed.
    const live = this.#hold(id);
    try {
      if ((await this.load(id)) === undefined) this.evict(live);
    } catch (error) {
      live.release();
      throw error;
    }
    if (live.isOver) return undefined;
    live.active();
    return live;
  }

  // Called by sessions.

  /** A store that somebody has written in JavaScript may say null for nothing, as `JSON.parse` does of a Redis answer. */
  async load(id: string): Promise<SessionData | undefined> {
    const data: SessionData | null | undefined = await this.store.get(id);
    return data ?? undefined;
  }

  async begin(data: SessionData): Promise<ActiveSession> {
    const live = this.#create();
    try {
      await this.store.set(live.id, data, this.timeoutMs);
    } catch (error) {
      live.release();
      throw error;
    }
    return live;
  }

  evict(session: ActiveSession): void {
    this.#drop(session);
    session.finish();
  }

  destroy(session: ActiveSession): void {
    this.#pendingWork.run(this.end(session));
  }

  async end(session: ActiveSession): Promise<void> {
    this.evict(session);
    // Somebody may hold the id again whose last socket had left.
    const successor = this.#live.get(session.id)?.live;
    if (successor !== undefined) this.evict(successor);
    await this.#delete(session.id);
  }

  /** Deletes behind the write that is under way. Who holds the lock for too long, or a lock that is down, keeps nothing alive. */
  async #delete(id: string): Promise<void> {
    const wait = new LockWait(this.deadlines, DEFAULT_UPDATE_TIMEOUT_MS, []);
    try {
      await this.lock.hold(id, wait, () => this.store.delete(id));
    } catch {
      await this.store.delete(id);
    }
  }

  // Called by live sessions.

  sessionOnExpiry(session: ActiveSession): void {
    if (this.#endOnClose) this.destroy(session);
    else this.evict(session);
  }

  sessionOnFree(session: ActiveSession): void {
    if (this.#endOnClose && session.hadMembers) this.destroy(session);
    else this.#drop(session);
  }

  #hold(id: string): ActiveSession {
    const known = this.#live.get(id)?.live;
    const live = known ?? new ActiveSession(id, this.#liveSettings, this);
    if (known === undefined) this.#live.set(id, { live });
    live.hold();
    return live;
  }

  /** Makes one that nobody else knows. */
  #create(): ActiveSession {
    const live = this.#hold(this.#cookie.newId());
    live.began(this.deadlines.now());
    return live;
  }

  #drop(session: ActiveSession): void {
    const place = this.#live.get(session.id);
    if (place?.live !== session) return;
    place.live = undefined;
    this.#live.delete(session.id);
  }
}
