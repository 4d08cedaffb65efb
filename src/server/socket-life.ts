// How long one socket lives: until its credential ends (`handshake.expiresAt`, `ws.renew`), and
// for `maxLifetimeMs` of its host. handler-run.ts makes one for a socket that has one of the two,
// and closes the socket as it says. Sessions that time out are session/active-session.ts's.

import { DEFAULT_GRACE_MS } from './close-report.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { Deadline } from '../time/deadline.ts';
import type { DeadlineOwner, Deadlines } from '../time/deadline.ts';
import type { Clock } from '../time/clock.ts';
import { machineRandomness } from '../platform/random-ids.ts';
import type { Randomness } from '../platform/random-ids.ts';
import { wallTimeOf } from '../time/real-clock.ts';

/**
 * The time of day is looked at so often while a credential lives: a machine that has slept, or
 * whose clock was set, ends it this late at most. Sockets also share the timers of this wait.
 */
const LOOK_AGAIN_MS = 60_000;

/** A socket lives up to this part of `maxLifetimeMs` longer, at random. */
const SPREAD = 0.1;

export interface SocketLifeSettings {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly maxLifetimeMs: number;
  readonly randomness?: Randomness;
  readonly expiryCode: number;
}

/** The run of a socket; an interface, because the run makes this. */
export interface LivingRun {
  readonly conversation: Pick<Conversation, 'close' | 'isEnding'>;
  /** Calls `onExpire`, and `onSettled` once. @returns false where the server has no such hook. */
  callExpire(onSettled: () => void): boolean;
  askToFinish(): void;
  shutDown(): void;
}

/** Ends one socket when its credential or its lifetime ends. */
export class SocketLife implements DeadlineOwner {
  readonly #run: LivingRun;
  readonly #settings: SocketLifeSettings;
  readonly #deadline: Deadline;
  /** When the credential ends, by the time of day; Infinity for never. */
  #expiresAt: number;
  /** When the socket is asked to finish, by the clock; Infinity for never, and afterwards. */
  #askMs: number;
  /** When the socket that was asked is closed. */
  #closeMs = Infinity;
  /** Whether `onExpire` runs. */
  #isExpiring = false;

  /** @param expiresAt - Milliseconds since 1970; Infinity for a credential that never ends. */
  constructor(run: LivingRun, settings: SocketLifeSettings, expiresAt: number) {
    const { clock, deadlines, maxLifetimeMs, randomness = machineRandomness } = settings;
    this.#run = run;
    this.#settings = settings;
    this.#deadline = new Deadline(deadlines, this);
    this.#expiresAt = expiresAt;
    this.#askMs = clock.now() + maxLifetimeMs * (1 + SPREAD * randomness.next());
    this.#arm(clock.now());
  }

  /** Replaces the end of the credential. */
  renew(expiresAt: number): void {
    this.#expiresAt = expiresAt;
    this.#deadline.stop();
    this.#arm(this.#settings.clock.now());
  }

  /** Cancels the timer: the socket has ended. */
  stop(): void {
    this.#deadline.stop();
  }

  onDeadline(nowMs: number): void {
    if (nowMs >= this.#closeMs) this.#run.shutDown();
    else if (nowMs >= this.#askMs) this.#ask(nowMs);
    if (!this.#isExpiring && this.#leftMs <= 0) this.#expire();
    this.#arm(nowMs);
  }

  #ask(nowMs: number): void {
    this.#askMs = Infinity;
    this.#closeMs = nowMs + DEFAULT_GRACE_MS;
    this.#run.askToFinish();
  }

  #expire(): void {
    // A socket that closes already needs no credential.
    if (this.#run.conversation.isEnding) return;
    this.#isExpiring = this.#run.callExpire(() => this.#decide());
    if (!this.#isExpiring) this.#close();
  }

  /** The hook has settled, or its time is over: a credential that is not renewed has ended. */
  #decide(): void {
    this.#isExpiring = false;
    if (this.#leftMs <= 0) this.#close();
    this.#arm(this.#settings.clock.now());
  }

  #close(): void {
    this.#run.conversation.close(this.#settings.expiryCode, '', 'session');
  }

  #arm(nowMs: number): void {
    if (this.#run.conversation.isEnding) return;
    const leftMs = this.#isExpiring ? Infinity : Math.max(this.#leftMs, 0);
    const dueMs = Math.min(this.#askMs, this.#closeMs, nowMs + leftMs);
    if (dueMs < Infinity) this.#deadline.setAt(Math.min(dueMs, nowMs + LOOK_AGAIN_MS));
  }

  get #leftMs(): number {
    return this.#expiresAt - wallTimeOf(this.#settings.clock);
  }
}
