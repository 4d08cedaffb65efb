// What a peer has done wrong, by the error that `ws` raised: its own close code
// for that is in a private symbol, and the 'close' event says 1006.

import type { LinkEnd } from '../../core/close-info.ts';

/** The code of WsOrderedSocket's own error. */
export const TOO_MANY_PINGS = 'WS_ERR_TOO_MANY_PINGS';

/** By `error.code` of ws 8.23, and of ours; every other WS_ERR_… is a broken rule of framing. */
const CLOSE_CODES: Readonly<Record<string, number>> = Object.freeze({
  WS_ERR_INVALID_UTF8: 1007,
  WS_ERR_TOO_MANY_BUFFERED_PARTS: 1008,
  [TOO_MANY_PINGS]: 1008,
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: 1009,
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 1009,
});

/**
 * Tells how an error of `ws` ends the link.
 *
 * @returns undefined for an error that is none of the peer's: the link is lost.
 */
export function violationOf(error: Error): LinkEnd | undefined {
  const name = 'code' in error ? String(error.code) : '';
  if (name.startsWith('WS_ERR_')) {
    const code = CLOSE_CODES[name] ?? 1002;
    const by = code === 1008 || code === 1009 ? 'limit' : 'protocol';
    return { code, reason: '', clean: false, by, cause: error };
  }
  // Deflated data that cannot be inflated: zlib's Z_DATA_ERROR, Z_BUF_ERROR …
  if (name.startsWith('Z_')) return { code: 1007, reason: '', clean: false, by: 'protocol', cause: error };
  return undefined;
}
