// The store of a host that names none: sessions of this process, gone with it. It
// holds them as JSON text, so that it behaves as a store beyond a network does.

import type { SessionStore } from './session-store.ts';
import type { Clock } from '../time/clock.ts';

/** Sessions kept at once: with little data in them some 30 MB. Beyond it the one that was touched longest ago goes. */
export const MAX_MEMORY_SESSIONS = 100_000;

interface Kept {
  readonly text: string;
  /** Time of the clock; Infinity for never. */
  readonly untilMs: number;
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
  /** By id; the one that was touched longest ago comes first. */
  readonly #kept = new Map<string, Kept>();

  constructor(clock: Clock, limit: number = MAX_MEMORY_SESSIONS) {
    this.#clock = clock;
    this.#limit = limit;
  }

  /** Sessions that take room, expired ones among them. */
  get size(): number {
    return this.#kept.size;
  }

  async get(id: string): Promise<Record<string, unknown> | undefined> {
    const kept = this.#find(id);
    return kept === undefined ? undefined : (JSON.parse(kept.text) as Record<string, unknown>);
  }

  async set(id: string, data: Record<string, unknown>, timeoutMs: number): Promise<void> {
    const text = JSON.stringify(data);
    this.#sweep();
    this.#put(id, text, timeoutMs);
  }

  async touch(id: string, timeoutMs: number): Promise<void> {
    const kept = this.#find(id);
    if (kept !== undefined) this.#put(id, kept.text, timeoutMs);
  }

  async delete(id: string): Promise<void> {
    this.#kept.delete(id);
  }

  #find(id: string): Kept | undefined {
    const kept = this.#kept.get(id);
    if (kept === undefined || this.#clock.now() < kept.untilMs) return kept;
    this.#kept.delete(id);
    return undefined;
  }

  #put(id: string, text: string, timeoutMs: number): void {
    this.#kept.delete(id);
    this.#kept.set(id, { text, untilMs: this.#clock.now() + timeoutMs });
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#limit) return;
      this.#kept.delete(oldest);
    }
  }

  /** Drops expired ones from the front: sessions of one host have one time-out, so those that were touched first expire first. */
  #sweep(): void {
    const nowMs = this.#clock.now();
    for (const [id, { untilMs }] of this.#kept) {
      if (nowMs < untilMs) return;
      this.#kept.delete(id);
    }
  }
}
