// The places of sockets in a session that is held here: one for each, in the order
// in which they came. The session makes them, and hears of what their sockets do;
// when it expires is live-session.ts's.

/** A socket as its session sees it. */
export interface SessionMember {
  /** The session is over, and with it the socket. */
  close(): void;
}

/** A session as its socket sees it. */
export interface Membership {
  /** An application message was received or sent. Costs a look at the clock. */
  active(): void;
  /** The socket has ended. */
  leave(): void;
}

/** Who hears of a place. */
export interface PlaceKeeper {
  /** A message was received or sent. */
  placeOnMessage(): void;
  /** A place was given up that was between these two. */
  placeOnLeave(previous: SessionPlace | undefined, next: SessionPlace | undefined): void;
}

/** One socket's place, in a line with the others: most sessions have one socket, and a Set would cost more than all the rest. */
export class SessionPlace implements Membership {
  readonly #socket: SessionMember;
  readonly #keeper: PlaceKeeper;
  #isIn = true;
  #previous: SessionPlace | undefined;
  #next: SessionPlace | undefined;

  constructor(socket: SessionMember, keeper: PlaceKeeper, previous: SessionPlace | undefined) {
    this.#socket = socket;
    this.#keeper = keeper;
    this.#previous = previous;
    if (previous !== undefined) previous.#next = this;
  }

  get next(): SessionPlace | undefined {
    return this.#next;
  }

  active(): void {
    this.#keeper.placeOnMessage();
  }

  /** The session is over. */
  close(): void {
    if (this.#isIn) this.#socket.close();
  }

  leave(): void {
    if (!this.#isIn) return;
    this.#isIn = false;
    const previous = this.#previous;
    const next = this.#next;
    if (previous !== undefined) previous.#next = next;
    if (next !== undefined) next.#previous = previous;
    this.#previous = undefined;
    this.#next = undefined;
    this.#keeper.placeOnLeave(previous, next);
  }
}
