// Which rule or limit a peer has broken, by the error of `ws`: its own close code for that is in a
// private symbol, and its 'close' event says 1006. WsTransport calls it.

import type { LinkEnd } from '../../core/close-info.ts';

/** The code of the error that WsOrderedSocket raises. */
export const TOO_MANY_PINGS = 'WS_ERR_TOO_MANY_PINGS';

/** By `error.code` of ws 8.23 and of ours. Any other WS_ERR_… is a broken rule of framing. */
const CLOSE_CODES: Readonly<Record<string, number>> = Object.freeze({
  WS_ERR_INVALID_UTF8: 1007,
  WS_ERR_TOO_MANY_BUFFERED_PARTS: 1008,
  [TOO_MANY_PINGS]: 1008,
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: 1009,
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 1009,
});

/** The options that raise the limits which `ws` keeps. Pongs that are not taken have none. */
const OPTIONS: Readonly<Record<string, string>> = Object.freeze({
  WS_ERR_TOO_MANY_BUFFERED_PARTS: 'maxFragments',
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: 'maxMessageBytes',
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 'maxMessageBytes',
});

/**
 * Says how an error of `ws` ends the link. The error of a limit gets the name of its option.
 *
 * @returns undefined for an error that the peer has not caused: the link is lost.
 */
export function violationOf(error: Error): LinkEnd | undefined {
  const name = 'code' in error ? String(error.code) : '';
  if (name.startsWith('WS_ERR_')) {
    const code = CLOSE_CODES[name] ?? 1002;
    const by = code === 1008 || code === 1009 ? 'limit' : 'protocol';
    const option = OPTIONS[name];
    const cause = option === undefined ? error : Object.assign(error, { option });
    return { code, reason: '', clean: false, by, cause };
  }
  // Compressed data that is broken: Z_DATA_ERROR, Z_BUF_ERROR … of zlib.
  if (name.startsWith('Z_')) return { code: 1007, reason: '', clean: false, by: 'protocol', cause: error };
  return undefined;
}
