// How long a handshake may take, and for whom: one timer and one signal. The
// upgrade begins it; time, the client or the host end it.

import type { Clock } from '../time/clock.ts';
import { LazySignal } from '../waiting/lazy-signal.ts';
import type { ListNode } from '../structures/linked-list.ts';
import type { HandshakeEnd } from '../core/errors.ts';
import { HandshakeOverError } from '../core/errors.ts';

/** Waits for a hook, within limits. */
export class HandshakeDeadline implements ListNode<HandshakeDeadline> {
  /** Aborts with HandshakeOverError. */
  readonly over: LazySignal = new LazySignal();
  readonly #clock: Clock;
  readonly #dueMs: number;
  #timer: unknown;
  // Kept by who waits for it to end.
  previous: HandshakeDeadline | undefined;
  next: HandshakeDeadline | undefined;
  #why: HandshakeEnd | undefined;

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#dueMs = clock.now() + timeoutMs;
  }

  /** Arms the timer. What ends before costs none. */
  begin(): void {
    const leftMs = Math.max(Math.ceil(this.#dueMs - this.#clock.now()), 0);
    this.#timer = this.#clock.setTimeout(() => this.end('late'), leftMs);
  }

  /** Why it has ended; undefined while it lasts. */
  get why(): HandshakeEnd | undefined {
    return this.#why;
  }

  /** Ends it; only the first call counts. */
  end(why: HandshakeEnd): void {
    this.#why ??= why;
    this.stop();
    this.over.abort(() => new HandshakeOverError(why));
  }

  /** The hook has decided: leaves no timer behind. */
  stop(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
  }
}
