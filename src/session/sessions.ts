// The sessions of one host. The host opens one for each handshake, by the cookie of its request or
// afresh, and waits at shut-down for what sessions still have to tell the store. Makes a
// session-handle.ts for the handshake over an active-session.ts. Reports forged cookies.

import { MemorySessionStore } from './memory-session-store.ts';
import { PendingWork } from './pending-work.ts';
import { beginSession, holdSession } from './active-session.ts';
import type { ActiveSession, SessionResources, SessionSocket } from './active-session.ts';
import { SessionCookie, SessionCookieError } from './session-cookie.ts';
import { SessionHandle } from './session-handle.ts';
import { SessionLock } from './session-lock.ts';
import type { SessionSettings } from './session-options.ts';
import type { SessionStore } from './session-store.ts';
import { TimedStore } from './timed-store.ts';
import type { Randomness } from '../platform/random-ids.ts';
import { Deadlines } from '../time/deadline.ts';
import type { Clock } from '../time/clock.ts';

/** What sessions need of their host. */
export interface SessionHost {
  readonly clock: Clock;
  /** Of ids. Default: that of the machine. */
  readonly randomness?: Randomness;
  /** Gets errors that no caller can be given. */
  readonly report: (error: unknown, where: { readonly phase: string }) => void;
  /** Gets what clients cause, and limits it: the error is made only where it is reported. */
  readonly peerFaults: {
    report(kind: string, where: { readonly phase: string }, makeError: () => unknown): void;
  };
}

const SESSION = Object.freeze({ phase: 'session' });

/** Opens the sessions of one host. */
export class Sessions {
  readonly #resources: SessionResources;
  readonly #peerFaults: SessionHost['peerFaults'];
  readonly #report: (error: unknown) => void;
  /** Whether `report` knows of a request without TLS whose cookie needs it. */
  #isPlainTold = false;

  constructor(settings: SessionSettings, { clock, randomness, report, peerFaults }: SessionHost) {
    const { timeoutMs, endOnClose, cookie, secrets, weakness } = settings;
    this.#peerFaults = peerFaults;
    this.#report = (error) => report(error, SESSION);
    const pendingWork = new PendingWork(clock, this.#report);
    const active = new Map<string, ActiveSession>();
    const memory = settings.store instanceof MemorySessionStore ? settings.store : undefined;
    const store: SessionStore = memory ?? new TimedStore(settings.store, clock, settings.storeTimeoutMs);
    memory?.keepHeld(active);
    this.#resources = {
      store,
      lock: new SessionLock(store, pendingWork),
      cookie: new SessionCookie(cookie, secrets, randomness),
      clock,
      deadlines: new Deadlines(clock),
      pendingWork,
      timeoutMs,
      endOnClose,
      active,
      memory,
      endEverywhere: undefined,
    };
    if (weakness !== undefined) this.#report(weakness);
  }

  /** Sessions that a handshake or a socket of this host holds. */
  get size(): number {
    return this.#resources.active.size;
  }

  /** Locks that a call of this host holds or waits for. */
  get locks(): number {
    return this.#resources.lock.size;
  }

  /** Sets what `session.end()` calls: the host is a node of a deployment. */
  endBy(endEverywhere: SessionResources['endEverywhere']): void {
    this.#resources.endEverywhere = endEverywhere;
  }

  /** Ends a session on this host alone: another has ended it. @returns How many it was: 0 or 1. */
  evict(id: string): number {
    const session = this.#resources.active.get(id);
    session?.evict();
    return session === undefined ? 0 : 1;
  }

  /** The sockets of a session on this host. */
  socketsOf(id: string): readonly SessionSocket[] {
    return this.#resources.active.get(id)?.sockets ?? [];
  }

  /** Resolves when every call of the store that no caller awaits has ended. Never rejects. */
  whenSettled(): Promise<void> {
    return this.#resources.pendingWork.whenSettled();
  }

  /**
   * Opens the session that the cookie of a request names, or a fresh one. The store does not hear
   * of a fresh one yet: a handshake that comes to nothing takes no room there.
   *
   * A cookie that is forged, or whose session is over, gets a fresh session; `report` gets a
   * SessionCookieError (`COROSOCK_SESSION_COOKIE`, `why`), for the first of a minute. A cookie that
   * needs TLS is not read where the request came without; that is reported once.
   *
   * @param cookieHeader - The `Cookie` header of the request.
   * @param isSecure - Whether the request came over TLS; the cookie is then `Secure`.
   * @returns Without a promise where the store need not be asked. The caller ends each handle with
   *   `join`, `refuse` or `release`, also when the handshake is over by then.
   * @throws What the store rejects with when it is down.
   */
  open(cookieHeader: string | undefined, isSecure: boolean): SessionHandle | Promise<SessionHandle> {
    const { cookie } = this.#resources;
    if (!cookie.canTravel(isSecure)) return this.#openPlain();
    const verdict = cookie.read(cookieHeader);
    if (verdict.kind === 'valid') return this.#openKnown(verdict.id, isSecure);
    if (verdict.kind === 'forged') this.#reportCookie('forged');
    return this.#openFresh(isSecure);
  }

  /** The session of a client whose cookie would not be kept lives with its sockets only. */
  #openPlain(): SessionHandle {
    if (!this.#isPlainTold) this.#report(new SessionCookieError('plain'));
    this.#isPlainTold = true;
    return this.#openFresh(false);
  }

  async #openKnown(id: string, isSecure: boolean): Promise<SessionHandle> {
    const known = await this.#find(id);
    if (known !== undefined) return new SessionHandle(known, 'known', this.#resources, isSecure);
    this.#reportCookie('unknown');
    return this.#openFresh(isSecure);
  }

  #reportCookie(why: SessionCookieError['why']): void {
    this.#peerFaults.report(`session cookie: ${why}`, SESSION, () => new SessionCookieError(why));
  }

  #openFresh(isSecure: boolean): SessionHandle {
    return new SessionHandle(beginSession(this.#resources), 'fresh', this.#resources, isSecure);
  }

  async #find(id: string): Promise<ActiveSession | undefined> {
    // Held before the store is asked: an end that comes meanwhile is not missed.
    const session = holdSession(id, this.#resources);
    try {
      if ((await session.read()) === undefined) return undefined;
    } catch (error) {
      session.release();
      throw error;
    }
    session.renew();
    return session;
  }
}
