// Who is present in one room: the sockets of this node that are counted under keys, and what other
// nodes have told. room-registry.ts makes it where a room is asked about presence for the first
// time. A key leaves some time after its last socket on any node, so that a reconnect is no change.

import { PresenceChanges } from './presence-changes.ts';
import type { PresentKey, PresentKeys } from './relay.ts';
import type { CountingRoom } from './socket-rooms.ts';
import { LinkedList } from '../structures/linked-list.ts';
import type { Clock } from '../time/clock.ts';
import { inTurns } from '../time/in-turns.ts';
import { idleTimerAt } from '../time/scheduling.ts';

/**
 * How long a key stays listed after its last socket.
 *
 * @limit Time for which a key without sockets stays in `room.presence` | it has left
 */
const LEAVE_AFTER_MS = 5000;

/** Keys that are looked at in one turn, where many change: sockets have theirs in between. */
export const KEYS_A_TURN = 1000;

/**
 * Values of `meta` that are listed for one key.
 *
 * @limit Values of `meta` for one key of `room.presence`, of one node | those of later sockets are
 * not listed
 */
export const MAX_METAS = 64;

/** A key under which a socket is to be counted. */
export interface TrackedKey {
  readonly key: string;
  /** undefined: none. */
  readonly meta: unknown;
  /** With which it counts. */
  readonly bytes: number;
}

/** The rooms of a socket: they know where it is counted. */
interface CountedSocket {
  /** The keys under which it is counted, in all rooms together, and the bytes of them. */
  keys: number;
  keyBytes: number;
  present(room: object, presence: CountingRoom): void;
}

/** What the presence of a room tells its rooms. */
export interface PresenceListener {
  readonly clock: Clock;
  /** A key of this node has changed. */
  presentHere(keys: PresentKeys, key: string): void;
  /** The room may be in use no more. */
  presenceOver(): void;
}

/** The sockets of this node under one key, each with its `meta` or undefined. */
class OwnKey implements PresentKey {
  readonly #metaOf = new Map<object, unknown>();
  #metas = 0;

  get sockets(): number {
    return this.#metaOf.size;
  }

  get meta(): readonly unknown[] {
    const listed: unknown[] = [];
    const count = Math.min(this.#metas, MAX_METAS);
    for (const meta of this.#metaOf.values()) {
      if (listed.length === count) break;
      if (meta !== undefined) listed.push(meta);
    }
    return listed;
  }

  set(socket: object, meta: unknown): void {
    this.delete(socket);
    this.#metaOf.set(socket, meta);
    if (meta !== undefined) this.#metas += 1;
  }

  delete(socket: object): void {
    if (this.#metaOf.get(socket) !== undefined) this.#metas -= 1;
    this.#metaOf.delete(socket);
  }
}

/** The presence of one room that is in use. */
export class PresenceState implements CountingRoom {
  readonly #listener: PresenceListener;
  /** Keys that are counted on this node. */
  readonly #own = new Map<string, OwnKey>();
  /** The keys of each socket, with their bytes. */
  readonly #keysOf = new Map<object, Map<string, number>>();
  /** What other nodes have told, by node. */
  readonly #elsewhere = new Map<string, PresentKeys>();
  /** Keys that are listed: those with sockets, and those that leave. */
  readonly #listed = new Set<string>();
  /** What was listed last; undefined where that has changed. It is never changed itself. */
  #members: ReadonlyMap<string, PresentKey> | undefined;
  /** When keys without sockets leave: the one that is due first comes first. */
  readonly #leaving = new Map<string, number>();
  readonly #queues = new LinkedList<PresenceChanges>();
  #timer: unknown;
  #isClosed = false;

  constructor(listener: PresenceListener) {
    this.#listener = listener;
  }

  /** Whether anything of this node is counted, listens, or has just left. */
  get isInUse(): boolean {
    return this.#keysOf.size + this.#leaving.size > 0 || this.#queues.first !== undefined;
  }

  /** What `list` shows: each key with its sockets on all nodes. The same until that changes. */
  members(): ReadonlyMap<string, PresentKey> {
    this.#members ??= this.#countMembers();
    return this.#members;
  }

  #countMembers(): ReadonlyMap<string, PresentKey> {
    const members = new Map<string, PresentKey>();
    for (const key of this.#listed) {
      let sockets = 0;
      const meta: unknown[] = [];
      for (const part of this.#partsOf(key)) {
        sockets += part.sockets;
        meta.push(...part.meta);
      }
      members.set(key, { sockets, meta });
    }
    return members;
  }

  /** Counts a socket of this node under a key, once. */
  track(room: object, socket: CountedSocket, { key, meta, bytes }: TrackedKey): void {
    const keys = this.#keysOf.get(socket) ?? new Map<string, number>();
    this.#keysOf.set(socket, keys);
    if (!keys.has(key)) socket.keys += 1;
    socket.keyBytes += bytes - (keys.get(key) ?? 0);
    keys.set(key, bytes);
    socket.present(room, this);
    const own = this.#own.get(key) ?? new OwnKey();
    this.#own.set(key, own);
    own.set(socket, meta);
    this.#listener.presentHere(this.#own, key);
    this.#refresh([key]);
  }

  /** The bytes with which a socket of this node is counted under a key; undefined: it is not. */
  bytesOf(socket: object, key: string): number | undefined {
    return this.#keysOf.get(socket)?.get(key);
  }

  untrack(socket: CountedSocket): void {
    const keys = this.#keysOf.get(socket) as ReadonlyMap<string, number>;
    this.#keysOf.delete(socket);
    socket.keys -= keys.size;
    for (const [key, bytes] of keys) {
      socket.keyBytes -= bytes;
      const own = this.#own.get(key) as OwnKey;
      own.delete(socket);
      if (own.sockets === 0) this.#own.delete(key);
      this.#listener.presentHere(this.#own, key);
    }
    this.#refresh(keys.keys());
    this.#listener.presenceOver();
  }

  /**
   * Takes over what another node counts. The list has it at once; of many keys, which of them come
   * and leave is found out in later turns, too.
   *
   * @param keys - All keys that it counts. Undefined where that node has gone.
   */
  elsewhere(node: string, keys: PresentKeys | undefined, changed: Iterable<string>): void {
    if (keys === undefined) this.#elsewhere.delete(node);
    else this.#elsewhere.set(node, keys);
    inTurns(this.#listener.clock, [...changed], KEYS_A_TURN, (slice) => this.#refresh(slice));
  }

  /** Gives what changes from now on. */
  changes(): PresenceChanges {
    const queue = new PresenceChanges(this.#listener.clock, (closed) => {
      this.#queues.remove(closed);
      this.#listener.presenceOver();
    });
    this.#queues.append(queue);
    return queue;
  }

  /** The host has ended. */
  close(): void {
    this.#isClosed = true;
    this.#listener.clock.clearTimeout(this.#timer);
    this.#queues.forEach((queue) => queue.close());
  }

  *#partsOf(key: string): Iterable<PresentKey> {
    const own = this.#own.get(key);
    if (own !== undefined) yield own;
    for (const keys of this.#elsewhere.values()) {
      const part = keys.get(key);
      if (part !== undefined) yield part;
    }
  }

  /** Looks which of some keys have come, and which begin to leave. */
  #refresh(keys: Iterable<string>): void {
    this.#members = undefined;
    const joined: string[] = [];
    const leaveMs = this.#listener.clock.now() + LEAVE_AFTER_MS;
    for (const key of keys) {
      const [part] = this.#partsOf(key);
      if (part !== undefined) {
        this.#leaving.delete(key);
        this.#list(key, joined);
      } else if (this.#listed.has(key)) {
        // Where it leaves already, its time stays.
        this.#leaving.set(key, this.#leaving.get(key) ?? leaveMs);
      }
    }
    this.#setTimer();
    if (joined.length > 0) this.#queues.forEach((queue) => queue.add(joined, []));
  }

  #list(key: string, joined: string[]): void {
    if (this.#listed.has(key)) return;
    this.#listed.add(key);
    joined.push(key);
  }

  #setTimer(): void {
    const [dueMs] = this.#leaving.values();
    if (dueMs === undefined || this.#isClosed) return;
    this.#timer ??= idleTimerAt(this.#listener.clock, dueMs, () => this.#onTimer());
  }

  #onTimer(): void {
    this.#timer = undefined;
    this.#members = undefined;
    const nowMs = this.#listener.clock.now();
    const left: string[] = [];
    for (const [key, dueMs] of this.#leaving) {
      if (dueMs > nowMs || left.length === KEYS_A_TURN) break;
      this.#leaving.delete(key);
      this.#listed.delete(key);
      left.push(key);
    }
    this.#setTimer();
    if (left.length > 0) this.#queues.forEach((queue) => queue.add([], left));
    this.#listener.presenceOver();
  }
}
