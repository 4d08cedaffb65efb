// How a handler ended, and the one place that turns it into a close code
// (DESIGN §6). The peer never sees an error's text.

import type { Closer } from '../socket/conversation.ts';
import type { CloseInfo } from '../words/close-info.ts';

/** How a handler ended. `abandoned`: it had not, `closeTimeoutMs` after its socket had. */
export type HandlerEnd =
  | { readonly kind: 'returned' }
  | { readonly kind: 'threw'; readonly error: unknown }
  | { readonly kind: 'abandoned' };

/** How a conversation ended: its handler and its socket. */
export type Outcome = HandlerEnd & { readonly end: CloseInfo };

/**
 * Says what to close with when a handler has settled (I6).
 *
 * @param draining - Whether the host had asked it to finish.
 */
export function closingFor(
  handlerEnd: HandlerEnd,
  draining: 'draining' | 'serving',
): { readonly code: number; readonly closer: Closer } {
  switch (handlerEnd.kind) {
    case 'threw':
      return { code: 1011, closer: 'handler' };
    case 'returned':
    case 'abandoned':
      return draining === 'draining' ? { code: 1001, closer: 'shutdown' } : { code: 1000, closer: 'handler' };
    default:
      return handlerEnd satisfies never;
  }
}
