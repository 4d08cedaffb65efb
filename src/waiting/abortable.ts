// The one door to abort-controller-x: a wait that a signal can end. The library adds the
// listener, and removes it when the wait settles (I7).

import { execute } from 'abort-controller-x';
import { allowListeners } from '#platform';
import { noop } from '../core/noop.ts';
import { isThenable } from '../core/object-like.ts';
import type { Resolver } from '../core/parked-wait.ts';

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
 * @param start - Begins the wait; calls `settle` or `fail` to end it, and returns `cancel`. The
 *   resolver is that of the promise: by it `host.waits` finds the line that awaits.
 */
export function abortable<T>(
  signal: AbortSignal,
  start: (settle: (value: T) => void, fail: (error: unknown) => void, resolver: Resolver) => () => void,
): Promise<T> {
  if (signal.aborted) return rejected(signal.reason);
  // Many writes may wait on one signal; Node warns from the eleventh listener on.
  allowListeners(signal);
  return unattendedPromise<T>((resolve, reject) => {
    // Its own promise only tells the library that the wait is over: the listener is then removed.
    void execute<void>(signal, (finish) => {
      const settle = (value: T): void => {
        resolve(value);
        finish();
      };
      const fail = (error: unknown): void => {
        reject(error);
        finish();
      };
      let cancel: () => void = noop;
      try {
        cancel = start(settle, fail, resolve);
      } catch (error) {
        fail(error);
      }
      return () => {
        cancel();
        fail(signal.reason);
      };
    });
  });
}

/**
 * Makes a promise whose rejection does not reach the process. It is marked as handled only when it
 * rejects: the engine follows a promise to the line that awaits it where that is the one reaction.
 */
export function unattendedPromise<T>(
  start: (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
): Promise<T> {
  let resolve: (value: T) => void = noop;
  let reject: (error: unknown) => void = noop;
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  start(resolve, (error) => {
    void unattended(promise);
    reject(error);
  });
  return promise;
}

/**
 * Makes the promise of what a wait comes to. Its rejection does not reach the process, and it is
 * marked late, as that of {@link unattendedPromise}.
 *
 * @param change - What it throws or rejects with is the error of the promise.
 */
export function unattendedThen<T, R>(wait: Promise<T>, change: (value: T) => R | Promise<R>): Promise<R> {
  const mark = (): void => void unattended(result);
  const fail = (error: unknown): never => {
    mark();
    throw error;
  };
  const result: Promise<R> = wait.then((value) => {
    try {
      const changed = change(value);
      // One reaction, by which the engine goes on to the line that awaits.
      return isThenable(changed) ? changed.then(undefined, fail) : changed;
    } catch (error) {
      return fail(error);
    }
  }, fail);
  return result;
}

/**
 * Rejects a promise with an error that was made in a turn of its own, which no caller has begun.
 * Its stack is taken anew, in a job that the engine follows to the function that awaits.
 *
 * @param resolver - That of the promise. It is never called.
 */
export function rejectWhereAwaited(error: Error, resolver: Resolver, reject: (error: unknown) => void): void {
  const fail = (): never => {
    Error.captureStackTrace?.(error, fail);
    throw error;
  };
  void Promise.resolve().then(fail).then(resolver, reject);
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
