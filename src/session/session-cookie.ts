// The cookie that carries a session's id, in the form of Express: `s:` and the id
// with its signature. What the id stands for is the store's business.

import { parseCookie, stringifySetCookie } from 'cookie';
import { unsign } from 'cookie-signature';
import { IdSigner } from './id-signer.ts';
import { RandomIds } from '../platform/random-ids.ts';

/** What a request's cookies say. `forged`: no secret of ours has signed it. */
export type CookieVerdict =
  | { readonly kind: 'none' }
  | { readonly kind: 'valid'; readonly id: string }
  | { readonly kind: 'forged' };

/** 192 random bits: what an id of express-session has. */
const ID_BYTES = 24;

/** How express-session marks a value as signed. */
const SIGNED = 's:';

/** Tells `report` that a cookie came to nothing, and a fresh session was begun. The cookie's text is not in it. */
export class SessionCookieError extends Error {
  override readonly name = 'SessionCookieError';
  readonly code = 'COROSOCK_SESSION_COOKIE';
  /** `forged`: not signed with a secret of ours. `unknown`: it was, but its session is over. */
  readonly why: 'forged' | 'unknown';

  constructor(why: 'forged' | 'unknown') {
    super(
      why === 'forged'
        ? 'A session cookie was not signed with a secret of this host'
        : 'A session cookie names a session that the store does not have',
    );
    this.why = why;
  }
}

/** Reads and writes the cookie of one name. */
export class SessionCookie {
  readonly #name: string;
  /** The first one signs, all verify. */
  readonly #secrets: readonly [string, ...string[]];
  readonly #signer: IdSigner;
  /** The header's value around that of the cookie. */
  readonly #plain: Around;
  readonly #secure: Around;
  readonly #ids = new RandomIds(ID_BYTES);

  constructor(name: string, secrets: readonly [string, ...string[]]) {
    this.#name = name;
    this.#secrets = secrets;
    this.#signer = new IdSigner(secrets[0]);
    this.#plain = around(name, false);
    this.#secure = around(name, true);
  }

  /** Makes the id of a session: unguessable, and safe in a cookie. */
  newId(): string {
    return this.#ids.next();
  }

  /** Finds the cookie in a `Cookie` header, and verifies it in constant time. */
  read(header: string | undefined): CookieVerdict {
    const value = header === undefined ? undefined : parseCookie(header)[this.#name];
    if (value === undefined) return { kind: 'none' };
    const id = value.startsWith(SIGNED) ? this.#unsign(value.slice(SIGNED.length)) : undefined;
    return id === undefined ? { kind: 'forged' } : { kind: 'valid', id };
  }

  /** Makes the value of a `Set-Cookie` header; the browser forgets the cookie when it closes. */
  write(id: string, isSecure: boolean): string {
    const { before, behind } = isSecure ? this.#secure : this.#plain;
    return `${before}${encodeURIComponent(`${SIGNED}${this.#signer.sign(id)}`)}${behind}`;
  }

  #unsign(signed: string): string | undefined {
    for (const secret of this.#secrets) {
      const id = unsign(signed, secret);
      if (id !== false) return id;
    }
    return undefined;
  }
}

/** What stands around the value of a cookie in a `Set-Cookie` header. */
interface Around {
  readonly before: string;
  readonly behind: string;
}

/** All but the value is the same for all sessions: it is made once. */
function around(name: string, isSecure: boolean): Around {
  const attributes = { path: '/', httpOnly: true, secure: isSecure, sameSite: 'lax' } as const;
  const before = stringifySetCookie({ name, value: '' });
  const whole = stringifySetCookie({ name, value: '', ...attributes });
  return { before, behind: whole.slice(before.length) };
}
