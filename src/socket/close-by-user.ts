// What `endServer` of a server's socket and `close` of a client's have in common:
// the check of what is sent, and the wait for the real end.

import type { Conversation } from './conversation.ts';
import { rejected } from '../time/abortable.ts';
import { checkClose } from '../words/arguments.ts';
import type { CloseInfo } from '../words/close-info.ts';

/** Closes for the user; what cannot be sent rejects, and the socket stays open. */
export function closeByUser(
  call: string,
  conversation: Conversation,
  code: number,
  reason: string,
): Promise<CloseInfo> {
  try {
    checkClose(call, code, reason);
  } catch (error) {
    return rejected(error);
  }
  conversation.close(code, reason, 'local');
  return conversation.closed;
}
