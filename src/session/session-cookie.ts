// The cookie that carries the id of a session, in the form of Express: `s:`, the id and its
// signature. The one door to the package cookie. sessions.ts reads cookies with it,
// active-session.ts makes ids, session-handle.ts writes cookies; cookie-options.ts has its name
// and attributes.

import { hash, timingSafeEqual } from 'node:crypto';
import { stringifySetCookie } from 'cookie';
import type { CookieSettings } from './cookie-options.ts';
import { RandomIds } from '../platform/random-ids.ts';
import type { Randomness } from '../platform/random-ids.ts';

/** What the cookies of a request hold. `forged`: none of our secrets has signed the cookie. */
export type CookieVerdict =
  | { readonly kind: 'none' }
  | { readonly kind: 'valid'; readonly id: string }
  | { readonly kind: 'forged' };

/** 192 random bits: as many as an id of express-session has. */
const ID_BYTES = 24;

/** The prefix of a signed value in express-session. */
const SIGNED = 's:';
/** 32 bytes in base64, without the `=` at the end, as cookie-signature writes them. */
const SIGNATURE = /^[A-Za-z0-9+/]{43}$/u;
const SIGNATURE_CHARS = 43;

/**
 * Longest value of a session cookie: as many bytes as a browser keeps of a cookie.
 *
 * @limit Value of the session cookie | the cookie counts as forged
 */
const MAX_VALUE_CHARS = 4096;

/**
 * What `report` gets when a cookie names no session and a fresh one is begun. The text of the
 * cookie is not in it.
 */
export class SessionCookieError extends Error {
  override readonly name = 'SessionCookieError';
  readonly code = 'COROSOCK_SESSION_COOKIE';
  /**
   * `forged`: not signed with a secret of this host. `unknown`: signed, but its session is over.
   * `plain`: the cookie needs TLS, and its request came without.
   */
  readonly why: 'forged' | 'unknown' | 'plain';

  constructor(why: 'forged' | 'unknown' | 'plain') {
    super(COOKIE_ERRORS[why]);
    this.why = why;
  }
}

const COOKIE_ERRORS = {
  forged: 'A session cookie was not signed with a secret of this host',
  unknown: 'A session cookie names a session that the store does not have',
  plain:
    'The session cookie needs TLS, and a request came without: it was neither read nor sent. ' +
    'Behind a proxy that ends TLS set trustProxy, or sessions.cookie.secure to true',
};

/** Reads and writes the cookie of one name. */
export class SessionCookie {
  readonly #settings: CookieSettings;
  /** What stands behind the value, without and with `Secure`: the same for all cookies. */
  readonly #attributes: string;
  readonly #secureAttributes: string;
  /** One for each secret. The first one signs, all verify. */
  readonly #signers: readonly IdSigner[];
  readonly #newest: IdSigner;
  readonly #ids: RandomIds;

  /** @param randomness - Of ids. Default: that of the machine. */
  constructor(settings: CookieSettings, secrets: readonly [string, ...string[]], randomness?: Randomness) {
    this.#ids = new RandomIds(ID_BYTES, randomness);
    this.#settings = settings;
    this.#attributes = attributesOf(settings, false);
    this.#secureAttributes = attributesOf(settings, true);
    this.#newest = new IdSigner(secrets[0]);
    this.#signers = [this.#newest, ...secrets.slice(1).map((secret) => new IdSigner(secret))];
  }

  /** Makes the id of a fresh session: unguessable, and safe in a cookie. */
  newId(): string {
    return this.#ids.next();
  }

  /**
   * Tells whether a request can carry the cookie: one that needs `Secure` is neither read nor
   * written where the request came without TLS.
   */
  canTravel(isSecure: boolean): boolean {
    return !this.#settings.needsSecure || this.#isMarkedSecure(isSecure);
  }

  /**
   * Finds the first cookie of the name in a `Cookie` header, and verifies its signature in constant
   * time. A value of another form costs no signature.
   */
  read(header: string | undefined): CookieVerdict {
    const value = header === undefined ? undefined : valueOf(header, this.#settings.name);
    if (value === undefined) return { kind: 'none' };
    const text = value.length > MAX_VALUE_CHARS ? '' : decoded(value);
    const dot = text.length - SIGNATURE_CHARS - 1;
    const signature = text.slice(dot + 1);
    if (!text.startsWith(SIGNED) || text[dot] !== '.' || !SIGNATURE.test(signature)) return FORGED;
    const id = text.slice(SIGNED.length, dot);
    return this.#signers.some((signer) => signer.verify(id, signature)) ? { kind: 'valid', id } : FORGED;
  }

  /** Makes the value of a `Set-Cookie` header, for a request that came over TLS or did not. */
  write(id: string, isSecure: boolean): string {
    const value = encodeURIComponent(`${SIGNED}${this.#newest.sign(id)}`);
    const attributes = this.#isMarkedSecure(isSecure) ? this.#secureAttributes : this.#attributes;
    return `${this.#settings.name}=${value}${attributes}`;
  }

  #isMarkedSecure(isSecure: boolean): boolean {
    const { secure } = this.#settings;
    return secure === 'auto' ? isSecure : secure;
  }
}

/** The package makes a cookie without a value: what follows is the same for each value. */
function attributesOf({ name, path, domain, sameSite, maxAgeMs }: CookieSettings, secure: boolean): string {
  const cookie = stringifySetCookie({
    name,
    value: '',
    path,
    ...(domain === undefined ? undefined : { domain }),
    ...(maxAgeMs === Infinity ? undefined : { maxAge: Math.ceil(maxAgeMs / 1000) }),
    httpOnly: true,
    secure,
    sameSite,
  });
  return cookie.slice(name.length + 1);
}

const FORGED: CookieVerdict = Object.freeze({ kind: 'forged' });

/**
 * Finds the value of the first cookie of a name. It makes no object of all cookies: a header of
 * 16 KiB with 3,700 of them took 300 µs.
 */
function valueOf(header: string, name: string): string | undefined {
  const pair = `${name}=`;
  for (let at = header.indexOf(pair); at !== -1; at = header.indexOf(pair, at + 1)) {
    let before = at - 1;
    while (header[before] === ' ' || header[before] === '\t') before -= 1;
    if (before >= 0 && header[before] !== ';') continue;
    const end = header.indexOf(';', at);
    return header.slice(at + pair.length, end === -1 ? undefined : end).trim();
  }
  return undefined;
}

/** Decodes a value; one that cannot be decoded stays as it is. */
function decoded(value: string): string {
  if (!value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

// RFC 2104 §2: the block length B of SHA-256, its digest length L, and the pads.
const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;

/**
 * Signs and verifies ids with one secret, as cookie-signature does: HMAC-SHA256, as two hashes over
 * buffers that are kept. An `Hmac` object has a native half that the garbage collector has to
 * finish: with one for each fresh session the row "handshakes with onPreServer and a session" gives
 * 0.70 where this gives 0.76, and a forged cookie costs three times as much.
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
    return `${id}.${this.#signatureOf(id)}`;
  }

  /** Tells whether a signature is that of an id. The time says nothing of where it is wrong. */
  verify(id: string, signature: string): boolean {
    // Both have the length of a signature: timingSafeEqual throws otherwise.
    return timingSafeEqual(Buffer.from(this.#signatureOf(id)), Buffer.from(signature));
  }

  #signatureOf(id: string): string {
    const end = BLOCK_BYTES + Buffer.byteLength(id);
    // Made once: all ids of `newId` are equally long.
    if (end !== this.#inner.length) {
      this.#inner = Buffer.concat([this.#inner.subarray(0, BLOCK_BYTES)], end);
    }
    this.#inner.write(id, BLOCK_BYTES);
    // As text, whose units are its bytes: a Buffer of its own takes longer than the hash.
    this.#outer.write(hash('sha256', this.#inner, 'binary'), BLOCK_BYTES, 'binary');
    // 32 bytes in base64 end with one `=`, which cookie-signature leaves out.
    return hash('sha256', this.#outer, 'base64').slice(0, -1);
  }
}
