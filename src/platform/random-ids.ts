// Ids that cannot be guessed, from the system's generator. Sockets and sessions are
// named by them; in which form, each room says itself.

import { randomFillSync } from 'node:crypto';

/** The generator is asked for so many at once: a call costs far more than its bytes. */
const IDS_AT_ONCE = 256;

/** Makes ids of one length, in letters that can stand in a URL and in a cookie. */
export class RandomIds {
  readonly #bytes: number;
  readonly #random: Buffer;
  #used: number;

  /** @param bytes - Random bytes of each id, an integer ≥ 1. */
  constructor(bytes: number) {
    this.#bytes = bytes;
    this.#random = Buffer.alloc(IDS_AT_ONCE * bytes);
    this.#used = this.#random.length;
  }

  /** @returns An id that was never given before. */
  next(): string {
    if (this.#used === this.#random.length) {
      randomFillSync(this.#random);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += this.#bytes;
    const id = this.#random.toString('base64url', start, this.#used);
    // What has become an id is not kept: a later reader of this memory learns none.
    this.#random.fill(0, start, this.#used);
    return id;
  }
}
