// The store of a host that names none: sessions of this process, gone with it. It
// holds them as JSON text, so that it behaves as a store beyond a network does.

import type { SessionStore } from './session-store.ts';
import type { Clock } from '../time/clock.ts';
import { LinkedList } from '../structures/linked-list.ts';
import type { ListNode } from '../structures/linked-list.ts';

/**
 * Sessions kept at once: with little data in them some 30 MB. Beyond it the session that was
 * touched longest ago is dropped.
 *
 * @limit Sessions in the memory of a host | the session that was touched longest ago is dropped
 */
export const MAX_MEMORY_SESSIONS = 100_000;

/** One session, in the line of all. */
interface Kept extends ListNode<Kept> {
  readonly id: string;
  text: string;
  /** Time of the clock; Infinity for never. */
  untilMs: number;
}

/**
 * A {@link SessionStore} in memory, bounded by {@link MAX_MEMORY_SESSIONS}.
 *
 * It has no timer of its own: what has expired is dropped when it is asked for, and
 * when something is set. It needs no lock: only its host sees it.
 */
export class MemorySessionStore implements SessionStore {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #kept = new Map<string, Kept>();
  /** In the order in which they were touched: a Map that loses its first entries over and over is walked from its old beginning each time. */
  readonly #line = new LinkedList<Kept>();

  constructor(clock: Clock, limit: number = MAX_MEMORY_SESSIONS) {
    this.#clock = clock;
    this.#limit = limit;
  }

  /** Sessions that take room, expired ones among them. */
  get size(): number {
    return this.#kept.size;
  }

  async get(id: string): Promise<Record<string, unknown> | undefined> {
    const kept = this.#find(id, this.#clock.now());
    return kept === undefined ? undefined : (JSON.parse(kept.text) as Record<string, unknown>);
  }

  async set(id: string, data: Record<string, unknown>, timeoutMs: number): Promise<void> {
    const text = JSON.stringify(data);
    const nowMs = this.#clock.now();
    this.#dropExpired(nowMs);
    const untilMs = nowMs + timeoutMs;
    const kept = this.#kept.get(id);
    if (kept === undefined) return this.#add({ id, text, untilMs, previous: undefined, next: undefined });
    kept.text = text;
    this.#renew(kept, untilMs);
  }

  async touch(id: string, timeoutMs: number): Promise<void> {
    const nowMs = this.#clock.now();
    const kept = this.#find(id, nowMs);
    if (kept !== undefined) this.#renew(kept, nowMs + timeoutMs);
  }

  async delete(id: string): Promise<void> {
    const kept = this.#kept.get(id);
    if (kept !== undefined) this.#drop(kept);
  }

  #find(id: string, nowMs: number): Kept | undefined {
    const kept = this.#kept.get(id);
    if (kept === undefined || nowMs < kept.untilMs) return kept;
    this.#drop(kept);
    return undefined;
  }

  #add(kept: Kept): void {
    this.#kept.set(kept.id, kept);
    this.#line.append(kept);
    const { first } = this.#line;
    if (this.#kept.size > this.#limit && first !== undefined) this.#drop(first);
  }

  #renew(kept: Kept, untilMs: number): void {
    kept.untilMs = untilMs;
    this.#line.remove(kept);
    this.#line.append(kept);
  }

  #drop(kept: Kept): void {
    this.#kept.delete(kept.id);
    this.#line.remove(kept);
  }

  /** From the oldest on: sessions of one host have one time-out, so those that were touched first expire first. */
  #dropExpired(nowMs: number): void {
    for (let { first } = this.#line; first !== undefined && nowMs >= first.untilMs; { first } = this.#line) {
      this.#drop(first);
    }
  }
}
