// Who is who: the ids of a node and of its sockets. The host asks for them;
// nobody takes one apart.

import { RandomIds } from '../platform/random-ids.ts';

const NODE_ID_BYTES = 6;
/** 128 bits. */
const SOCKET_ID_BYTES = 16;

/** Names one host of one process, and its sockets. */
export class SocketIds {
  readonly nodeId: string = new RandomIds(NODE_ID_BYTES).next();
  readonly #random = new RandomIds(SOCKET_ID_BYTES);

  /** Names one more socket. The name starts with its node's id, so that routing needs no directory. */
  next(): string {
    // One string; a template would keep its parts for as long as the socket lives.
    return [this.nodeId, this.#random.next()].join('.');
  }
}
