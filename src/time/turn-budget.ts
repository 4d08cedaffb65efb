// Fairness of a host (docs/internals/decisions/fairness.md). A read or write that is served
// without waiting does not return to the event loop. A peer that floods us, or takes all that we
// write, would freeze every other socket. So all sockets of a host share one budget per turn.

import type { Clock } from './clock.ts';

/** After so many messages that are served without waiting, the budget looks at the clock. */
export const BUDGET_MESSAGES = 64;
/**
 * Longest time for which reads and writes that do not wait hold the event loop in one turn.
 *
 * @limit Time in one turn for reads and writes that never wait | other sockets and timers get their
 * turn
 */
export const BUDGET_MS = 8;

/** Tells when reads and writes that did not wait have held the event loop for too long. */
export class TurnBudget {
  readonly #clock: Clock;
  #served = 0;
  /** The time of the first look at the clock in this turn; undefined before. */
  #sinceMs: number | undefined;
  /** The answer to all calls of this turn that wait for a later one; undefined before the first. */
  #later: Promise<'ok'> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Counts one message that is served without waiting.
   *
   * Looks at the clock once in {@link BUDGET_MESSAGES} calls.
   *
   * @returns true when the turn has lasted for {@link BUDGET_MS}: the caller then waits for a
   *   later turn.
   */
  spend(): boolean {
    this.#served += 1;
    if (this.#served < BUDGET_MESSAGES) return false;
    const nowMs = this.#clock.now();
    if (this.#sinceMs === undefined) {
      this.#served = 0;
      this.#sinceMs = nowMs;
      this.#clock.setImmediate(this.#onTurn);
      return false;
    }
    if (nowMs - this.#sinceMs > BUDGET_MS) return true;
    this.#served = 0;
    return false;
  }

  /**
   * Resolves with `ok` in a later turn. All calls of one turn get the same promise: a loop that
   * writes to every socket made a promise and an immediate for each, and each write beyond the
   * budget cost fifteen times one before it and more (row: burst).
   */
  get okLater(): Promise<'ok'> {
    return (this.#later ??= new Promise((resolve) => {
      this.#clock.setImmediate(() => {
        this.#later = undefined;
        resolve('ok');
      });
    }));
  }

  readonly #onTurn = (): void => {
    this.#served = 0;
    this.#sinceMs = undefined;
  };
}
