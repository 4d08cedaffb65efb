// The places of sockets in a session that is held here: one for each, in the order
// in which they came. The session makes them, and hears of what their sockets do;
// when it expires is active-session.ts's.

import type { ListNode } from '../structures/linked-list.ts';

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
  /** A place was given up, once. */
  placeOnLeave(place: SessionPlace): void;
}

/** One socket's place, in a line with the others. */
export class SessionPlace implements Membership, ListNode<SessionPlace> {
  readonly #socket: SessionMember;
  readonly #keeper: PlaceKeeper;
  #isIn = true;
  // Kept by its keeper.
  previous: SessionPlace | undefined;
  next: SessionPlace | undefined;

  constructor(socket: SessionMember, keeper: PlaceKeeper) {
    this.#socket = socket;
    this.#keeper = keeper;
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
    this.#keeper.placeOnLeave(this);
  }
}
