// Stack traces that can be taken in any process. `Error` may be frozen, so that its limit cannot be
// set. A logger may have set `Error.prepareStackTrace`, and `stack` is then what that returns:
// anything at all, or nothing because it throws.

/** A stack; V8 makes text of it only when `stack` is read. */
export interface StackTrace {
  readonly stack?: unknown;
}

/**
 * Takes the stack of the caller. Never throws.
 *
 * @param frames - Most frames. More are taken where `Error` is frozen, none in Firefox < 138.
 * @param above - Only the frames that called this function.
 */
export function traceOf(frames: number, above?: (...args: never[]) => unknown): StackTrace {
  const trace: StackTrace = {};
  const limit = Error.stackTraceLimit;
  const isLimited = Reflect.set(Error, 'stackTraceLimit', frames);
  Error.captureStackTrace?.(trace, above);
  if (isLimited) Reflect.set(Error, 'stackTraceLimit', limit);
  return trace;
}

/** Gives the text of a stack; undefined where there is none. Never throws. */
export function textOf(trace: StackTrace | undefined): string | undefined {
  try {
    const stack = trace?.stack;
    return typeof stack === 'string' ? stack : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Makes the stack of an error lead to the caller that a trace was taken of. For an error that comes
 * up later, in a callback of the platform, whose own stack names none of the user's lines.
 */
export function showCaller<E extends Error>(error: E, trace: StackTrace | undefined): E {
  const text = textOf(trace) ?? '';
  const at = text.indexOf('\n    at ');
  if (at >= 0) Reflect.set(error, 'stack', `${error.name}: ${error.message}${text.slice(at)}`);
  return error;
}

/** Shows the given frames in place of those of an error. Without any, it stays as it is. */
export function withFrames<E extends Error>(error: E, frames: readonly string[]): E {
  if (frames.length > 0) error.stack = [String(error), ...frames.map((frame) => `    ${frame}`)].join('\n');
  return error;
}
