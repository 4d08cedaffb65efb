// A session between the arrival of a request and its 101 or refusal. The handshake
// hands `session` to the hook, says when that has decided, asks for the cookie when it
// answers, and joins, refuses or discards, once.

import type { Membership, SessionMember } from './session-place.ts';
import type { Session } from './session.ts';
import type { SessionCookie } from './session-cookie.ts';
import type { SessionHandle } from './session-handle.ts';

/** A session that a handshake has opened. It ends in exactly one of `join`, `refuse` and `discard`. */
export interface Opened {
  readonly session: Session;
  /**
   * The hook wants the conversation: no move of the session begins any more, those that are under way
   * are waited for, and a fresh session is stored. One that is refused takes no room in the store,
   * unless its hook has used it.
   *
   * @throws What the store says when it is down.
   */
  decided(): Promise<void>;
  /**
   * Gives the value of the `Set-Cookie` header that the 101 has to carry.
   *
   * @returns undefined when the client has the cookie already, when the store has no session to go
   *   with it, and when the session is over.
   */
  setCookie(): string | undefined;
  /**
   * Puts the socket that is now open into the session.
   *
   * @param member - Its `close` is called when the session ends; soon, and not inside this call, when
   *   it is over already.
   */
  join(member: SessionMember): Membership;
  /**
   * No socket comes of it, and the client is told so.
   *
   * @returns What {@link setCookie} gives, for the refusal to carry: the hook may have updated a fresh
   *   session, or moved one.
   */
  refuse(): string | undefined;
  /** No socket has come of it, and nobody can be told. What began with the handshake is deleted. */
  discard(): void;
}

export class OpenedSession implements Opened {
  readonly #stored: SessionHandle;
  readonly #cookie: SessionCookie;
  readonly #isSecure: boolean;

  constructor(stored: SessionHandle, cookie: SessionCookie, isSecure: boolean) {
    this.#stored = stored;
    this.#cookie = cookie;
    this.#isSecure = isSecure;
  }

  get session(): Session {
    return this.#stored;
  }

  decided(): Promise<void> {
    return this.#stored.decided();
  }

  setCookie(): string | undefined {
    if (!this.#stored.needsSetCookie) return undefined;
    return this.#cookie.write(this.#stored.id, this.#isSecure);
  }

  join(member: SessionMember): Membership {
    return this.#stored.settle().join(member);
  }

  refuse(): string | undefined {
    const cookie = this.setCookie();
    if (cookie === undefined) this.discard();
    else this.#stored.settle().release();
    return cookie;
  }

  discard(): void {
    this.#stored.abandon();
  }
}
