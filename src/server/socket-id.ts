// Who is who: the ids of a node and of its sockets. The host asks for them;
// nobody takes one apart.

import { randomFillSync } from 'node:crypto';

const NODE_ID_BYTES = 6;
/** 128 bits from the system's generator: an id cannot be guessed. */
const SOCKET_ID_BYTES = 16;
/** The generator is asked for so many at once: a call costs far more than its bytes. */
const IDS_AT_ONCE = 64;

/** Names one host of one process, and its sockets. */
export class SocketIds {
  readonly nodeId: string = randomFillSync(Buffer.alloc(NODE_ID_BYTES)).toString('base64url');
  readonly #random: Buffer = Buffer.alloc(IDS_AT_ONCE * SOCKET_ID_BYTES);
  #used = this.#random.length;

  /** Names one more socket. The name starts with its node's id, so that routing needs no directory. */
  next(): string {
    if (this.#used === this.#random.length) {
      randomFillSync(this.#random);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += SOCKET_ID_BYTES;
    const id = this.#random.toString('base64url', start, this.#used);
    // What has become an id is not kept: a later reader of this memory learns none.
    this.#random.fill(0, start, this.#used);
    // One string; a template would keep its parts for as long as the socket lives.
    return [this.nodeId, id].join('.');
  }
}
