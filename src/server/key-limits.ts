// Counts sockets and handshakes by key, for `limitBy`; capacity.ts asks it. A key with sockets is
// kept. One without is kept until its bucket is full again, because then it has nothing left to
// tell: idle keys stand in two generations, and one timer drops the older one as a whole.

import { hash } from 'node:crypto';
import type { Clock } from '../time/clock.ts';
import { badArgument, checkCount, checkNames } from '../core/arguments.ts';
import { MAX_TIMER_MS } from '../core/limits.ts';
import { isThenable } from '../core/object-like.ts';
import { checkRateWindow, FULL_BUCKET, takeTokens, waitForTokens } from '../core/rate-window.ts';
import type { RateWindow } from '../core/rate-window.ts';

/** What one key may use: what `limitBy` gives. */
export interface KeyLimit {
  /** Requests with an equal key share the limits. */
  readonly key: string;
  /** Sockets and handshakes at once, 1 to 2³¹−1. Default: no limit. */
  readonly maxSockets?: number;
  /** Handshakes within a time; refused ones of this limit do not count. Default: no limit. */
  readonly handshakes?: RateWindow;
}

/**
 * Keys of one generation of idle keys; two generations are kept.
 *
 * @limit Keys of `limitBy` without sockets, in each of two generations | the older one is forgotten
 */
export const MAX_IDLE_KEYS = 65_536;

/** A longer key is kept as its hash: a client may have chosen it. */
const MAX_KEY_LENGTH = 64;

/** What a client waits that has all the sockets that it may have: we do not know when one ends. */
const SOCKETS_RETRY_MS = 5000;

/** The counts of a key that has sockets or handshakes under way. */
export interface LiveKey {
  readonly key: string;
  sockets: number;
  /** When its bucket of handshakes is full again. */
  fullMs: number;
}

/** Idle keys, with the time at which their bucket is full again. */
class Generation {
  readonly fullMs = new Map<string, number>();
  /** When the last of its buckets is full. */
  latestMs: number = FULL_BUCKET;

  add(key: string, fullMs: number): void {
    this.fullMs.set(key, fullMs);
    this.latestMs = Math.max(this.latestMs, fullMs);
  }

  /** Removes a key. @returns When its bucket is full; undefined for a key that is not here. */
  take(key: string): number | undefined {
    const fullMs = this.fullMs.get(key);
    if (fullMs !== undefined) this.fullMs.delete(key);
    return fullMs;
  }
}

/** Counts sockets and handshakes by key, in bounded memory and constant time. */
export class KeyLimits {
  readonly #clock: Clock;
  readonly #live = new Map<string, LiveKey>();
  #younger = new Generation();
  #older = new Generation();
  /** Undefined while no key is idle. */
  #timer: unknown;
  #isStopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Keys that are remembered. */
  get size(): number {
    return this.#live.size + this.#younger.fullMs.size + this.#older.fullMs.size;
  }

  /**
   * Counts a handshake, unless its key has reached a limit.
   *
   * @returns The counts, to be given to {@link leave} once; or how long the client has to wait.
   */
  enter({ key: given, maxSockets = Infinity, handshakes }: KeyLimit): LiveKey | number {
    const key = keptKey(given);
    const known = this.#live.get(key);
    if (known !== undefined && known.sockets >= maxSockets) return SOCKETS_RETRY_MS;
    const nowMs = this.#clock.now();
    const idle = this.#younger.fullMs.get(key) ?? this.#older.fullMs.get(key);
    const fullMs = known?.fullMs ?? idle ?? FULL_BUCKET;
    const waitMs = handshakes === undefined ? 0 : waitForTokens(handshakes, fullMs, nowMs, 1);
    if (waitMs > 0) return waitMs;
    const live = known ?? this.#revive(key, fullMs);
    live.sockets += 1;
    if (handshakes !== undefined) live.fullMs = takeTokens(handshakes, fullMs, nowMs, 1);
    return live;
  }

  /** Counts a socket, or a handshake of which none came, down. */
  leave(live: LiveKey): void {
    live.sockets -= 1;
    if (live.sockets > 0) return;
    this.#live.delete(live.key);
    if (live.fullMs <= this.#clock.now() || this.#isStopped) return;
    if (this.#younger.fullMs.size >= MAX_IDLE_KEYS) this.#turn();
    this.#younger.add(live.key, live.fullMs);
    if (this.#timer === undefined) this.#wait(this.#younger);
  }

  /** Forgets the idle keys, and keeps no timer any more. */
  stop(): void {
    this.#isStopped = true;
    this.#clock.clearTimeout(this.#timer);
    this.#younger = new Generation();
    this.#older = new Generation();
  }

  #revive(key: string, fullMs: number): LiveKey {
    this.#younger.take(key);
    this.#older.take(key);
    const live = { key: ownText(key), sockets: 0, fullMs };
    this.#live.set(live.key, live);
    return live;
  }

  /** Forgets the older generation. */
  #turn(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#older = this.#younger;
    this.#younger = new Generation();
    this.#wait(this.#older);
  }

  /** Sets the timer for a generation whose keys can be forgotten at its latest time. */
  #wait({ latestMs }: Generation): void {
    const leftMs = Math.max(Math.ceil(latestMs - this.#clock.now()), 0);
    this.#timer = this.#clock.setTimeout(() => this.#onTimer(), Math.min(leftMs, MAX_TIMER_MS));
  }

  #onTimer(): void {
    this.#timer = undefined;
    if (this.#older.latestMs > this.#clock.now()) return this.#wait(this.#older);
    this.#older = this.#younger;
    this.#younger = new Generation();
    if (this.#older.fullMs.size > 0) this.#wait(this.#older);
  }
}

const NAMES: ReadonlySet<string> = new Set(['key', 'maxSockets', 'handshakes']);

/**
 * Checks what `limitBy` has given.
 *
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function checkKeyLimit(call: string, limit: unknown): asserts limit is KeyLimit {
  if (typeof limit !== 'object' || limit === null || isThenable(limit)) {
    throw badArgument(call, '{ key, maxSockets, handshakes } or undefined', limit);
  }
  const { key } = limit as Partial<KeyLimit>;
  if (typeof key !== 'string') throw badArgument(call, 'key to be a string', key);
  checkLimits(call, limit, NAMES);
}

/** Checks limits that have no key, or whose key is checked elsewhere. */
export function checkLimits(call: string, limits: Partial<KeyLimit>, names: ReadonlySet<string>): void {
  checkNames(call, limits, names);
  const { maxSockets, handshakes } = limits;
  if (maxSockets !== undefined) checkCount(call, 'maxSockets', maxSockets);
  if (handshakes !== undefined) checkRateWindow(call, 'handshakes', handshakes);
}

/** One character more than the longest key that is kept as it is: no key equals a hash. */
function keptKey(key: string): string {
  return key.length <= MAX_KEY_LENGTH ? key : `#${hash('sha256', key, 'hex')}`;
}

/** Copies text: what `slice` has cut off a header keeps the whole header. */
function ownText(text: string): string {
  return JSON.parse(JSON.stringify(text)) as string;
}
