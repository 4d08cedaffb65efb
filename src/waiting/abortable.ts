// The one door to abort-controller-x: a wait that a signal can end. The library adds the
// listener, and removes it when the wait settles (I7).

import { execute } from 'abort-controller-x';
import { allowListeners } from '#platform';
import { noop } from '../core/noop.ts';

/**
 * Waits until `start` settles, or until the signal aborts.
 *
 * An abort calls `cancel`, which must undo the wait before anything else can settle it, and
 * rejects with the signal's reason. If the signal has aborted before, the promise rejects at once
 * and `start` is not called.
 *
 * A rejection without a handler does not reach the process: a call that was not awaited must not
 * end it.
 *
 * @param start - Begins the wait; calls `settle` or `fail` to end it, and returns `cancel`.
 */
export function abortable<T>(
  signal: AbortSignal,
  start: (settle: (value: T) => void, fail: (error: unknown) => void) => () => void,
): Promise<T> {
  if (signal.aborted) return rejected(signal.reason);
  // Many writes may wait on one signal; Node warns from the eleventh listener on.
  allowListeners(signal);
  return unattended(
    execute<T>(signal, (resolve, reject) => {
      const cancel = start(resolve, reject);
      // Returns nothing, since the library would wait for a promise. Rejects with the reason
      // itself, since the library would replace null by an error of its own.
      return () => {
        cancel();
        reject(signal.reason);
      };
    }),
  );
}

/** Makes a rejected promise that never becomes an unhandled rejection. */
export function rejected(error: unknown): Promise<never> {
  return unattended(Promise.reject(error));
}

/** Marks a promise as handled: its rejection does not reach the process without an `await`. */
export function unattended<T>(promise: Promise<T>): Promise<T> {
  promise.catch(noop);
  return promise;
}
