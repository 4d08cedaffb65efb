// One session while somebody in this process holds it: its members, when it was last
// active, when the store is told so, and its end. What is in it is session.ts's, and
// which sessions there are is sessions.ts's.

import type { PendingWork } from './pending-work.ts';
import { SessionPlace } from './session-place.ts';
import type { Membership, PlaceKeeper, SessionMember } from './session-place.ts';
import type { SessionStore } from './session-store.ts';
import { Deadline } from '../time/deadline.ts';
import type { DeadlineOwner } from '../time/deadline.ts';
import type { Deadlines } from '../time/deadlines.ts';
import type { Clock } from '../time/clock.ts';
import { LazySignal } from '../waiting/lazy-signal.ts';
import { LinkedList } from '../structures/linked-list.ts';
import { UsageError } from '../core/errors.ts';

export interface ActiveSessionSettings {
  readonly store: Pick<SessionStore, 'touch'>;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  /** Infinity for never. */
  readonly timeoutMs: number;
  /** Where the store is told. */
  readonly pendingWork: PendingWork;
}

/** Who hears of a session. */
export interface ActiveSessionListener {
  /** It was not active for its time-out. */
  sessionOnExpiry(session: ActiveSession): void;
  /** Nobody holds it any more. */
  sessionOnFree(session: ActiveSession): void;
}

/** The store hears of activity this often: at most once in a fourth of the time-out, and when the last socket leaves. */
const TOUCHES_PER_TIMEOUT = 4;

/**
 * A session that is held here. It begins with `began` or, found in the store, with `active`.
 *
 * It expires at the last `active` + `timeoutMs`, with one deadline, and the store's copy with it.
 */
export class ActiveSession implements DeadlineOwner, PlaceKeeper {
  readonly id: string;
  /** Aborts when it is over. */
  readonly over: LazySignal = new LazySignal();
  readonly #settings: ActiveSessionSettings;
  readonly #listener: ActiveSessionListener;
  readonly #deadline: Deadline;
  readonly #members = new LinkedList<SessionPlace>();
  /** Handshakes that may become members. */
  #handshakes = 0;
  #hadMembers = false;
  /** When it was last active. */
  #activeMs = -Infinity;
  /** What the store has counts from here on. */
  #storedMs = -Infinity;
  /** The store is not told before. */
  #nextTouchMs: number;

  constructor(id: string, settings: ActiveSessionSettings, listener: ActiveSessionListener) {
    this.id = id;
    this.#settings = settings;
    this.#listener = listener;
    this.#deadline = new Deadline(settings.deadlines, this);
    this.#nextTouchMs = settings.timeoutMs === Infinity ? Infinity : -Infinity;
  }

  get isOver(): boolean {
    return this.over.aborted;
  }

  /** Whether a socket of this process was ever in it. */
  get hadMembers(): boolean {
    return this.#hadMembers;
  }

  /** @throws UsageError `COROSOCK_SESSION_OVER`. */
  refuseIfOver(): void {
    if (this.isOver) throw sessionOver();
  }

  // Called by the handshake.

  /** A handshake holds it, until it joins or lets go. */
  hold(): void {
    this.#handshakes += 1;
  }

  release(): void {
    this.#handshakes -= 1;
    this.#checkFree();
  }

  /** The handshake has become a socket. One that comes too late is closed, not inside this call. */
  join(member: SessionMember): Membership {
    this.#handshakes -= 1;
    this.#hadMembers = true;
    const place = new SessionPlace(member, this);
    this.#members.append(place);
    if (this.isOver) this.#settings.clock.setImmediate(() => place.close());
    return place;
  }

  active(nowMs: number = this.#settings.clock.now()): void {
    this.#activeMs = nowMs;
    if (nowMs >= this.#nextTouchMs) this.#touch(nowMs);
  }

  // Called by the places of its sockets.

  /** A message was received or sent. One that comes when the time is over finds the session over: the store does not wait for an deadline that is late. */
  placeOnMessage(): void {
    const nowMs = this.#settings.clock.now();
    if (nowMs >= this.#overMs && !this.isOver) return this.#listener.sessionOnExpiry(this);
    this.active(nowMs);
  }

  placeOnLeave(place: SessionPlace): void {
    this.#members.remove(place);
    this.#checkFree();
  }

  // Called by who writes to the store, and who ends sessions.

  /** It has begun at `sinceMs`: there is nothing to tell the store. */
  began(sinceMs: number): void {
    this.#activeMs = sinceMs;
    this.stored(sinceMs);
  }

  /**
   * It is about to be written, which renews it: the store keeps what it is given for the whole
   * time-out, and must not have it longer than its sockets do.
   *
   * @returns Since when what is written counts: for {@link stored}.
   */
  renew(): number {
    this.#activeMs = this.#settings.clock.now();
    return this.#activeMs;
  }

  /** The store was given its data, for the whole time-out from `sinceMs` on. */
  stored(sinceMs: number): void {
    if (this.isOver) return;
    this.#storedMs = sinceMs;
    this.#waitToTouch(sinceMs);
  }

  /** Is over: whatever waits for it is given up, and all its sockets are closed. Once. */
  finish(): void {
    if (this.isOver) return;
    this.#nextTouchMs = Infinity;
    this.#deadline.stop();
    this.over.abort(sessionOver);
    for (const place of this.#members) place.close();
  }

  // Called by the deadline.

  onDeadline(nowMs: number): void {
    if (nowMs >= this.#overMs) return this.#listener.sessionOnExpiry(this);
    if (nowMs >= this.#nextTouchMs && this.#isUntold) this.#touch(nowMs);
    this.#deadline.setAt(
      nowMs < this.#nextTouchMs ? Math.min(this.#nextTouchMs, this.#overMs) : this.#overMs,
    );
  }

  // The store is told of activity at once, then not for a while, then of what came meanwhile.

  get #isFree(): boolean {
    return this.#members.first === undefined && this.#handshakes === 0;
  }

  get #isUntold(): boolean {
    return this.#activeMs > this.#storedMs && this.#nextTouchMs < Infinity;
  }

  get #overMs(): number {
    return this.#activeMs + this.#settings.timeoutMs;
  }

  #touch(nowMs: number): void {
    const remainingMs = Math.ceil(this.#overMs - nowMs);
    if (remainingMs <= 0) return this.#listener.sessionOnExpiry(this);
    this.#storedMs = this.#activeMs;
    this.#waitToTouch(nowMs);
    this.#settings.pendingWork.run(this.#tellStore(remainingMs));
  }

  async #tellStore(remainingMs: number): Promise<void> {
    try {
      await this.#settings.store.touch(this.id, remainingMs);
    } catch (error) {
      // The next turn tries again, whether or not there is activity.
      this.#storedMs = -Infinity;
      throw error;
    }
  }

  #waitToTouch(nowMs: number): void {
    this.#nextTouchMs = nowMs + this.#settings.timeoutMs / TOUCHES_PER_TIMEOUT;
    if (!this.#isFree) this.#deadline.setAt(this.#nextTouchMs);
  }

  #checkFree(): void {
    if (!this.#isFree || this.isOver) return;
    this.#deadline.stop();
    this.#listener.sessionOnFree(this);
    if (this.#isUntold) this.#touch(this.#settings.clock.now());
  }
}

/** Makes the error for what is done with a session that has ended. */
function sessionOver(): UsageError {
  return new UsageError(
    'COROSOCK_SESSION_OVER',
    'session: expected to be live, but it has ended or timed out',
  );
}
