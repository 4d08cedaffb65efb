// The store of a host whose options name none: keeps sessions in this process, as JSON text, so
// that it behaves as a store beyond a network does. session-options.ts makes one for each host.

import type { SessionStore } from './session-store.ts';
import type { Clock } from '../time/clock.ts';
import { LinkedList } from '../structures/linked-list.ts';
import type { ListNode } from '../structures/linked-list.ts';

/**
 * Sessions that are kept at once: some 30 MB with little data in each. Beyond it the session that
 * was touched longest ago is dropped.
 *
 * @limit Sessions in the memory of a host | the session that was touched longest ago is dropped
 */
export const MAX_MEMORY_SESSIONS = 100_000;

/** One session, in the list of all. */
interface Kept extends ListNode<Kept> {
  readonly id: string;
  text: string;
  /** When it expires, by the clock; Infinity for never. */
  untilMs: number;
}

/**
 * A {@link SessionStore} in memory, bounded by {@link MAX_MEMORY_SESSIONS}.
 *
 * It has no timer: a session that has expired is dropped when it is read, and when any session is
 * set. It has no `lock`: no other host uses it.
 */
export class MemorySessionStore implements SessionStore {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #kept = new Map<string, Kept>();
  /**
   * The sessions in the order in which they were touched. A Map could keep the order, too, but one
   * that loses its first entries over and over is walked from its old beginning each time.
   */
  readonly #touched = new LinkedList<Kept>();

  constructor(clock: Clock, limit: number = MAX_MEMORY_SESSIONS) {
    this.#clock = clock;
    this.#limit = limit;
  }

  /** Sessions that are kept, expired ones among them. */
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
    this.#touched.append(kept);
    const { first } = this.#touched;
    if (this.#kept.size > this.#limit && first !== undefined) this.#drop(first);
  }

  #renew(kept: Kept, untilMs: number): void {
    kept.untilMs = untilMs;
    this.#touched.remove(kept);
    this.#touched.append(kept);
  }

  #drop(kept: Kept): void {
    this.#kept.delete(kept.id);
    this.#touched.remove(kept);
  }

  /**
   * Drops expired sessions, oldest first. All sessions of a host have one time-out: they expire in
   * the order in which they were touched.
   */
  #dropExpired(nowMs: number): void {
    for (
      let { first } = this.#touched;
      first !== undefined && nowMs >= first.untilMs;
      { first } = this.#touched
    ) {
      this.#drop(first);
    }
  }
}
