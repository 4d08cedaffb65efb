// An upgrade behind requests that are not answered yet, on the same connection. node:http emits it
// at once; a 101 would go out before their answers, which then came among the frames. Answers keep
// the order of their requests (RFC 9112 §9.3.2), so it waits. serving-host.ts and
// upgrade-registry.ts call it; `serve` itself answers plain requests at once.

import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { noop } from '../core/noop.ts';

/**
 * Runs a handshake once all requests before it are answered; at once where there are none.
 *
 * Where their answer closes the connection, or the client leaves before, the handshake runs over a
 * stream that is closed: its client counts as gone.
 */
export function whenAnswered(stream: Duplex, run: () => void): void {
  const response = unanswered(stream);
  if (response === undefined) return run();
  // node:http has removed its own listener: a reset meanwhile would end the process.
  stream.on('error', noop);
  response.once('close', () => {
    stream.off('error', noop);
    whenAnswered(stream, run);
  });
}

/** Where node:http keeps the response that it writes to a connection now. */
const RESPONSE = '_httpMessage';
type ServedStream = Duplex & { readonly [RESPONSE]?: ServerResponse | null };

/** The response that node:http writes to a connection now. */
function unanswered(stream: Duplex): ServerResponse | undefined {
  if (stream.destroyed) return undefined;
  return (stream as ServedStream)[RESPONSE] ?? undefined;
}
