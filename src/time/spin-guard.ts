// What keeps a loop over calls that cannot wait from starving the process: a
// read after the end, a read of 0 ms, a write on a closed socket. Measured:
// 4 million such reads a second, and no timer fires (docs/internals/decisions/fairness.md).

/** From this call in a row on, a call that cannot wait yields to the event loop first. */
const YIELDING_CALL = 3;

/** Counts calls in a row that could not wait. */
export class SpinGuard {
  #inARow = 0;

  /** Counts one more. @returns true from the third in a row on: let the event loop have a turn first. */
  mustYield(): boolean {
    this.#inARow += 1;
    return this.#inARow >= YIELDING_CALL;
  }

  /** A call did something or really waited. */
  reset(): void {
    this.#inARow = 0;
  }
}
