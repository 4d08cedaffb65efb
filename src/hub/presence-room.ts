// One room, as the presence of this node sees it: what is to be told of it, what it has asked, and
// what other nodes have told. presence-replica.ts keeps the rooms, and sends. Most rooms have no
// presence: what they need for it is made on first use.

import type { Body } from './envelope.ts';
import type { NodePresence } from './node-presence.ts';
import { allBodies, changesBodies } from './presence-body.ts';
import type { PresenceEntry } from './presence-body.ts';
import type { PresentKeys } from '../rooms/relay.ts';

/** A node that has not answered for so long may yet: it is named as missing. */
const PRESENCE_ANSWER_WITHIN_MS = 500;

/** All that this node counts in a room is told again after so long at the earliest. */
export const TELL_ALL_EVERY_MS = 250;

const NO_KEYS: PresentKeys = new Map();
const NO_BODIES: readonly Body[] = Object.freeze([]);

/** One room of a {@link PresenceReplica}. */
export class PresenceRoom {
  readonly name: string;
  /** Whether rooms of this node use it. */
  isUsed: boolean = false;
  /** Whether what other nodes tell arrives. */
  isEntered: boolean = false;
  /** Whether all that this node counts is to be told. */
  tellsAll: boolean = false;
  /** When that was last told. */
  #toldAllMs = -Infinity;
  /** Whether the other nodes are to be asked. */
  asks: boolean = false;
  /** How often it has asked, and when last. */
  questions: number = 0;
  askedMs: number = -Infinity;
  /** When it has not asked, because no node counted sockets; -Infinity where it has. */
  notAskedMs: number = -Infinity;
  /** What other nodes count. */
  others: Map<string, NodePresence> | undefined;
  /** Whether a node is missing in {@link others} for which there was no room. */
  isCut: boolean = false;
  /** What this node counts. */
  #own: PresentKeys = NO_KEYS;
  /** The version that was told last; 0: nothing was told. */
  #version = 0;
  /** Keys that have changed since. */
  #changed: Set<string> | undefined;

  constructor(name: string) {
    this.name = name;
  }

  /** Whether this node has something to say of it, or had. */
  get isTold(): boolean {
    return this.#version > 0 || this.#own.size > 0;
  }

  /** A key of this node has changed. */
  change(keys: PresentKeys, key: string): void {
    this.#own = keys;
    this.#changed ??= new Set();
    this.#changed.add(key);
  }

  /** Whether a node may count more than is known. */
  isUnsure(node: string, nowMs: number): boolean {
    const other = this.others?.get(node);
    if (other === undefined ? this.isCut : !other.isWhole) return true;
    if (this.isEntered && !this.asks && nowMs >= this.askedMs + PRESENCE_ANSWER_WITHIN_MS) return false;
    return other?.answered !== this.questions;
  }

  /**
   * Takes what is to be told: changes, or all of it. All is told only now and then, however often
   * others ask: `tellsAll` stays until then.
   *
   * @param nextVersion - Greater each time.
   */
  takeBodies(nextVersion: () => number, nowMs: number): readonly Body[] {
    const changed = this.#changed;
    const isFirst = this.#version === 0;
    const tellsAll = (this.tellsAll && nowMs >= this.#toldAllMs + TELL_ALL_EVERY_MS) || isFirst;
    this.#changed = undefined;
    this.tellsAll &&= !tellsAll;
    if (tellsAll) this.#toldAllMs = nowMs;
    if (!this.isTold) return NO_BODIES;
    if (!tellsAll) return changed === undefined ? NO_BODIES : this.#changes(changed, nextVersion);
    if (changed !== undefined) this.#version = nextVersion();
    return allBodies(this.#own, this.#version);
  }

  #changes(changed: Iterable<string>, nextVersion: () => number): readonly Body[] {
    const entries = [...changed].map((key): PresenceEntry => [key, this.#own.get(key)]);
    return changesBodies(entries, this.#version, () => (this.#version = nextVersion()));
  }
}
