// The error of a request: one that a handler wants its peer to see, and one that a peer has
// answered with. json-rpc.ts writes and reads it on the wire; incoming-requests.ts decides what a
// peer sees.

import { badArgument } from '../core/arguments.ts';
import { propertyOf } from '../core/object-like.ts';

/**
 * An error that a handler of `requests` wants its peer to see, and what `request` rejects with when
 * the peer has answered with an error.
 *
 * Any other error of a handler reaches the peer as -32603 without its text. So does an error that
 * another peer has answered with (`isReply`): a relay makes one of its own of it.
 */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  /**
   * A number of your own, or one of JSON-RPC 2.0: -32700 no JSON, -32600 no request, -32601 no such
   * method, -32602 wrong params, -32603 any other fault.
   */
  readonly code: number;
  /** A value that JSON can hold; undefined for none. */
  readonly data: unknown;
  /** Whether a peer has answered with it. */
  readonly isReply: boolean = false;

  /**
   * @param code - A safe integer. JSON-RPC keeps -32768 to -32000 for itself.
   * @param data - Any value that JSON can hold. Default: none.
   * @throws UsageError `COROSOCK_ARGUMENT` for another code, or a message that is no string.
   */
  constructor(code: number, message: string, data?: unknown) {
    if (!Number.isSafeInteger(code)) throw badArgument('RequestError', 'code to be a safe integer', code);
    if (typeof message !== 'string') throw badArgument('RequestError', 'message to be a string', message);
    super(message);
    this.code = code;
    this.data = data;
  }
}

/** What `request` rejects with: the error that the peer has answered with. */
export class ReplyError extends RequestError {
  override readonly isReply = true;
}

/**
 * Tells whether a handler has thrown a {@link RequestError} of its own. Recognised by its members:
 * two copies of the package may be loaded.
 */
export function isMeantForPeer(error: unknown): error is RequestError {
  return (
    propertyOf(error, 'name') === 'RequestError' &&
    propertyOf(error, 'isReply') === false &&
    Number.isSafeInteger(propertyOf(error, 'code')) &&
    typeof propertyOf(error, 'message') === 'string'
  );
}
