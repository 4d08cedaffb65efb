// The one warning of the library that is not an error: the default `len`, which is
// that of `%CSP.WebSocket`, has cut a message, and the caller may not know that a rest is waiting.

import { DEFAULT_READ_LENGTH } from './pending-read.ts';
import { warn } from '#platform';

let given = false;

/** Warns, once in a process, that the default `len` of `read` has cut a message (`COROSOCK_CUT`). */
export function warnOfCut(): void {
  if (given) return;
  given = true;
  warn(
    `ws.read() returned the first ${DEFAULT_READ_LENGTH} units of a longer message; the next read goes on with the rest. ` +
      'Use ws.readMessage() for whole messages, or pass len.',
    'COROSOCK_CUT',
  );
}
