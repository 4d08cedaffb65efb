// Fairness of a host (docs/internals/decisions/fairness.md). A read or write that is served
// without waiting does not return to the event loop. A peer that floods us, or takes all that we
// write, would freeze every other socket. So all sockets of a host share one budget per turn.

import type { Clock } from './clock.ts';

/**
 * After so many messages that are served without waiting, the budget looks at the clock. A prime:
 * looks find one after the other of sockets that are served in turn, unless their number is a
 * multiple of it.
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
 * How long all looks at the clock may find one and the same socket in a turn: a flood.
 *
 * @limit Time in one turn for one socket whose reads and writes never wait, where each look at the
 * clock finds that socket | other sockets and timers get their turn
 */
export const SAME_SOCKET_MS = 3;
/** A reserve behind the budget. The sockets that did not spend the budget share it. */
export const RESERVE_MS = 1;
/** Most reads and writes in a row that one socket takes from the reserve. */
export const RESERVE_MESSAGES = 32;

/** What waits for a later turn. */
interface Waiting {
  runs: Array<() => void>;
  /** The answer to all calls that get a status there; undefined before the first. */
  ok: Promise<'ok'> | undefined;
}

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
  /** The sockets that have had their 3 ms in this turn. */
  #hadTheirTime: object[] = [];
  /** Whether the check phase is awaited that ends this turn. */
  #isEndAwaited = false;
  /** What goes on in the next turn, and what goes on there behind it. */
  readonly #waiting: Waiting = { runs: [], ok: undefined };
  readonly #waitingBehind: Waiting = { runs: [], ok: undefined };

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
   *   then waits for a later turn.
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
      const hadItsTime = nowMs - this.#latestSinceMs > SAME_SOCKET_MS;
      if (hadItsTime) this.#hadTheirTime.push(by);
      else this.#served = 0;
      return hadItsTime;
    }
    if (!this.#isSpent) {
      this.#isSpent = true;
      this.#sinceMs = nowMs;
      // The socket that ends it is most likely one of several floods: nothing of the reserve.
      this.#inRow = RESERVE_MESSAGES;
    }
    this.#inRow += 1;
    return this.#inRow > RESERVE_MESSAGES || nowMs - this.#sinceMs > RESERVE_MS;
  }

  /**
   * Calls back in the check phase of the next turn. The one that ends this turn follows the poll
   * phase at once: what went on there would have a budget of its own, and no timer in between.
   *
   * A socket that has had its {@link SAME_SOCKET_MS} goes on behind all others: so each of several
   * floods comes first in some turn.
   *
   * @param by - As for `spend`.
   */
  later(run: () => void, by: object): void {
    this.#groupOf(by).runs.push(run);
  }

  /**
   * Resolves with `ok` in a later turn, as `later` calls back. Calls share a promise: a loop that
   * writes to every socket made a promise and an immediate for each, and a write beyond the budget
   * cost fifteen times as much as one before it, and more (row: burst).
   *
   * @param by - As for `spend`.
   */
  okLater(by: object): Promise<'ok'> {
    const group = this.#groupOf(by);
    return (group.ok ??= new Promise((resolve) => {
      group.runs.push(() => {
        group.ok = undefined;
        resolve('ok');
      });
    }));
  }

  #groupOf(by: object): Waiting {
    this.#awaitEnd();
    return this.#hadTheirTime.includes(by) ? this.#waitingBehind : this.#waiting;
  }

  #awaitEnd(): void {
    if (this.#isEndAwaited) return;
    this.#clock.setImmediate(this.#onEnd);
    this.#isEndAwaited = true;
  }

  /** The next turn begins with a new budget. Its check phase lets go on what has waited. */
  readonly #onEnd = (): void => {
    const runs = [...this.#waiting.runs, ...this.#waitingBehind.runs];
    this.#isEndAwaited = false;
    this.#served = 0;
    this.#sinceMs = undefined;
    this.#isSpent = false;
    this.#latest = undefined;
    this.#hadTheirTime = [];
    this.#waiting.runs = [];
    this.#waitingBehind.runs = [];
    for (const run of runs) this.#clock.setImmediate(run);
  };
}
