// `#platform` in Node: what Node does in its own way. package.json gives browsers browser.ts in its
// place, with the same names. A function that is the same in both does not belong here.

import { AsyncLocalStorage } from 'node:async_hooks';
import { setMaxListeners } from 'node:events';
import { storyOf } from './error-story.ts';

export { nearName } from './near-name.ts';

/** Counts the bytes of text in UTF-8, where a lone surrogate counts as U+FFFD. */
export function textBytes(text: string): number {
  return Buffer.byteLength(text);
}

/** Gives text in UTF-8, where a lone surrogate becomes U+FFFD. */
export function encodeText(text: string): Uint8Array {
  return Buffer.from(text);
}

/** Copies bytes into memory of their own. */
export function copyBytes(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.allocUnsafeSlow(bytes.byteLength);
  copy.set(bytes);
  return copy;
}

/** Emits a warning of the process. */
export function warn(text: string, code: string): void {
  process.emitWarning(text, { type: 'CorosockWarning', code });
}

/** Tells of an error that no caller can be given: a process warning (`COROSOCK_REPORT`). */
export function warnOfError(error: unknown, where: string): void {
  const { text, detail } = storyOf(error);
  process.emitWarning(`corosock, ${where}: ${text}`, {
    type: 'CorosockWarning',
    code: 'COROSOCK_REPORT',
    detail,
  });
}

/** Allows any number of listeners on a signal: Node warns of the eleventh. */
export function allowListeners(signal: AbortSignal): void {
  setMaxListeners(0, signal);
}

/** Runs a function in the AsyncLocalStorage context of this module, which is empty. */
const outside = AsyncLocalStorage.snapshot();

/**
 * Sets a timer that does not hold the process.
 *
 * Many sockets share one timer, which sets itself again. It runs outside of every
 * AsyncLocalStorage context: else it would run the work of one socket in the context of another,
 * and keep that context alive.
 */
export function startTimer(run: () => void, ms: number): unknown {
  return outside(setTimeout, run, ms).unref();
}

/** As it was when this file was loaded: jest's fake timers replace it unless told otherwise. */
const originalMicrotask = queueMicrotask;
const settled = Promise.resolve();

/**
 * Runs a function behind the promise jobs that are queued by now, in the order of the calls.
 *
 * Where a fake of `@sinonjs/fake-timers` stands already, which says so by `clock`, promises run it.
 */
export const inMicrotask: (run: () => void) => void =
  'clock' in originalMicrotask ? (run) => void settled.then(run) : originalMicrotask;

/** As it was when this file was loaded: a fake that is removed never runs what it was given. */
const originalImmediate = setImmediate;

/** Runs a function after a turn of the event loop, in the order of the calls. */
export function nextTurn(run: () => void): unknown {
  return originalImmediate(run);
}
