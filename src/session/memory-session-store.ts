// The store of a host whose options name none: keeps sessions in this process, as JSON text, so
// that it behaves as a store beyond a network does. session-options.ts makes one for each host.

import type { SessionStore } from './session-store.ts';
import type { Clock } from '../time/clock.ts';
import { LinkedList } from '../structures/linked-list.ts';
import type { ListNode } from '../structures/linked-list.ts';

/**
 * Sessions that are kept at once: some 30 MB with little data in each. Beyond it the session that
 * was touched longest ago is dropped, those without data first. What a socket or a handshake of the
 * host holds is never dropped.
 *
 * @limit Sessions in the memory of a host | of those that no socket holds, the one that was touched
 * longest ago is dropped, those without data first
 */
export const MAX_MEMORY_SESSIONS = 100_000;

/** One session, in one of the lists. */
interface Kept extends ListNode<Kept> {
  readonly id: string;
  text: string;
  /** When it expires, by the clock; Infinity for never. */
  untilMs: number;
  list: LinkedList<Kept>;
}

/** What a session without data is kept as. */
const EMPTY = '{}';

/**
 * A {@link SessionStore} in memory, bounded by {@link MAX_MEMORY_SESSIONS} and by the sockets of
 * its host.
 *
 * It has no timer: a session that has expired is dropped when it is read, and when any session is
 * set. It has no `lock`: no other host uses it. Every call takes the same time, however many
 * sessions there are.
 */
export class MemorySessionStore implements SessionStore {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #kept = new Map<string, Kept>();
  /**
   * The sessions that nothing holds, in the order in which they were touched. A Map could keep the
   * order, too, but one that loses its first entries over and over is walked from its old beginning
   * each time. Strangers fill only the list of those without data.
   */
  readonly #empty = new LinkedList<Kept>();
  readonly #filled = new LinkedList<Kept>();
  readonly #held = new LinkedList<Kept>();
  /** The sessions that sockets and handshakes of the host hold. */
  #holders: { has(id: string): boolean } = new Set();

  constructor(clock: Clock, limit: number = MAX_MEMORY_SESSIONS) {
    this.#clock = clock;
    this.#limit = limit;
  }

  /** Sessions that are kept, expired ones among them. */
  get size(): number {
    return this.#kept.size;
  }

  /** Takes over the sessions of a host that are held. Called once, before there are any. */
  keepHeld(holders: { has(id: string): boolean }): void {
    this.#holders = holders;
  }

  /** Called by the host when a session has become held, or is held no longer. */
  onHeld(id: string): void {
    // A fresh session is not stored yet.
    const kept = this.#kept.has(id) ? this.#find(id, this.#clock.now()) : undefined;
    if (kept === undefined) return;
    this.#renew(kept, kept.untilMs);
    // Sockets may have held more than the limit.
    this.#makeRoom(this.#limit, 'all');
  }

  async get(id: string): Promise<Record<string, unknown> | undefined> {
    const kept = this.#find(id, this.#clock.now());
    return kept === undefined ? undefined : (JSON.parse(kept.text) as Record<string, unknown>);
  }

  async set(id: string, data: Record<string, unknown>, timeoutMs: number): Promise<void> {
    this.#set(id, JSON.stringify(data), timeoutMs);
  }

  /** Keeps a session without data, within the call. */
  setEmpty(id: string, timeoutMs: number): void {
    this.#set(id, EMPTY, timeoutMs);
  }

  #set(id: string, text: string, timeoutMs: number): void {
    const nowMs = this.#clock.now();
    this.#dropExpired(this.#empty, nowMs);
    this.#dropExpired(this.#filled, nowMs);
    const untilMs = nowMs + timeoutMs;
    const kept = this.#kept.get(id);
    if (kept === undefined) return this.#add(id, text, untilMs);
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

  #add(id: string, text: string, untilMs: number): void {
    // A session without data takes the room of none that has some: it is worth less, and a stranger
    // makes as many as he likes. Where it is held, it stays beyond the limit.
    this.#makeRoom(this.#limit - 1, text === EMPTY ? 'empty' : 'all');
    const list = this.#listOf(id, text);
    const kept: Kept = { id, text, untilMs, list, previous: undefined, next: undefined };
    this.#kept.set(id, kept);
    list.append(kept);
  }

  #renew(kept: Kept, untilMs: number): void {
    kept.untilMs = untilMs;
    kept.list.remove(kept);
    kept.list = this.#listOf(kept.id, kept.text);
    kept.list.append(kept);
  }

  #listOf(id: string, text: string): LinkedList<Kept> {
    if (this.#holders.has(id)) return this.#held;
    return text === EMPTY ? this.#empty : this.#filled;
  }

  /** Drops sessions that nothing holds, until there are no more than `size`. */
  #makeRoom(size: number, droppable: 'empty' | 'all'): void {
    while (this.#kept.size > size) {
      const first = this.#empty.first ?? (droppable === 'all' ? this.#filled.first : undefined);
      if (first === undefined) return;
      this.#drop(first);
    }
  }

  #drop(kept: Kept): void {
    this.#kept.delete(kept.id);
    kept.list.remove(kept);
  }

  /**
   * Drops expired sessions, oldest first. All sessions of a host have one time-out: they expire in
   * the order in which they were touched. A held session ends with its sockets, and leaves then.
   */
  #dropExpired(list: LinkedList<Kept>, nowMs: number): void {
    for (let { first } = list; first !== undefined && nowMs >= first.untilMs; { first } = list) {
      this.#drop(first);
    }
  }
}
