// The memberships of one socket, so that its end leaves all of them, and a second join finds the
// first. Linked by fields of the members: a socket in a few rooms has no table.

/** A membership, as its socket keeps it. */
export interface SocketMember<M> {
  readonly state: object;
  // Set by the list of its socket.
  previousOfSocket: M | undefined;
  nextOfSocket: M | undefined;
  leave(): void;
}

/** The presence of a room, as a socket that is counted there sees it. */
export interface CountingRoom {
  /** The socket has left the room, or has ended. */
  untrack(socket: { keys: number; keyBytes: number }): void;
}

/** From this number of rooms on, a table finds the one that is asked for. */
const MANY = 16;

/** The rooms that one socket is in. */
export class SocketRooms<M extends SocketMember<M>> {
  #first: M | undefined;
  #size = 0;
  /** The keys under which the socket is counted, in all rooms together. */
  keys: number = 0;
  /** The bytes of those keys, with their `meta`. */
  keyBytes: number = 0;
  /** By room; undefined while there are few. */
  #byRoom: Map<object, M> | undefined;
  /** Where the socket is present, by room; undefined until it is for the first time. */
  #presences: Map<object, CountingRoom> | undefined;

  /** The number of rooms. */
  get size(): number {
    return this.#size;
  }

  find(room: object): M | undefined {
    if (this.#byRoom !== undefined) return this.#byRoom.get(room);
    let member = this.#first;
    while (member !== undefined && member.state !== room) member = member.nextOfSocket;
    return member;
  }

  /** @param member - In no list. */
  add(member: M): void {
    member.nextOfSocket = this.#first;
    if (this.#first !== undefined) this.#first.previousOfSocket = member;
    this.#first = member;
    this.#size += 1;
    if (this.#byRoom === undefined && this.#size > MANY) this.#tabulate();
    else this.#byRoom?.set(member.state, member);
  }

  /** @param member - In this list. */
  remove(member: M): void {
    const { previousOfSocket: previous, nextOfSocket: next } = member;
    if (previous === undefined) this.#first = next;
    else previous.nextOfSocket = next;
    if (next !== undefined) next.previousOfSocket = previous;
    member.previousOfSocket = undefined;
    member.nextOfSocket = undefined;
    this.#size -= 1;
    this.#byRoom?.delete(member.state);
    this.#absent(member.state);
  }

  /** The socket is present in a room, as member or not. */
  present(room: object, presence: CountingRoom): void {
    this.#presences ??= new Map();
    this.#presences.set(room, presence);
  }

  /** The socket has ended. */
  leaveAll(): void {
    while (this.#first !== undefined) this.#first.leave();
    for (const room of this.#presences?.keys() ?? []) this.#absent(room);
  }

  #absent(room: object): void {
    const presence = this.#presences?.get(room);
    this.#presences?.delete(room);
    presence?.untrack(this);
  }

  #tabulate(): void {
    this.#byRoom = new Map();
    for (let member = this.#first; member !== undefined; member = member.nextOfSocket) {
      this.#byRoom.set(member.state, member);
    }
  }
}
