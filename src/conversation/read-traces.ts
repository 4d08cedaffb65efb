// Where reads wait, for the error of a second one. All sockets of a host share
// the few places that are remembered: a trace costs more than a read does.

/**
 * So many parked reads of a host remember where they were called, for the error of a second read.
 * After that error, as many more do.
 */
export const TRACED_READS = 64;

/** A place in the source; V8 makes text of it only when `stack` is looked at. */
export interface ReadTrace {
  readonly stack?: string;
}

/** Remembers the first {@link TRACED_READS} reads that wait, and after each mistake as many more. */
export class ReadTraces {
  #left = TRACED_READS;

  /** @returns The place that has called `method`; undefined where it is not remembered. */
  take(method: (...args: never[]) => unknown): ReadTrace | undefined {
    if (this.#left === 0) return undefined;
    this.#left -= 1;
    return traceCaller(method);
  }

  /** A mistake was made: it may be made again. */
  refill(): void {
    this.#left = TRACED_READS;
  }
}

/** Remembers the one stack frame that called `method`; nothing where the engine cannot (Firefox before 138). */
function traceCaller(method: (...args: never[]) => unknown): ReadTrace {
  const limit = Error.stackTraceLimit;
  const trace = {};
  Error.stackTraceLimit = 1;
  Error.captureStackTrace?.(trace, method);
  Error.stackTraceLimit = limit;
  return trace;
}
