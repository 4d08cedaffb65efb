// Ends of a link without a closing handshake, which are the same on every transport: a message
// above a limit has arrived (promise 13 of the Transport port), or the link is lost (promise 11).
// `ws` measures messages by itself for `ws/transport.ts`: the codes of the causes are its own.

import type { LinkEnd } from '../core/close-info.ts';
import { limitCause } from '../core/errors.ts';

/**
 * The cause of an end without a close frame and without an error: one for all links. An error of
 * its own, with a stack that says nothing, took 5 µs of each (row: handshakes).
 */
export const LINK_LOST: Error = Object.freeze(new Error('The link has ended without a close frame'));

/** Says that a message of `bytes` was above the limit. */
export function limitEnd(bytes: number, maxMessageBytes: number): LinkEnd {
  const text = `A message of ${bytes} bytes is above the limit of ${maxMessageBytes}`;
  const cause = Object.assign(limitCause('maxMessageBytes', text), {
    code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH',
  });
  return { code: 1009, reason: '', clean: false, by: 'limit', cause };
}

/** Says that a message came in more fragments than the limit. */
export function fragmentsEnd(maxFragments: number): LinkEnd {
  const text = `A message of more than ${maxFragments} fragments`;
  const cause = Object.assign(limitCause('maxFragments', text), { code: 'WS_ERR_TOO_MANY_BUFFERED_PARTS' });
  return { code: 1008, reason: '', clean: false, by: 'limit', cause };
}
