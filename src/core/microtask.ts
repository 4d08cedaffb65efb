// `queueMicrotask` as it was when this file was loaded. jest's fake timers replace it unless told
// otherwise: a message in memory would never arrive.

const original = queueMicrotask;
const settled = Promise.resolve();

/**
 * Runs a function behind the promise jobs that are queued by now, in the order of the calls.
 *
 * Where a fake of `@sinonjs/fake-timers` stands already, which says so by `clock`, promises run it.
 */
export const inMicrotask: (run: () => void) => void =
  'clock' in original ? (run) => void settled.then(run) : original;
