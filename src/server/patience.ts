// How long a handshake may take, and for whom: one timer and one signal. The
// upgrade begins it; time, the client or the host end it.

import type { Clock } from '../time/clock.ts';
import { LazySignal } from '../time/lazy-signal.ts';
import type { HandshakeEnd } from '../words/errors.ts';
import { HandshakeOverError } from '../words/errors.ts';

/** Waits for a hook, within limits. */
export class Patience {
  /** Aborts with HandshakeOverError. */
  readonly over: LazySignal = new LazySignal();
  readonly #clock: Clock;
  readonly #timer: unknown;
  #why: HandshakeEnd | undefined;

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#timer = clock.setTimeout(() => this.end('late'), timeoutMs);
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
    this.#clock.clearTimeout(this.#timer);
  }
}
