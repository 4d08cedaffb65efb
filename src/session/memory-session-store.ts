// The store of a host that names none: sessions of this process, gone with it. It
// holds them as JSON text, so that it behaves as a store beyond a network does.

import type { SessionStore } from './session-store.ts';
import type { Clock } from '../time/clock.ts';

/** Sessions kept at once: with little data in them some 30 MB. Beyond it the one that was touched longest ago goes. */
export const MAX_MEMORY_SESSIONS = 100_000;

/** One session, in the line of all. */
interface Kept {
  readonly id: string;
  text: string;
  /** Time of the clock; Infinity for never. */
  untilMs: number;
  /** Who was touched before. */
  older: Kept | undefined;
  /** Who was touched next. */
  younger: Kept | undefined;
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
  // A line of its own: a Map that loses its first entries over and over is walked from its old beginning each time.
  #oldest: Kept | undefined;
  #youngest: Kept | undefined;

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
    if (kept === undefined) return this.#add({ id, text, untilMs, older: undefined, younger: undefined });
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
    this.#append(kept);
    if (this.#kept.size > this.#limit && this.#oldest !== undefined) this.#drop(this.#oldest);
  }

  #renew(kept: Kept, untilMs: number): void {
    kept.untilMs = untilMs;
    this.#unlink(kept);
    this.#append(kept);
  }

  #drop(kept: Kept): void {
    this.#kept.delete(kept.id);
    this.#unlink(kept);
  }

  /** From the oldest on: sessions of one host have one time-out, so those that were touched first expire first. */
  #dropExpired(nowMs: number): void {
    while (this.#oldest !== undefined && nowMs >= this.#oldest.untilMs) this.#drop(this.#oldest);
  }

  #append(kept: Kept): void {
    kept.older = this.#youngest;
    if (this.#youngest === undefined) this.#oldest = kept;
    else this.#youngest.younger = kept;
    this.#youngest = kept;
  }

  #unlink(kept: Kept): void {
    const { older, younger } = kept;
    if (older === undefined) this.#oldest = younger;
    else older.younger = younger;
    if (younger === undefined) this.#youngest = older;
    else younger.older = older;
    kept.older = undefined;
    kept.younger = undefined;
  }
}
