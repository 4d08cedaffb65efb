// The Clock port: where every timer of a socket or host comes from (rule 9). The
// real one is real-clock.ts, the virtual one lives in testing/.

/**
 * Tells the time and calls back later.
 *
 * 1. `now` never goes back.
 * 2. A timer runs once, never inside the call that set it, and less than a millisecond before its time at most: Node counts whole ones. Who needs it exact looks at `now`, as `Deadline` does.
 * 3. Timers run in the order of their times; at the same time, in the order in which they were set.
 * 4. A cleared timer never runs; clearing twice or late does nothing.
 * 5. `setImmediate` runs after the event loop has had a turn, in the order of the calls.
 */
export interface Clock {
  /** Milliseconds, monotonic. */
  now(): number;
  /** @param ms - 0 to 2³¹−1; longer waits are re-armed by the caller. */
  setTimeout(run: () => void, ms: number): unknown;
  clearTimeout(handle: unknown): void;
  /** After the event loop has had a turn. */
  setImmediate(run: () => void): unknown;
}
