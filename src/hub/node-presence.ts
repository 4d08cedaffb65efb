// What one other node counts in one room, as this node knows it. presence-replica.ts keeps it, and
// passes on what that node sends: all of it, or what has changed since a version.

import type { PresenceBody, PresenceEntry } from './presence-body.ts';
import type { PresentKey, PresentKeys } from '../rooms/relay.ts';

type Told = Exclude<PresenceBody, { readonly kind: 'ask' }>;

/** Keys that have changed. `ask`: something is missing, and has to be asked for. */
type Applied = readonly string[] | 'ask';

const NO_KEYS: Applied = Object.freeze([]);

/** The presence of one node in one room. */
export class NodePresence {
  /** Of this run of the node. */
  readonly epoch: number;
  #keys = new Map<string, PresentKey>();
  /** -1: nothing is known yet. */
  #version = -1;
  /** The parts of all that have come so far; undefined while none are awaited. */
  #parts: Map<string, PresentKey> | undefined;

  /** Whether nothing is missing that is known of. */
  isWhole: boolean = false;
  /** The last question of this node in the room to which it has told all. */
  answered: number = 0;

  constructor(epoch: number) {
    this.epoch = epoch;
  }

  get keys(): PresentKeys {
    return this.#keys;
  }

  apply(told: Told): Applied {
    // The same version has the same keys.
    if (told.to < this.#version || (told.to === this.#version && this.isWhole)) return NO_KEYS;
    return told.kind === 'all' ? this.#collect(told) : this.#change(told);
  }

  #collect({ isFirst, hasMore, to, entries }: Told): Applied {
    if (isFirst) this.#parts = new Map();
    if (this.#parts === undefined) return this.#ask();
    put(this.#parts, entries);
    if (hasMore) return NO_KEYS;
    const before = this.#keys;
    this.#keys = this.#parts;
    this.#parts = undefined;
    this.#version = to;
    this.isWhole = true;
    return [...new Set([...before.keys(), ...this.#keys.keys()])];
  }

  #change({ from, to, entries }: Told): Applied {
    if (from > this.#version) return this.#ask();
    put(this.#keys, entries);
    this.#version = to;
    return entries.map(([key]) => key);
  }

  #ask(): Applied {
    this.isWhole = false;
    return 'ask';
  }
}

function put(keys: Map<string, PresentKey>, entries: readonly PresenceEntry[]): void {
  for (const [key, present] of entries) {
    if (present === undefined) keys.delete(key);
    else keys.set(key, present);
  }
}
