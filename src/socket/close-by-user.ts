// What `endServer` of a server's socket and `close` of a client's have in common:
// the check of what is sent, and the wait for the real end.

import type { Conversation } from '../conversation/conversation.ts';
import { rejected } from '../waiting/abortable.ts';
import { checkClose } from '../core/arguments.ts';
import type { CloseInfo } from '../core/close-info.ts';

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
