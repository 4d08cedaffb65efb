// What `retain` keeps in the rooms of one host, within bounds over all of them: the last message of
// a room, and the last of each key. Each room holds its own in a table; the order in which all of
// them were kept is here, so that the oldest goes first. What was removed is removed-keys.ts.

import type { Retained, RetainedEntry, RetainVersion } from './relay.ts';
import { RemovedKeys } from './removed-keys.ts';
import type { Removed } from './removed-keys.ts';
import { copyBytes } from '#platform';
import { bytesOf } from '../core/data.ts';
import type { Data } from '../core/data.ts';
import { LinkedList } from '../structures/linked-list.ts';
import type { ListNode } from '../structures/linked-list.ts';
import type { Clock } from '../time/clock.ts';

/**
 * Keys of one room under which a message is kept.
 *
 * @limit Messages that `retain` keeps in one room | the oldest is dropped, and reported
 */
export const MAX_RETAINED_KEYS = 1000;
/**
 * Bytes of all kept messages of a host, and of their keys. Each counts with
 * {@link KEPT_OVERHEAD_BYTES} more, and each room that keeps one with its name and
 * {@link KEEPING_ROOM_BYTES}.
 *
 * @limit Bytes of messages that `retain` keeps in all rooms of a host | the oldest are dropped, and
 * reported
 */
export const MAX_RETAINED_BYTES = 67_108_864;
/** What an entry costs beside its message. */
export const KEPT_OVERHEAD_BYTES = 256;
/** What a room costs that keeps something, beside its name: it is in use, also for the broker. */
export const KEEPING_ROOM_BYTES = 1024;

/** A kept message. */
interface Kept extends ListNode<Kept>, RetainedEntry {
  readonly room: KeepingRoom;
  readonly key: true | string;
  /** The number of its publish in the room. */
  sequence: number;
  readonly bytes: number;
}

/** A room that keeps messages. */
export interface KeepingRoom {
  readonly name: string;
  /** Undefined where nothing is kept. */
  kept: Map<true | string, Kept> | undefined;
  /** Undefined where nothing was removed some minutes ago. */
  removed: Map<true | string, Removed> | undefined;
  /** A message was dropped, because there are too many. */
  keptOnDrop(): void;
  /** Something that was removed is not remembered any more. */
  keptOnForget(): void;
}

/** Tells which of two is kept. */
export function isNewer(version: RetainVersion, than: RetainVersion): boolean {
  return version.time === than.time ? version.node > than.node : version.time > than.time;
}

function isSame(one: RetainVersion, other: RetainVersion): boolean {
  return one.time === other.time && one.node === other.node;
}

/** Keeps the messages of all rooms of one host. */
export class RetainedMessages {
  readonly #oldestFirst = new LinkedList<Kept>();
  readonly #removed: RemovedKeys;
  #bytes = 0;

  constructor(clock: Clock) {
    this.#removed = new RemovedKeys(clock);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Ends its timer. */
  close(): void {
    this.#removed.close();
  }

  /**
   * Keeps a message in the place of an older one, or removes that where its data is empty. Does
   * nothing where something newer was kept, or removed.
   */
  keep(room: KeepingRoom, key: true | string, { data, version }: RetainedEntry, sequence: number): void {
    const older = room.kept?.get(key);
    const removed = room.removed?.get(key);
    // Another node has brought it before it came live: members have it live all the same.
    if (older !== undefined && isSame(version, older.version)) older.sequence ||= sequence;
    for (const known of [older, removed]) if (known !== undefined && !isNewer(version, known.version)) return;
    if (older !== undefined) this.#remove(older);
    if (removed !== undefined) this.#removed.forget(removed);
    if (data.length === 0) this.#removed.add(room, key, version);
    else this.#add(room, key, { data, version }, sequence);
  }

  /** Gives what a room keeps, of what was published up to a number. Oldest first. */
  static upTo({ kept }: KeepingRoom, sequence: number): readonly Data[] {
    if (kept === undefined) return [];
    const found = [...kept.values()].filter((one) => one.sequence <= sequence);
    return found.toSorted(byAge).map(({ data }) => data);
  }

  /** Gives all that a room keeps, and what was removed. */
  static of({ kept, removed }: KeepingRoom): Retained {
    return new Map<true | string, RetainedEntry>([...(kept ?? []), ...(removed ?? [])]);
  }

  #add(room: KeepingRoom, key: true | string, { data, version }: RetainedEntry, sequence: number): void {
    // Each node drops the same, in whatever order they have come.
    const oldest = room.kept?.size === MAX_RETAINED_KEYS ? oldestOf(room.kept.values()) : undefined;
    if (oldest !== undefined && isNewer(oldest.version, version)) return;
    // Bytes are the publisher's, or a view on a larger buffer.
    const own = typeof data === 'string' ? data : copyBytes(data);
    const keyBytes = key === true ? 0 : bytesOf(key);
    const bytes = bytesOf(data) + keyBytes + KEPT_OVERHEAD_BYTES;
    const links = { previous: undefined, next: undefined };
    const kept: Kept = { room, key, data: own, version, sequence, bytes, ...links };
    if (room.kept === undefined) this.#bytes += roomBytes(room);
    room.kept ??= new Map();
    room.kept.set(key, kept);
    this.#oldestFirst.append(kept);
    this.#bytes += bytes;
    if (oldest !== undefined) this.#drop(oldest);
    while (this.#bytes > MAX_RETAINED_BYTES) this.#drop(this.#oldestFirst.first as Kept);
  }

  #drop(kept: Kept): void {
    this.#remove(kept);
    kept.room.keptOnDrop();
  }

  #remove(kept: Kept): void {
    const { room, key, bytes } = kept;
    const all = room.kept as Map<true | string, Kept>;
    all.delete(key);
    this.#oldestFirst.remove(kept);
    this.#bytes -= bytes;
    if (all.size > 0) return;
    room.kept = undefined;
    this.#bytes -= roomBytes(room);
  }
}

function roomBytes({ name }: KeepingRoom): number {
  return KEEPING_ROOM_BYTES + bytesOf(name);
}

function byAge(a: Kept, b: Kept): number {
  return isNewer(a.version, b.version) ? 1 : -1;
}

function oldestOf(all: Iterable<Kept>): Kept | undefined {
  let oldest: Kept | undefined;
  for (const kept of all) if (oldest === undefined || isNewer(oldest.version, kept.version)) oldest = kept;
  return oldest;
}
