// One wait for a session's lock: what may end it, and what then comes of the things
// that were waited for. Who is in line is session-lock.ts's.

import { setMaxListeners } from 'node:events';
import { Deadline } from '../time/deadline.ts';
import type { DeadlineOwner } from '../time/deadline.ts';
import type { Deadlines } from '../time/deadlines.ts';
import { LazySignal } from '../waiting/lazy-signal.ts';

/** Is given up when its time is over, or when one of its signals aborts; until it is stopped. */
export class LockWait implements DeadlineOwner {
  /** Aborts when the wait is given up: with a signal's reason, or an error that {@link isTimeout} knows. */
  readonly over: LazySignal = new LazySignal();
  readonly #signals: readonly AbortSignal[];
  readonly #deadline: Deadline;
  #timeout: LockTimeoutError | undefined;

  /**
   * @param timeoutMs - ≥ 0; Infinity sets no timer.
   * @param signals - Not aborted yet.
   */
  constructor(deadlines: Deadlines, timeoutMs: number, signals: readonly AbortSignal[]) {
    this.#deadline = new Deadline(deadlines, this);
    this.#deadline.setAt(deadlines.now() + timeoutMs);
    this.#signals = signals;
    for (const signal of signals) {
      // Node warns from the eleventh listener on; many updates may wait for one session.
      setMaxListeners(0, signal);
      signal.addEventListener('abort', this.#onAbort);
    }
  }

  /** Whether an error says that the time was over. */
  isTimeout(error: unknown): boolean {
    return this.#timeout !== undefined && error === this.#timeout;
  }

  /**
   * Waits for something until the wait is given up; then rejects with the reason.
   *
   * @param late - Gets what comes after all.
   */
  until<T>(coming: Promise<T>, late?: (value: T) => void): Promise<T> {
    return this.over.until(coming, late);
  }

  /** Waits as {@link until} does; when the thing has come, nothing ends the wait any more. */
  async untilWriting<T>(coming: Promise<T>): Promise<T> {
    const value = await this.until(coming);
    if (this.over.aborted) throw this.over.reason;
    this.stop();
    return value;
  }

  /** The time no longer matters; the signals do. */
  stopClock(): void {
    this.#deadline.stop();
  }

  /** Nothing ends it any more, and nothing of it is left. */
  stop(): void {
    this.#deadline.stop();
    for (const signal of this.#signals) signal.removeEventListener('abort', this.#onAbort);
  }

  /** Called by the deadline: the time is over. */
  onDeadline(): void {
    const timeout = new LockTimeoutError();
    this.#timeout = timeout;
    this.over.abort(() => timeout);
  }

  readonly #onAbort = ({ target }: Event): void => {
    this.over.abort(() => (target as AbortSignal).reason as unknown);
  };
}

/** What a store's `lock` gets as the signal's reason when the time is over. */
class LockTimeoutError extends Error {
  override readonly name = 'AbortError';
  readonly code = 'ABORT_ERR';

  constructor() {
    super('The time to wait for the lock is over');
  }
}
