// What `retain` keeps in the rooms of one host, within bounds over all of them: the last message of
// a room, and the last of each key. Each room holds its own in a table; the order in which all of
// them were kept is here, so that the oldest goes first.

import type { Retained } from './relay.ts';
import { copyBytes } from '#platform';
import { bytesOf } from '../core/data.ts';
import type { Data } from '../core/data.ts';
import { LinkedList } from '../structures/linked-list.ts';
import type { ListNode } from '../structures/linked-list.ts';

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
interface Kept extends ListNode<Kept> {
  readonly room: KeepingRoom;
  readonly key: true | string;
  readonly data: Data;
  /** The number of its publish in the room. */
  readonly sequence: number;
  readonly bytes: number;
}

/** A room that keeps messages. */
export interface KeepingRoom {
  readonly name: string;
  /** Oldest first. Undefined where nothing is kept. */
  kept: Map<true | string, Kept> | undefined;
  /** A message was dropped, because there are too many. */
  keptOnDrop(): void;
}

/** Keeps the messages of all rooms of one host. */
export class RetainedMessages {
  readonly #oldestFirst = new LinkedList<Kept>();
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps a message in the place of the one before. An empty one only removes that. */
  keep(room: KeepingRoom, key: true | string, data: Data, sequence: number): void {
    const older = room.kept?.get(key);
    if (older !== undefined) this.#remove(older);
    if (data.length === 0) return;
    // Bytes are the publisher's, or a view on a larger buffer.
    const own = typeof data === 'string' ? data : copyBytes(data);
    const keyBytes = key === true ? 0 : bytesOf(key);
    const bytes = bytesOf(data) + keyBytes + KEPT_OVERHEAD_BYTES;
    const kept: Kept = { room, key, data: own, sequence, bytes, previous: undefined, next: undefined };
    if (room.kept === undefined) this.#bytes += roomBytes(room);
    room.kept ??= new Map();
    room.kept.set(key, kept);
    this.#oldestFirst.append(kept);
    this.#bytes += bytes;
    if (room.kept.size > MAX_RETAINED_KEYS) this.#drop(room.kept.values().next().value as Kept);
    while (this.#bytes > MAX_RETAINED_BYTES) this.#drop(this.#oldestFirst.first as Kept);
  }

  /** Gives what a room keeps, of what was published up to a number. Oldest first. */
  static upTo({ kept }: KeepingRoom, sequence: number): readonly Data[] {
    if (kept === undefined) return [];
    return [...kept.values()].filter((one) => one.sequence <= sequence).map(({ data }) => data);
  }

  /** Gives all that a room keeps. */
  static of({ kept }: KeepingRoom): Retained {
    return new Map([...(kept ?? [])].map(([key, { data }]) => [key, data]));
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
