// How the link of a WebSocket of `ws` has ended: `ws` tells a close code, or 1006, and the rest is
// known by its transport. `transport.ts` calls it once for each link. Broken rules: violation.ts.

import { LINK_LOST } from '../unclean-end.ts';
import type { LinkEnd } from '../../core/close-info.ts';

/** What the transport knows. */
export interface EndFacts {
  /** That of the peer's close frame; 1006 if none came. */
  readonly code: number;
  readonly reason: Buffer;
  /** Whether `terminate` ended the link, and nothing else had begun to end it. */
  readonly isTerminated: boolean;
  /** The code and the reason of our close frame. */
  readonly closing: { readonly code: number; readonly reason: string } | undefined;
  /** The rule or limit that the peer has broken. */
  readonly violation: LinkEnd | undefined;
  /** Whether the peer's close frame was answered, if it came. */
  readonly isAnswered: boolean;
  /** The error of the stream. */
  readonly error: Error | undefined;
}

/** Says how the link ended. A close frame that `ws` finds after `terminate` is not the end. */
export function linkEndOf(facts: EndFacts): LinkEnd {
  const { code, closing, violation, error, isAnswered } = facts;
  if (facts.isTerminated) return { code: 1006, reason: '', clean: false, by: 'local' };
  const hasPeerClosed = code !== 1006;
  if (closing !== undefined) {
    const cause = hasPeerClosed ? undefined : (violation?.cause ?? error);
    return { ...closing, clean: hasPeerClosed, by: 'local', cause };
  }
  if (violation !== undefined) return violation;
  if (!hasPeerClosed) return { code, reason: '', clean: false, by: 'link', cause: error ?? LINK_LOST };
  // Without our answer the closing handshake was not finished.
  const cause = isAnswered ? undefined : error;
  return { code, reason: facts.reason.toString(), clean: isAnswered, by: 'peer', cause };
}
