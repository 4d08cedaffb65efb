// The keys of rooms under which a message was retained and removed. A node that was away may still
// retain it: what it brings is older than the removal, as long as that is remembered. For
// retained-messages.ts.

import type { RetainedEntry, RetainVersion } from './relay.ts';
import { LinkedList } from '../structures/linked-list.ts';
import type { ListNode } from '../structures/linked-list.ts';
import type { Clock } from '../time/clock.ts';
import { wallTimeOf } from '../time/real-clock.ts';
import { idleTimerAt } from '../time/scheduling.ts';

/**
 * How long a removal is remembered, where the host has a broker.
 *
 * @limit Time for which a removed message is known as removed | a node that was away for longer
 * brings back what it retains
 */
export const REMEMBERED_MS = 600_000;

/**
 * Removals that are remembered, in all rooms of a host.
 *
 * @limit Removed messages that a host knows as removed | the one that was removed first is
 * forgotten
 */
export const MAX_REMOVED_KEYS = 10_000;

/** Microseconds of a {@link RetainVersion} in a millisecond. */
const VERSION_TIMES_IN_MS = 1000;

/** A room in which something was removed. */
export interface RemovingRoom {
  removed: Map<true | string, Removed> | undefined;
  keptOnForget(): void;
}

/** One removal. */
export interface Removed extends ListNode<Removed>, RetainedEntry {
  readonly room: RemovingRoom;
  readonly key: true | string;
  /** When it is forgotten, on the clock of the host. */
  readonly untilMs: number;
}

/** Remembers what was removed in the rooms of one host. */
export class RemovedKeys {
  readonly #clock: Clock;
  readonly #oldestFirst = new LinkedList<Removed>();
  #size = 0;
  #timer: unknown;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  close(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Remembers a removal. A host without a broker has no use for it. */
  add(room: RemovingRoom, key: true | string, version: RetainVersion): void {
    if (version.node === '') return;
    // One that another node has told of may be old: it is forgotten at the same time on all nodes.
    const agoMs = Math.max(0, wallTimeOf(this.#clock) - version.time / VERSION_TIMES_IN_MS);
    const untilMs = this.#clock.now() + REMEMBERED_MS - agoMs;
    if (agoMs >= REMEMBERED_MS) return;
    const links = { previous: undefined, next: undefined };
    const removed: Removed = { room, key, data: '', version, untilMs, ...links };
    room.removed ??= new Map();
    room.removed.set(key, removed);
    this.#oldestFirst.append(removed);
    this.#size += 1;
    if (this.#size > MAX_REMOVED_KEYS) this.#expire(this.#oldestFirst.first as Removed);
    this.#setTimer();
  }

  /** Something newer takes the place of a removal. */
  forget(removed: Removed): void {
    const { room, key } = removed;
    const all = room.removed as Map<true | string, Removed>;
    all.delete(key);
    if (all.size === 0) room.removed = undefined;
    this.#oldestFirst.remove(removed);
    this.#size -= 1;
  }

  #expire(removed: Removed): void {
    this.forget(removed);
    removed.room.keptOnForget();
  }

  #setTimer(): void {
    const { first } = this.#oldestFirst;
    if (first === undefined) return;
    this.#timer ??= idleTimerAt(this.#clock, first.untilMs, () => this.#onTimer());
  }

  #onTimer(): void {
    this.#timer = undefined;
    const nowMs = this.#clock.now();
    let { first } = this.#oldestFirst;
    for (; first !== undefined && first.untilMs <= nowMs; { first } = this.#oldestFirst) this.#expire(first);
    this.#setTimer();
  }
}
