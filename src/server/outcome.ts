// How a handler ended, whether it was told to, and the one place that turns it into
// a close code (docs/reference/endings.md). The peer never sees an error's text.

import type { Closer, Conversation } from '../conversation/conversation.ts';
import type { LazySignal } from '../waiting/lazy-signal.ts';
import type { CloseInfo } from '../core/close-info.ts';
import { messageCloseCode } from '../core/errors.ts';

/** How a handler ended. `abandoned`: it had not, `closeTimeoutMs` after its socket had. */
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
 * the peer's message closes with a code that tells the peer so.
 *
 * @param draining - Whether the host had asked the handler to finish.
 */
export function closeCodeFor(
  handlerEnd: HandlerEnd,
  draining: 'draining' | 'serving',
): { readonly code: number; readonly closer: Closer } {
  if (handlerEnd.kind !== 'threw') return CLOSE_CODES[draining];
  return { code: messageCloseCode(handlerEnd.error) ?? 1011, closer: 'handler' };
}

/**
 * Makes one end of the errors of a handler and its child tasks: the error where there
 * is one, an AggregateError of all of them, the handler's first, where there are several.
 *
 * @param handler - What the handler has thrown, if it has.
 * @param errors - Those of its children.
 * @returns undefined where there is none.
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

/** Tells whether an error is the socket's own end, or the request to finish, coming out of a handler or a hook. */
export function isExpectedEnd(
  error: unknown,
  { over, queue: { end } }: Pick<Conversation, 'over' | 'queue'>,
  draining: LazySignal,
): boolean {
  try {
    const isObject = typeof error === 'object' && error !== null;
    if (isObject && 'closeInfo' in error) return end !== undefined && error.closeInfo === end;
    if (over.explains(error) || draining.explains(error)) return true;
    if (!isObject) return false;
    return end?.by === 'session' && 'code' in error && error.code === 'COROSOCK_SESSION_OVER';
  } catch {
    // Anything can be thrown, also what throws when it is looked at.
    return false;
  }
}
