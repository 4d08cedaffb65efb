// The id of one socket, reserved by its handshake. run-registry.ts makes and draws it, the hook
// reads it as `handshake.id`, the socket as `ws.id`.

import type { HostedSocket } from './hosted-socket.ts';

/**
 * An id that is drawn when it is first read, and then stays the same. An id that no code has
 * read can find nothing, and costs neither random bytes nor an entry in the index (row
 * `handshakes`: a thirtieth; 150 bytes a socket).
 *
 * The index maps to this object, which is emptied when its socket closes. A Map replaces its
 * table now and then, and a dead table keeps its values until a full collection: they must not
 * hold a socket.
 */
export class SocketId {
  readonly #draw: (id: SocketId) => string;
  #value: string | undefined;
  /** The socket while it is open; undefined before its 101, and from its end on. */
  socket: HostedSocket | undefined;

  /** @param draw - Makes the value, once; called by the first read. */
  constructor(draw: (id: SocketId) => string) {
    this.#draw = draw;
  }

  /** Unguessable; begins with the id of its node. */
  get value(): string {
    this.#value ??= this.#draw(this);
    return this.#value;
  }

  get isDrawn(): boolean {
    return this.#value !== undefined;
  }
}
