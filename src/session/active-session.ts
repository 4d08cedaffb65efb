// One session while a handshake or a socket of this process holds it: its members, its time-out,
// what its store is told of its activity, and its end. sessions.ts and session-handle.ts call it;
// it calls the store. What users hold is in session-handle.ts.

import type { MemorySessionStore } from './memory-session-store.ts';
import type { PendingWork } from './pending-work.ts';
import { LockWait } from './session-lock.ts';
import type { SessionLock } from './session-lock.ts';
import type { SessionCookie } from './session-cookie.ts';
import { DEFAULT_UPDATE_TIMEOUT_MS } from './session-options.ts';
import type { SessionStore } from './session-store.ts';
import type { SessionData, SessionEnd } from './session.ts';
import { Deadline } from '../time/deadline.ts';
import type { DeadlineOwner, Deadlines } from '../time/deadline.ts';
import type { Clock } from '../time/clock.ts';
import { LazySignal } from '../waiting/lazy-signal.ts';
import { LinkedList } from '../structures/linked-list.ts';
import type { ListNode } from '../structures/linked-list.ts';
import { UsageError } from '../core/errors.ts';
import { inMicrotask } from '../core/microtask.ts';

/** What all sessions of one host share. */
export interface SessionResources {
  readonly store: SessionStore;
  readonly lock: SessionLock;
  readonly cookie: SessionCookie;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  /** Runs calls of the store that no caller awaits. */
  readonly pendingWork: PendingWork;
  /** Above 0; Infinity for never. */
  readonly timeoutMs: number;
  readonly endOnClose: boolean;
  /** The sessions that a handshake or a socket holds, by id. */
  readonly active: Map<string, ActiveSession>;
  /** The store, where it is that of this host and keeps what is held; else undefined. */
  readonly memory: Pick<MemorySessionStore, 'onHeld' | 'setEmpty'> | undefined;
  /** Ends a session on all nodes, also on this one. Never rejects. Undefined without a broker. */
  endEverywhere: ((id: string) => Promise<SessionEnd>) | undefined;
}

/** The store is touched so many times in a time-out at most, and when the last socket leaves. */
const TOUCHES_PER_TIMEOUT = 4;

/** The close code of a session that is over (docs/reference/endings.md). */
const SESSION_OVER = 3008;

/** A socket, as its session sees it. */
export interface SessionSocket {
  /** Whether it closes already, or has closed. */
  readonly isEnding: boolean;
  close(code: number, reason: string, closer: 'session' | 'local'): void;
}

/** One socket in the list of its session's members. */
export class SessionMember implements ListNode<SessionMember> {
  readonly #session: ActiveSession;
  readonly socket: SessionSocket;
  // Kept by the list.
  previous: SessionMember | undefined;
  next: SessionMember | undefined;

  constructor(session: ActiveSession, socket: SessionSocket) {
    this.#session = session;
    this.socket = socket;
  }

  /** Closes the socket: the session is over. */
  close(): void {
    this.socket.close(SESSION_OVER, '', 'session');
  }

  /** An application message was received or sent. Costs one look at the clock. */
  active(): void {
    this.#session.memberOnMessage();
  }

  /** The socket has ended. Further calls do nothing. */
  release(): void {
    this.#session.memberOnRelease(this);
  }
}

/**
 * Finds the active session of an id, or makes it. Either way it is held for a handshake, which
 * joins or releases it.
 */
export function holdSession(id: string, resources: SessionResources): ActiveSession {
  const known = resources.active.get(id);
  const session = known ?? new ActiveSession(id, resources);
  if (known === undefined) {
    resources.active.set(id, session);
    resources.memory?.onHeld(id);
  }
  session.hold();
  return session;
}

/**
 * Makes an active session under a fresh id, held for a handshake. The store has not heard of it.
 */
export function beginSession(resources: SessionResources): ActiveSession {
  const session = holdSession(resources.cookie.newId(), resources);
  session.began(resources.clock.now());
  return session;
}

/**
 * A session that this process holds. It begins with `began` or, found in the store, with `renew`.
 *
 * It is over `timeoutMs` after the last activity, by one deadline, and so is the store's copy. Its
 * holders `release` it; `evict` ends it here; `destroy` ends it here and in the store.
 */
export class ActiveSession implements DeadlineOwner {
  readonly id: string;
  /** Aborts when the session is over here. */
  readonly over: LazySignal = new LazySignal();
  readonly #resources: SessionResources;
  readonly #deadline: Deadline;
  readonly #members = new LinkedList<SessionMember>();
  /** Handshakes that may become members. */
  #handshakes = 0;
  #hadMembers = false;
  /** When it was last active. */
  #activeMs = -Infinity;
  /** The activity up to which the store knows. */
  #storedMs = -Infinity;
  /** The store is not touched before. */
  #nextTouchMs: number;

  constructor(id: string, resources: SessionResources) {
    this.id = id;
    this.#resources = resources;
    this.#deadline = new Deadline(resources.deadlines, this);
    this.#nextTouchMs = resources.timeoutMs === Infinity ? Infinity : -Infinity;
  }

  get isOver(): boolean {
    return this.over.aborted;
  }

  /** @throws UsageError `COROSOCK_SESSION_OVER`. */
  refuseIfOver(): void {
    if (this.isOver) throw sessionOver();
  }

  // Its holders: handshakes and members.

  /** Holds the session for a handshake, until that calls `join` or `release`. */
  hold(): void {
    this.#handshakes += 1;
  }

  /** Ends a `hold`: no socket comes of the handshake. */
  release(): void {
    this.#handshakes -= 1;
    this.#checkFree();
  }

  /**
   * Ends a `hold`: the handshake has become a socket.
   *
   * @param socket - Closed when the session is over. When it is over already, closed soon, and not
   *   inside this call.
   */
  join(socket: SessionSocket): SessionMember {
    const member = new SessionMember(this, socket);
    this.#handshakes -= 1;
    this.#hadMembers = true;
    this.#members.append(member);
    // Before the handler hears of it: its first call on the session rejects.
    if (this.isOver) inMicrotask(() => this.#closeLate(member));
    return member;
  }

  /**
   * Called for each message of a member. A message that comes when the time-out has passed ends the
   * session: the store has dropped its copy by then, also when the deadline is late.
   */
  memberOnMessage(): void {
    const nowMs = this.#resources.clock.now();
    if (nowMs >= this.#overMs && !this.isOver) this.#expire();
    else this.renew(nowMs);
  }

  memberOnRelease(member: SessionMember): void {
    this.#members.remove(member);
    this.#checkFree();
  }

  /** The sockets that have joined it and have not ended, in the order in which they came. */
  get sockets(): readonly SessionSocket[] {
    return Array.from(this.#members, ({ socket }) => socket);
  }

  // Its time-out and its copy in the store.

  /** Starts the time-out of a fresh session. There is nothing to tell the store yet. */
  began(sinceMs: number): void {
    this.#activeMs = sinceMs;
    this.#stored(sinceMs);
  }

  /** Starts the time-out again, and touches the store's copy when that is due. */
  renew(nowMs: number = this.#resources.clock.now()): void {
    this.#activeMs = nowMs;
    if (nowMs >= this.#nextTouchMs) this.#touch(nowMs);
  }

  /**
   * Reads the data from the store. Evicts the session when the store does not have it any more.
   *
   * @returns undefined when the session is over.
   */
  async read(): Promise<SessionData | undefined> {
    // A store that is written in JavaScript may give null for nothing, as `JSON.parse` does for
    // what Redis answers.
    const data: SessionData | null | undefined = await this.#resources.store.get(this.id);
    if (data === undefined || data === null) this.evict();
    else if (!this.isOver) return data;
    return undefined;
  }

  /**
   * Writes the data to the store and renews the session: the store keeps what it is given for the
   * whole time-out, and must not keep it longer than the sockets here live.
   */
  async write(data: SessionData): Promise<void> {
    const { store, clock, timeoutMs } = this.#resources;
    const sinceMs = clock.now();
    this.#activeMs = sinceMs;
    await store.set(this.id, data, timeoutMs);
    this.#stored(sinceMs);
  }

  /** Writes no data to the store in memory, within the call. */
  writeEmpty(memory: Pick<MemorySessionStore, 'setEmpty'>): void {
    const { clock, timeoutMs } = this.#resources;
    const sinceMs = clock.now();
    this.#activeMs = sinceMs;
    memory.setEmpty(this.id, timeoutMs);
    this.#stored(sinceMs);
  }

  onDeadline(nowMs: number): void {
    if (nowMs >= this.#overMs) return this.#expire();
    if (nowMs >= this.#nextTouchMs && this.#hasNews) this.#touch(nowMs);
    this.#deadline.setAt(
      nowMs < this.#nextTouchMs ? Math.min(this.#nextTouchMs, this.#overMs) : this.#overMs,
    );
  }

  // Its end.

  /** Ends the session in this process, once: rejects what waits for it and closes its sockets. */
  evict(): void {
    if (this.isOver) return;
    this.over.abort(sessionOver);
    this.#nextTouchMs = Infinity;
    this.#deadline.stop();
    this.#delist();
    this.#members.forEach((member) => member.close());
  }

  /**
   * Evicts the session at once, then deletes it in the store, behind a write that is under way. A
   * holder of the lock delays that by 10 000 ms at most, and a lock that is down by nothing.
   *
   * @throws What the store rejects with.
   */
  async destroy(): Promise<void> {
    const { store, lock, deadlines, active } = this.#resources;
    this.evict();
    // A handshake may have opened the id again after the last socket of this one had left.
    active.get(this.id)?.evict();
    const wait = new LockWait(deadlines, DEFAULT_UPDATE_TIMEOUT_MS, []);
    let isAsked = false;
    try {
      await lock.hold(this.id, wait, () => {
        isAsked = true;
        return store.delete(this.id);
      });
    } catch (error) {
      if (isAsked) throw error;
      await store.delete(this.id);
    }
  }

  #expire(): void {
    const { endOnClose, pendingWork } = this.#resources;
    if (endOnClose) pendingWork.run(this.destroy());
    else this.evict();
  }

  #checkFree(): void {
    if (!this.#isFree || this.isOver) return;
    const { endOnClose, pendingWork, clock } = this.#resources;
    if (endOnClose && this.#hadMembers) return pendingWork.run(this.destroy());
    this.#deadline.stop();
    this.#delist();
    if (this.#hasNews) this.#touch(clock.now());
  }

  #delist(): void {
    const { active, memory } = this.#resources;
    if (active.get(this.id) !== this) return;
    active.delete(this.id);
    memory?.onHeld(this.id);
  }

  #closeLate(member: SessionMember): void {
    if (this.#members.has(member)) member.close();
  }

  // Activity is told to the store at once, then not for a while, then what came meanwhile.

  get #isFree(): boolean {
    return this.#members.first === undefined && this.#handshakes === 0;
  }

  /** Whether the store has not heard of the last activity, and has to. */
  get #hasNews(): boolean {
    return this.#activeMs > this.#storedMs && this.#nextTouchMs < Infinity;
  }

  get #overMs(): number {
    return this.#activeMs + this.#resources.timeoutMs;
  }

  /** The store has the data for the whole time-out, counted from `sinceMs`. */
  #stored(sinceMs: number): void {
    if (this.isOver) return;
    this.#storedMs = sinceMs;
    this.#waitToTouch(sinceMs);
  }

  #touch(nowMs: number): void {
    const remainingMs = Math.ceil(this.#overMs - nowMs);
    if (remainingMs <= 0) return this.#expire();
    this.#storedMs = this.#activeMs;
    this.#waitToTouch(nowMs);
    this.#resources.pendingWork.run(this.#touchStore(remainingMs));
  }

  async #touchStore(remainingMs: number): Promise<void> {
    try {
      await this.#resources.store.touch(this.id, remainingMs);
    } catch (error) {
      // The next turn tries again, with or without activity.
      this.#storedMs = -Infinity;
      throw error;
    }
  }

  #waitToTouch(nowMs: number): void {
    this.#nextTouchMs = nowMs + this.#resources.timeoutMs / TOUCHES_PER_TIMEOUT;
    if (!this.#isFree) this.#deadline.setAt(this.#nextTouchMs);
  }
}

/** Makes the error for a call on a session that is over. */
export function sessionOver(): UsageError {
  return new UsageError(
    'COROSOCK_SESSION_OVER',
    'session: expected to be live, but it has ended or timed out',
  );
}
