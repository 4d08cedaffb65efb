// The form of a port's contract: each numbered promise as a named check, for any test runner.
// `transportContract` and `sessionStoreContract` are lists of these.

/** Checks one promise of a port. */
export interface Check<T> {
  /** The number of the promise, then words of it. */
  readonly name: string;
  /**
   * Rejects if the promise is broken. Where a broken promise means that nothing happens, the
   * check waits for ever, and the time-out of the test runner ends it.
   *
   * @param make - Makes a new instance of what is checked. The check disposes of it.
   */
  run(make: () => T | PromiseLike<T>): Promise<void>;
}
