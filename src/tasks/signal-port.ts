// An AbortSignal as a source of `select`: ready once it has aborted, and then for
// ever. It gives its reason.

import { ScheduledPort } from '../time/scheduling.ts';
import { allowListeners } from '#platform';

/** The port of a signal (I7). */
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
    // Many selects may wait for one signal.
    allowListeners(this.#signal);
    // A listener of its own: one function that is added twice is one listener.
    const listener = (): void => wake();
    this.#signal.addEventListener('abort', listener);
    return () => this.#signal.removeEventListener('abort', listener);
  }
}
