// How a handler ended, and the one place that turns its end into a close code
// (docs/reference/endings.md). The peer never sees the text of an error. handler-run.ts and
// run-tasks.ts call it.

import type { Closer, Conversation } from '../conversation/conversation.ts';
import type { LazySignal } from '../waiting/lazy-signal.ts';
import type { CloseInfo } from '../core/close-info.ts';
import { peerCloseCode } from '../core/errors.ts';

/** How a handler ended. `abandoned`: it still ran `closeTimeoutMs` after the end of its socket. */
export type HandlerEnd =
  | { readonly kind: 'returned' }
  | { readonly kind: 'threw'; readonly error: unknown }
  | { readonly kind: 'abandoned' };

/** How a conversation ended: its handler and its socket. */
export type Outcome = HandlerEnd & { readonly end: CloseInfo };

/** What a handler that has not thrown closes with, by whether the host had asked it to finish. */
const CLOSE_CODES = {
  draining: { code: 1001, closer: 'shutdown' },
  serving: { code: 1000, closer: 'handler' },
} as const;

/**
 * Gives what a socket closes with when its handler has ended (I6). An error that is the fault of
 * the peer closes with a code that tells the peer so.
 *
 * @param draining - Whether the host had asked the handler to finish.
 */
export function closeCodeFor(
  handlerEnd: HandlerEnd,
  draining: 'draining' | 'serving',
): { readonly code: number; readonly closer: Closer } {
  if (handlerEnd.kind !== 'threw') return CLOSE_CODES[draining];
  return { code: peerCloseCode(handlerEnd.error) ?? 1011, closer: 'handler' };
}

/**
 * Makes one end of the errors of a handler and its child tasks: the error itself where there is
 * one, an AggregateError with the handler's first where there are several.
 *
 * @param handler - What the handler has thrown; undefined where it has not.
 * @param errors - The errors of its child tasks.
 * @returns undefined for no error.
 */
export function aggregateErrors(
  handler: { readonly error: unknown } | undefined,
  errors: ReadonlySet<unknown>,
): HandlerEnd | undefined {
  const [first, ...more] = new Set(handler === undefined ? errors : [handler.error, ...errors]);
  if (handler === undefined && errors.size === 0) return undefined;
  if (more.length === 0) return { kind: 'threw', error: first };
  const all = [first, ...more];
  return {
    kind: 'threw',
    error: new AggregateError(all, `The handler and its child tasks have failed with ${all.length} errors`),
  };
}

/**
 * Tells whether an error that a handler or a hook has thrown only says that its socket has ended,
 * or that the host has asked it to finish.
 */
export function isExpectedEnd(
  error: unknown,
  { over, queue: { end }, closer }: Pick<Conversation, 'closer' | 'over' | 'queue'>,
  draining: LazySignal,
): boolean {
  try {
    const isObject = typeof error === 'object' && error !== null;
    if (isObject && 'closeInfo' in error) return end !== undefined && error.closeInfo === end;
    if (over.explains(error) || draining.explains(error)) return true;
    if (!isObject) return false;
    // A session that ends closes its sockets first: the client may not have answered yet.
    const isBySession = (end?.by ?? closer) === 'session';
    return isBySession && 'code' in error && error.code === 'COROSOCK_SESSION_OVER';
  } catch {
    // Anything can be thrown, also an object that throws when it is read.
    return false;
  }
}
