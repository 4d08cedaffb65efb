// An AbortSignal as a source of `select`: ready for ever once it has aborted. Taking from it gives
// its reason. select-sources.ts makes a port for each select.

import { ScheduledPort } from '../time/scheduling.ts';
import { allowListeners } from '#platform';

/** The port of a signal. Each subscription is one listener, which unsubscribing removes (I7). */
export class SignalPort extends ScheduledPort<unknown> {
  readonly scheduling: undefined = undefined;
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    super();
    this.#signal = signal;
  }

  get isOver(): boolean {
    return this.#signal.aborted;
  }

  ready(): boolean {
    return this.#signal.aborted;
  }

  take(): unknown {
    return this.#signal.reason;
  }

  subscribe(wake: () => void): () => void {
    // Many selects may wait for one signal; Node warns from the eleventh listener on.
    allowListeners(this.#signal);
    // A new function each time: adding the same function twice would add one listener.
    const listener = (): void => wake();
    this.#signal.addEventListener('abort', listener);
    return () => this.#signal.removeEventListener('abort', listener);
  }
}
