// One socket's place among the runs of its host, from its handshake to its real end.
// Where the places are kept is run-registry.ts's.

import type { Named } from '../handshake/handshake.ts';
import type { ListNode } from '../structures/linked-list.ts';

/** Who gives a place its id. */
export interface Places<Run> {
  /** Draws the id, and finds the place by it from now on while something runs there. */
  draw(place: Place<Run>): string;
}

/**
 * A place, reserved by a handshake.
 *
 * Its id is drawn when somebody asks for it: an id that nobody was told can find
 * nothing. It is emptied at the end: the index by id is a Map, which gives its table up
 * for a new one now and then, and all that the old ones hold would live on until a full collection.
 */
export class Place<Run> implements Named, ListNode<Place<Run>> {
  readonly #places: Places<Run>;
  #id: string | undefined;
  /** What runs there; undefined before its first line, and after its real end. */
  run: Run | undefined;
  /** Whether its socket is open. */
  isOpen = false;
  // Kept by the registry.
  previous: Place<Run> | undefined;
  next: Place<Run> | undefined;

  constructor(places: Places<Run>) {
    this.#places = places;
  }

  /** Unguessable, and always the same. */
  get id(): string {
    this.#id ??= this.#places.draw(this);
    return this.#id;
  }

  /** Whether somebody has asked for the id. */
  get isNamed(): boolean {
    return this.#id !== undefined;
  }
}
