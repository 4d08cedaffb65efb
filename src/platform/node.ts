// What Node does in its own way, behind the name `#platform`: package.json gives
// browsers browser.ts in its place, with the same names. Values and calls that are
// the same everywhere do not belong here.

import { AsyncLocalStorage } from 'node:async_hooks';
import { setMaxListeners } from 'node:events';

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

/** Gives a warning that is no error. */
export function warn(text: string, code: string): void {
  process.emitWarning(text, { type: 'CorosockWarning', code });
}

/** Lets any number of waits listen to one signal: Node warns from the eleventh on. */
export function allowListeners(signal: AbortSignal): void {
  setMaxListeners(0, signal);
}

/** In the AsyncLocalStorage context of nobody. */
const outside = AsyncLocalStorage.snapshot();

/**
 * Sets a timer that does not hold the process.
 *
 * Many sockets share one, set again by itself: it must not run what is one's own in the
 * context of another, nor keep that alive.
 */
export function startTimer(run: () => void, ms: number): unknown {
  return outside(setTimeout, run, ms).unref();
}

/** Runs it after the event loop has had a turn, in the order of the calls. */
export function nextTurn(run: () => void): unknown {
  return setImmediate(run);
}
