// The one door to abort-controller-x: a wait that a signal can end. The library
// adds the listener and removes it when the wait settles (I7).

import { execute } from 'abort-controller-x';
import { allowListeners } from '#platform';
import { noop } from '../core/noop.ts';

/**
 * Waits for what `start` begins, or until the signal aborts.
 *
 * Aborting calls `cancel`, which must undo the wait before anything else can
 * settle it, and rejects with the signal's reason. A signal that is aborted
 * already rejects at once; `start` is then not called.
 *
 * A rejection that nobody looks at does not reach the process: a call that was
 * not awaited must not bring it down.
 *
 * @param start - Begins the wait, which `settle` or `fail` ends, and answers with `cancel`.
 */
export function abortable<T>(
  signal: AbortSignal,
  start: (settle: (value: T) => void, fail: (error: unknown) => void) => () => void,
): Promise<T> {
  if (signal.aborted) return rejected(signal.reason);
  // Many writes may wait on one signal.
  allowListeners(signal);
  return unattended(
    execute<T>(signal, (resolve, reject) => {
      const cancel = start(resolve, reject);
      // Whatever it returns: the library would wait for that. And it would reject with an error of its own for null.
      return () => {
        cancel();
        reject(signal.reason);
      };
    }),
  );
}

/** Rejects, without an unhandled rejection where nobody awaits it. */
export function rejected(error: unknown): Promise<never> {
  return unattended(Promise.reject(error));
}

/** Keeps a rejection from the process where nobody awaits it. */
export function unattended<T>(promise: Promise<T>): Promise<T> {
  promise.catch(noop);
  return promise;
}
