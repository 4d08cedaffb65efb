// The signature of an id for a cookie, in the form of cookie-signature, which
// verifies it. Made for each fresh session: two hashes at one go cost a third of
// an Hmac object, which is a stream with a native half that has to be collected.

import { hash } from 'node:crypto';

/** What sha256 works on (RFC 2104 §2: B). */
const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
/** RFC 2104 §2. */
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;

/** Signs ids with one secret: HMAC-SHA256. */
export class IdSigner {
  /** The padded secret, and room for an id behind it. */
  #inner: Buffer;
  /** The padded secret, and the digest of what is inner. */
  readonly #outer: Buffer;

  constructor(secret: string) {
    const bytes = Buffer.from(secret);
    const key = Buffer.alloc(BLOCK_BYTES);
    key.set(bytes.length > BLOCK_BYTES ? hash('sha256', bytes, 'buffer') : bytes);
    this.#inner = Buffer.from(key.map((byte) => byte ^ INNER_PAD));
    this.#outer = Buffer.concat([key.map((byte) => byte ^ OUTER_PAD)], BLOCK_BYTES + DIGEST_BYTES);
  }

  /** @returns The id, a dot and its signature: what `sign(id, secret)` of cookie-signature gives. */
  sign(id: string): string {
    const end = BLOCK_BYTES + Buffer.byteLength(id);
    if (end > this.#inner.length) this.#inner = Buffer.concat([this.#inner], end);
    this.#inner.write(id, BLOCK_BYTES);
    // Most ids are equally long.
    const inner = end === this.#inner.length ? this.#inner : this.#inner.subarray(0, end);
    this.#outer.set(hash('sha256', inner, 'buffer'), BLOCK_BYTES);
    // 32 bytes in base64 end with one `=`, which the form leaves out.
    return `${id}.${hash('sha256', this.#outer, 'base64').slice(0, -1)}`;
  }
}
