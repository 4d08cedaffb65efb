// Fairness of a host (docs/internals/decisions/fairness.md). A read or write that is served
// without waiting does not return to the event loop. A peer that floods us, or takes all that we
// write, would freeze every other socket. So all sockets of a host share one budget per turn.

import type { Clock } from './clock.ts';

/**
 * After so many messages that are served without waiting, the budget looks at the clock. A prime:
 * where sockets are served in turn, looks find another one each time.
 */
export const BUDGET_MESSAGES = 61;
/**
 * Longest time for which reads and writes that do not wait hold the event loop in one turn.
 *
 * @limit Time in one turn for reads and writes that never wait | other sockets and timers get their
 * turn
 */
export const BUDGET_MS = 6;
/**
 * How long the looks at the clock may find one and the same socket in a turn: a flood.
 *
 * @limit Time in one turn for one socket whose reads and writes never wait, while no other is
 * served | other sockets and timers get their turn
 */
export const SAME_SOCKET_MS = 3;
/** A reserve behind the budget. The sockets that did not spend the budget share it. */
export const RESERVE_MS = 1;
/** Most reads and writes in a row that one socket takes from the reserve. */
export const RESERVE_MESSAGES = 32;

/** Tells when reads and writes that did not wait have held the event loop for too long. */
export class TurnBudget {
  readonly #clock: Clock;
  #served = 0;
  /** When the budget of this turn began, or its reserve; undefined before. */
  #sinceMs: number | undefined;
  /** Whether the budget is spent, and `#sinceMs` is that of the reserve. */
  #isSpent = false;
  /** The socket that was served at the latest look at the clock, and since which look. */
  #latest: object | undefined;
  #latestSinceMs = 0;
  /** How often it has taken from the reserve in a row. */
  #inRow = 0;
  /** Whether the socket that was refused last has had its 3 ms. */
  #hadItsTime = false;
  /** Whether the check phase is awaited that ends this turn. */
  #isEndAwaited = false;
  /** What waits for a later turn, and what goes on there behind it. */
  #waiting: Array<() => void> = [];
  #waitingBehind: Array<() => void> = [];
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
   * @returns true when all looks of more than {@link SAME_SOCKET_MS} have found this socket, or the
   *   turn has lasted longer than {@link BUDGET_MS} and the reserve has nothing for it. The caller
   *   then calls `later` or `okLater` at once.
   */
  spend(by: object): boolean {
    this.#served += 1;
    if (this.#served < BUDGET_MESSAGES) return false;
    const nowMs = this.#clock.now();
    if (this.#sinceMs === undefined) {
      this.#sinceMs = nowMs;
      this.#awaitEnd();
    }
    if (by !== this.#latest) {
      this.#latest = by;
      this.#latestSinceMs = nowMs;
      this.#inRow = 0;
    }
    if (!this.#isSpent && nowMs - this.#sinceMs <= BUDGET_MS) {
      if (nowMs - this.#latestSinceMs > SAME_SOCKET_MS) return (this.#hadItsTime = true);
      this.#served = 0;
      return false;
    }
    if (!this.#isSpent) {
      this.#isSpent = true;
      this.#sinceMs = nowMs;
      // The socket that ends it is most likely one of several floods: nothing of the reserve.
      this.#inRow = RESERVE_MESSAGES;
    }
    this.#inRow += 1;
    this.#hadItsTime = false;
    return this.#inRow > RESERVE_MESSAGES || nowMs - this.#sinceMs > RESERVE_MS;
  }

  /**
   * Calls back in the check phase after the next one. The next one follows the poll phase at once:
   * what went on there would have a budget of its own, and no timer would run in between.
   *
   * A socket that has had its {@link SAME_SOCKET_MS} goes on behind all others: so each of several
   * floods comes first in some turn.
   */
  later(run: () => void): void {
    (this.#hadItsTime ? this.#waitingBehind : this.#waiting).push(run);
    this.#hadItsTime = false;
    this.#awaitEnd();
  }

  /**
   * Resolves with `ok` in a later turn. All calls of one turn get the same promise: a loop that
   * writes to every socket made a promise and an immediate for each, and a write beyond the budget
   * cost fifteen times as much as one before it, and more (row: burst).
   */
  get okLater(): Promise<'ok'> {
    return (this.#later ??= new Promise((resolve) => {
      this.later(() => {
        this.#later = undefined;
        resolve('ok');
      });
    }));
  }

  #awaitEnd(): void {
    if (this.#isEndAwaited) return;
    this.#isEndAwaited = true;
    this.#clock.setImmediate(this.#onEnd);
  }

  /** The next turn begins with a new budget. Its check phase lets go on what has waited. */
  readonly #onEnd = (): void => {
    this.#isEndAwaited = false;
    this.#served = 0;
    this.#sinceMs = undefined;
    this.#isSpent = false;
    this.#latest = undefined;
    for (const run of [...this.#waiting, ...this.#waitingBehind]) this.#clock.setImmediate(run);
    this.#waiting = [];
    this.#waitingBehind = [];
  };
}
