// The members of one room, oldest first: an array, so that a publish meets them one behind the
// other and does not wait for one to find the next. room-state.ts keeps it.

/** A member, as its list sees it. */
export interface ListedMember {
  /** Its index. Set by the list alone. */
  place: number;
}

/** More empty places than members and these, and the list is made anew without them. */
const FEW = 8;

/** Keeps the order in which members were appended. Removing one costs no search. */
export class MemberList<M extends ListedMember> implements Iterable<M> {
  /** Undefined in the place of each member that was removed. */
  #places: (M | undefined)[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /**
   * The members, with undefined in the place of each that was removed. A walk over it stays right
   * where the member that is visited is removed, and no other.
   */
  get places(): ReadonlyArray<M | undefined> {
    return this.#places;
  }

  /** @param member - In no list. */
  append(member: M): void {
    member.place = this.#places.length;
    this.#size += 1;
    // Most rooms are small: an array that has grown has room for sixteen more.
    if (member.place === 0) this.#places = [member];
    else this.#places.push(member);
  }

  /** @param member - In this list. */
  remove(member: M): void {
    this.#size -= 1;
    if (member.place === this.#places.length - 1) this.#places.pop();
    else this.#places[member.place] = undefined;
    if (this.#places.length > 2 * this.#size + FEW) this.#closeUp();
  }

  /** The members of the first step. One that is removed meanwhile is passed over. */
  *[Symbol.iterator](): IterableIterator<M> {
    const members = this.#places.filter((member) => member !== undefined);
    for (const member of members) if (this.#places[member.place] === member) yield member;
  }

  /** A walk that runs goes on over the old array. */
  #closeUp(): void {
    this.#places = this.#places.filter((member) => member !== undefined);
    this.#places.forEach((member, place) => ((member as M).place = place));
  }
}
