// A session between the arrival of a request and its 101 or refusal. The handshake
// hands `session` to the hook, asks for the cookie when it answers, and joins or
// discards, once.

import type { LiveSession, Membership, SessionMember } from './live-session.ts';
import type { Session } from './session.ts';
import type { SessionCookie } from './session-cookie.ts';
import type { StoredSession } from './stored-session.ts';

/** A session that a handshake has opened. It ends in exactly one of `join` and `discard`. */
export interface Opened {
  readonly session: Session;
  /**
   * Gives the value of the `Set-Cookie` header that the answer has to carry, whether it is the 101 or
   * a refusal of the hook's. To be asked when the hook has decided.
   *
   * @returns undefined when the client has the cookie already, and when the session is over.
   */
  setCookie(): string | undefined;
  /**
   * Puts the socket that is now open into the session.
   *
   * @param member - Its `close` is called when the session ends; soon, and not inside this call, when
   *   it is over already.
   */
  join(member: SessionMember): Membership;
  /** No socket has come of it. A fresh session that the client was not told of is deleted. */
  discard(): void;
}

/** Forgets a session that nobody can come back to. */
export type Forget = (session: LiveSession) => void;

export class OpenedSession implements Opened {
  readonly #stored: StoredSession;
  readonly #cookie: SessionCookie;
  readonly #isSecure: boolean;
  readonly #forget: Forget;
  #isTold = false;

  constructor(stored: StoredSession, cookie: SessionCookie, isSecure: boolean, forget: Forget) {
    this.#stored = stored;
    this.#cookie = cookie;
    this.#isSecure = isSecure;
    this.#forget = forget;
  }

  get session(): Session {
    return this.#stored;
  }

  setCookie(): string | undefined {
    if (!this.#stored.isNew) return undefined;
    this.#isTold = true;
    return this.#cookie.write(this.#stored.id, this.#isSecure);
  }

  join(member: SessionMember): Membership {
    return this.#stored.settle().join(member);
  }

  discard(): void {
    const live = this.#stored.settle();
    live.letGo();
    if (this.#stored.isNew && !this.#isTold) this.#forget(live);
  }
}
