// What one other node counts in one room, as this node knows it. presence-replica.ts keeps it, and
// passes on what that node sends: all of it, or what has changed since a version.

import type { NodeRef } from './envelope.ts';
import type { PresenceBody, ToldKey } from './presence-body.ts';
import type { PresentKeys } from '../rooms/relay.ts';

type Told = Exclude<PresenceBody, { readonly kind: 'ask' }>;

/** Keys that have changed. `ask`: something is missing, and has to be asked for. */
type Applied = readonly string[] | 'ask';

/**
 * Bytes of the keys that all other nodes count, in all rooms of this one, with their `meta`: see
 * `keptBytesOf`. Each counts with {@link KEY_BYTES} more, and each node of a room with
 * {@link NODE_BYTES}.
 *
 * @limit Bytes of `room.presence` of other nodes, in all rooms of a host | their nodes are in
 * `missingNodes`
 */
export const MAX_PRESENT_BYTES = 268_435_456;
/** What a key costs beside its texts. */
export const KEY_BYTES = 128;
/** What a node costs in a room, also where it has told no key. */
export const NODE_BYTES = 512;

/** One run of a node, from its start to its end. */
export interface NodeRun extends NodeRef {
  /** Where it has told something that is kept. */
  readonly rooms: Set<unknown>;
}

/** Bytes of what all nodes have told. */
export interface Held {
  bytes: number;
  /** Something was not taken, because there was no room for it. */
  readonly onCut: () => void;
}

/** @returns Whether there is room for so much more. */
function take(held: Held, bytes: number): boolean {
  if (held.bytes + bytes <= MAX_PRESENT_BYTES) {
    held.bytes += bytes;
    return true;
  }
  held.onCut();
  return false;
}

const NO_KEYS: Applied = Object.freeze([]);

/** The presence of one node in one room. */
export class NodePresence {
  readonly run: NodeRun;
  readonly #held: Held;
  #keys = new Map<string, ToldKey>();
  /** -1: nothing is known yet. */
  #version = -1;
  /** The parts of all that have come so far; undefined while none are awaited. */
  #parts: Map<string, ToldKey> | undefined;
  /** Whether some of it was not taken, because there was no room for it. */
  #isCut = false;

  /** Whether nothing is missing that is known of. */
  isWhole: boolean = false;
  /** The last question of this node in the room to which it has told all. */
  answered: number = 0;

  private constructor(run: NodeRun, held: Held) {
    this.run = run;
    this.#held = held;
  }

  /** @returns undefined where there is no room for it. */
  static of(run: NodeRun, held: Held): NodePresence | undefined {
    return take(held, NODE_BYTES) ? new NodePresence(run, held) : undefined;
  }

  get keys(): PresentKeys {
    return this.#keys;
  }

  /** It is kept no longer. */
  release(): void {
    this.#held.bytes -= NODE_BYTES;
    this.#drop(this.#keys);
    this.#drop(this.#parts);
  }

  apply(told: Told): Applied {
    // The same version has the same keys.
    if (told.to < this.#version || (told.to === this.#version && this.isWhole)) return NO_KEYS;
    return told.kind === 'all' ? this.#collect(told) : this.#change(told);
  }

  #collect({ isFirst, hasMore, to, entries }: Told): Applied {
    if (isFirst) this.#begin();
    if (this.#parts === undefined) return this.#ask();
    this.#put(this.#parts, entries);
    if (hasMore) return NO_KEYS;
    const before = this.#keys;
    this.#drop(before);
    this.#keys = this.#parts;
    this.#parts = undefined;
    this.#version = to;
    this.isWhole = !this.#isCut;
    return [...new Set([...before.keys(), ...this.#keys.keys()])];
  }

  #change({ from, to, entries }: Told): Applied {
    if (from > this.#version) return this.#ask();
    this.#put(this.#keys, entries);
    this.#version = to;
    if (this.#isCut) this.isWhole = false;
    return entries.map(([key]) => key);
  }

  #ask(): Applied {
    this.isWhole = false;
    return 'ask';
  }

  #begin(): void {
    this.#drop(this.#parts);
    this.#parts = new Map();
    this.#isCut = false;
  }

  #put(keys: Map<string, ToldKey>, entries: Told['entries']): void {
    for (const [key, present] of entries) {
      const known = keys.get(key);
      if (known !== undefined) this.#held.bytes -= known.bytes + KEY_BYTES;
      keys.delete(key);
      if (present === undefined) continue;
      if (take(this.#held, present.bytes + KEY_BYTES)) keys.set(key, present);
      else this.#isCut = true;
    }
  }

  #drop(keys: ReadonlyMap<string, ToldKey> | undefined): void {
    for (const { bytes } of keys?.values() ?? []) this.#held.bytes -= bytes + KEY_BYTES;
  }
}
