// The cookie that carries the id of a session, in the form of Express: `s:`, the id and its
// signature. The one door to the packages cookie and cookie-signature. sessions.ts reads cookies
// with it, active-session.ts makes ids, session-handle.ts writes cookies.

import { hash } from 'node:crypto';
import { parseCookie, stringifySetCookie } from 'cookie';
import { unsign } from 'cookie-signature';
import { RandomIds } from '../platform/random-ids.ts';

/** What the cookies of a request hold. `forged`: none of our secrets has signed the cookie. */
export type CookieVerdict =
  | { readonly kind: 'none' }
  | { readonly kind: 'valid'; readonly id: string }
  | { readonly kind: 'forged' };

/** 192 random bits: as many as an id of express-session has. */
const ID_BYTES = 24;

/** The prefix of a signed value in express-session. */
const SIGNED = 's:';

/**
 * What `report` gets when a cookie names no session and a fresh one is begun. The text of the
 * cookie is not in it.
 */
export class SessionCookieError extends Error {
  override readonly name = 'SessionCookieError';
  readonly code = 'COROSOCK_SESSION_COOKIE';
  /**
   * `forged`: not signed with a secret of this host. `unknown`: signed, but its session is over.
   */
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
  readonly #ids = new RandomIds(ID_BYTES);

  constructor(name: string, secrets: readonly [string, ...string[]]) {
    this.#name = name;
    this.#secrets = secrets;
    this.#signer = new IdSigner(secrets[0]);
  }

  /** Makes the id of a fresh session: unguessable, and safe in a cookie. */
  newId(): string {
    return this.#ids.next();
  }

  /** Finds the cookie in a `Cookie` header, and verifies its signature in constant time. */
  read(header: string | undefined): CookieVerdict {
    const value = header === undefined ? undefined : parseCookie(header)[this.#name];
    if (value === undefined) return { kind: 'none' };
    const id = value.startsWith(SIGNED) ? this.#unsign(value.slice(SIGNED.length)) : undefined;
    return id === undefined ? { kind: 'forged' } : { kind: 'valid', id };
  }

  /** Makes the value of a `Set-Cookie` header; the browser forgets the cookie when it closes. */
  write(id: string, isSecure: boolean): string {
    return stringifySetCookie({
      name: this.#name,
      value: `${SIGNED}${this.#signer.sign(id)}`,
      path: '/',
      httpOnly: true,
      secure: isSecure,
      sameSite: 'lax',
    });
  }

  #unsign(signed: string): string | undefined {
    for (const secret of this.#secrets) {
      const id = unsign(signed, secret);
      if (id !== false) return id;
    }
    return undefined;
  }
}

// RFC 2104 §2: the block length B of SHA-256, its digest length L, and the pads.
const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;

/**
 * Signs ids with one secret: HMAC-SHA256, as two hashes over buffers that are kept. An `Hmac`
 * object has a native half that the garbage collector has to finish: with one for each fresh
 * session the row "handshakes with onPreServer and a session" gives 0.70 where this gives 0.76.
 */
export class IdSigner {
  /** The secret with the inner pad, and the bytes of the id behind it. */
  #inner: Buffer;
  /** The secret with the outer pad, and the digest of `#inner` behind it. */
  readonly #outer: Buffer;

  constructor(secret: string) {
    const bytes = Buffer.from(secret);
    const key = Buffer.alloc(BLOCK_BYTES);
    key.set(bytes.length > BLOCK_BYTES ? hash('sha256', bytes, 'buffer') : bytes);
    this.#inner = Buffer.from(key.map((byte) => byte ^ INNER_PAD));
    this.#outer = Buffer.concat([key.map((byte) => byte ^ OUTER_PAD)], BLOCK_BYTES + DIGEST_BYTES);
  }

  /**
   * @returns The id, a dot and its signature: what `sign(id, secret)` of cookie-signature gives.
   */
  sign(id: string): string {
    const end = BLOCK_BYTES + Buffer.byteLength(id);
    // Made once: all ids of `newId` are equally long.
    if (end !== this.#inner.length) {
      this.#inner = Buffer.concat([this.#inner.subarray(0, BLOCK_BYTES)], end);
    }
    this.#inner.write(id, BLOCK_BYTES);
    this.#outer.set(hash('sha256', this.#inner, 'buffer'), BLOCK_BYTES);
    // 32 bytes in base64 end with one `=`, which cookie-signature leaves out.
    return `${id}.${hash('sha256', this.#outer, 'base64').slice(0, -1)}`;
  }
}
