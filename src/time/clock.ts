// The Clock port: every timer of a socket or host comes from here (rule 9). real-clock.ts is
// the clock of the machine, testing/virtual-clock.ts the one that a test moves.

/**
 * Tells the time and calls back later.
 *
 * 1. `now` never goes back.
 * 2. A timer runs once and never inside the call that set it. It may run up to one millisecond
 *    early: Node counts whole milliseconds. A caller that needs the exact time compares `now`,
 *    as `Deadline` does.
 * 3. Timers run in the order of their times; at the same time, in the order in which they were set.
 * 4. A cleared timer never runs; clearing twice or late does nothing.
 * 5. `setImmediate` runs after the event loop has had a turn, in the order of the calls.
 * 6. `wallTimeMs` is the time of day, for times that another system states. It moves as `now` does,
 *    until a person or a time server sets it, forwards or back.
 */
export interface Clock {
  /** Milliseconds, monotonic. */
  now(): number;
  /**
   * @param ms - 0 to 2³¹−1; the caller sets a longer wait in pieces.
   * @param owner - What set the timer, for a clock that asks whether code waits for it.
   */
  setTimeout(run: () => void, ms: number, owner?: TimerOwner): unknown;
  clearTimeout(handle: unknown): void;
  /** Runs after the event loop has had a turn. */
  setImmediate(run: () => void): unknown;
  /** Milliseconds since 1970. Where it is missing, the time of day of the machine counts. */
  wallTimeMs?(): number;
}

/** What sets a timer of a clock. */
export interface TimerOwner {
  /** Whether no code of users waits for its timer: it is a heartbeat's, or its wait is over. */
  readonly isIdle: boolean;
}
