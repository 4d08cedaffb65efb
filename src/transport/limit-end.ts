// The end of a link on which a message above the limit has arrived (promise 13 of the Transport
// port), for the transports that measure messages themselves. `ws` does it for `ws/transport.ts`.

import type { LinkEnd } from '../core/close-info.ts';

/** Says that a message of `bytes` was above the limit. */
export function limitEnd(bytes: number, maxMessageBytes: number): LinkEnd {
  const cause = new RangeError(`A message of ${bytes} bytes is above the limit of ${maxMessageBytes}`);
  return { code: 1009, reason: '', clean: false, by: 'limit', cause };
}
