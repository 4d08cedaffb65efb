// The end of a link on which a message above a limit has arrived (promise 13 of the Transport
// port), for the transports that measure messages themselves. `ws` does it for `ws/transport.ts`.

import type { LinkEnd } from '../core/close-info.ts';
import { limitCause } from '../core/errors.ts';

/** Says that a message of `bytes` was above the limit. */
export function limitEnd(bytes: number, maxMessageBytes: number): LinkEnd {
  const cause = limitCause(
    'maxMessageBytes',
    `A message of ${bytes} bytes is above the limit of ${maxMessageBytes}`,
  );
  return { code: 1009, reason: '', clean: false, by: 'limit', cause };
}

/** Says that a message came in more fragments than the limit. */
export function fragmentsEnd(maxFragments: number): LinkEnd {
  const cause = limitCause('maxFragments', `A message of more than ${maxFragments} fragments`);
  return { code: 1008, reason: '', clean: false, by: 'limit', cause };
}
