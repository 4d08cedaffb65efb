// The id of one socket, and its slot in the limits of the host; both are reserved by the handshake.
// run-registry.ts makes and draws it, the hook reads it as `handshake.id`, the socket as `ws.id`.

import type { HostedSocket } from './hosted-socket.ts';

/** The place of a socket in the limits of its host: see capacity.ts. */
export interface Slot {
  /** The client is known: the socket is no longer counted as unadmitted. */
  admit(id: SocketId): void;
  /** Counts the socket, or the handshake of which none came, down. Called once. */
  leave(id: SocketId): void;
}

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
  /** Undefined where the host does not count, and once it was left. */
  #slot: Slot | undefined;
  /** The socket while it is open; undefined before its 101, and from its end on. */
  socket: HostedSocket | undefined;

  /** @param draw - Makes the value, once; called by the first read. */
  constructor(draw: (id: SocketId) => string, slot?: Slot) {
    this.#draw = draw;
    this.#slot = slot;
  }

  /** Unguessable; begins with the id of its node. */
  get value(): string {
    this.#value ??= this.#draw(this);
    return this.#value;
  }

  /** Counts the client as known, unless the socket has ended. */
  admit(): void {
    this.#slot?.admit(this);
  }

  /** Counts the socket down. Only the first call counts, however the socket ends. */
  leave(): void {
    const slot = this.#slot;
    this.#slot = undefined;
    slot?.leave(this);
  }

  get isDrawn(): boolean {
    return this.#value !== undefined;
  }
}
