// How long a handshake may take: one timer and one signal. admission.ts makes it; time, the client
// (early-data.ts) or the host end it.

import type { Clock } from '../time/clock.ts';
import { LazyTimer } from '../time/lazy-timer.ts';
import { LazySignal } from '../waiting/lazy-signal.ts';
import type { ListNode } from '../structures/linked-list.ts';
import type { HandshakeEnd } from '../core/errors.ts';
import { HandshakeOverError } from '../core/errors.ts';

/** Ends a handshake that is not decided in time. */
export class HandshakeDeadline implements ListNode<HandshakeDeadline> {
  /** Aborts with HandshakeOverError; `handshake.signal`. */
  readonly over: LazySignal = new LazySignal();
  readonly clock: Clock;
  readonly #dueMs: number;
  #timer: LazyTimer | undefined;
  #why: HandshakeEnd | undefined;
  // Set by the list of the admission.
  previous: HandshakeDeadline | undefined;
  next: HandshakeDeadline | undefined;

  /** @param timeoutMs - Counted from now. */
  constructor(clock: Clock, timeoutMs: number) {
    this.clock = clock;
    this.#dueMs = clock.now() + timeoutMs;
  }

  /**
   * Arms the timer in the next turn. A handshake that is decided in its turn costs no timer, as
   * most are: their hook looks something up in memory.
   *
   * @param onWait - Called when the timer is armed; never where it was stopped before.
   */
  begin(onWait: () => void): void {
    this.#timer = new LazyTimer(this.clock, this.#dueMs, () => this.end('late'), onWait);
  }

  /** Why it has ended; undefined while it has not. */
  get why(): HandshakeEnd | undefined {
    return this.#why;
  }

  /** Ends the handshake; only the first call counts. */
  end(why: HandshakeEnd): void {
    this.#why ??= why;
    this.stop();
    this.over.abort(() => new HandshakeOverError(why));
  }

  /** Cancels the timer: the handshake is decided. It can still be ended. */
  stop(): void {
    this.#timer?.stop();
  }
}
