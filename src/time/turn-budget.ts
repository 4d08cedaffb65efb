// Fairness of a host (docs/internals/decisions/fairness.md). A read or write that is served
// without waiting does not return to the event loop. A peer that floods us, or takes all that we
// write, would freeze every other socket. So all sockets of a host share one budget per turn.

import type { Clock } from './clock.ts';

/** After so many messages that are served without waiting, the budget looks at the clock. */
export const BUDGET_MESSAGES = 64;
/**
 * Longest time for which reads and writes that do not wait hold the event loop. Two such times may
 * meet in one turn: what comes from the network, and what has waited for a later turn.
 *
 * @limit Time in one turn for reads and writes that never wait | other sockets and timers get their
 * turn
 */
export const BUDGET_MS = 4;
/** Behind that time there is so much more: for each socket a little, not for one that floods us. */
export const RESERVE_MS = 1;
/** Reads and writes in a row that a socket has of the reserve. */
export const RESERVE_MESSAGES = 32;

/** Tells when reads and writes that did not wait have held the event loop for too long. */
export class TurnBudget {
  readonly #clock: Clock;
  #served = 0;
  /** The time of the first look at the clock in this turn; undefined before. */
  #sinceMs: number | undefined;
  /** When the reserve ends; undefined before it begins. */
  #untilMs: number | undefined;
  /** Who has spent of the reserve last, and how many messages in a row. */
  #latest: object | undefined;
  #inRow = 0;
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
   * @param by - Stands for the socket or channel, the same object for its reads and writes.
   * @returns true when the turn has lasted for {@link BUDGET_MS}, and the reserve has nothing for
   *   this socket: the caller then waits for a later turn.
   */
  spend(by: object): boolean {
    this.#served += 1;
    if (this.#served < BUDGET_MESSAGES) return false;
    const nowMs = this.#clock.now();
    if (this.#sinceMs === undefined) {
      this.#served = 0;
      this.#sinceMs = nowMs;
      this.#clock.setImmediate(this.#onTurn);
      return false;
    }
    if (this.#untilMs === undefined) {
      if (nowMs - this.#sinceMs <= BUDGET_MS) {
        this.#served = 0;
        return false;
      }
      this.#untilMs = nowMs + RESERVE_MS;
      // The first one to come so far is taken for the flood.
      this.#latest = by;
      this.#inRow = RESERVE_MESSAGES;
    }
    if (by !== this.#latest) this.#inRow = 0;
    this.#latest = by;
    this.#inRow += 1;
    return this.#inRow > RESERVE_MESSAGES || nowMs > this.#untilMs;
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
    this.#untilMs = undefined;
    this.#latest = undefined;
  };
}
