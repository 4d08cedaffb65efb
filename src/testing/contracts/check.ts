// The form of a port's contract: its numbered promises as named checks, for any
// test runner. Each contract is a list of these.

/** A promise of a port, and how to see that it is kept. */
export interface Check<T> {
  /** Begins with the promise's number, and says it in its words. */
  readonly name: string;
  /**
   * Rejects when the promise is broken. A promise that is broken by silence ends in
   * the runner's own time-out.
   *
   * @param make - Makes what is checked, afresh; the check disposes of it.
   */
  run(make: () => T | PromiseLike<T>): Promise<void>;
}
