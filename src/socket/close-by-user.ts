// The close of both ends, in one place: `close` of a client (client-socket.ts) and `endServer` of a
// server's socket (server/hosted-socket.ts). Checks code and reason, then closes the conversation.

import { reject } from './attended-call.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { checkClose } from '../core/arguments.ts';
import type { CloseInfo } from '../core/close-info.ts';

/**
 * Closes the conversation on behalf of the user. Only the first call counts.
 *
 * @param call - Named in errors.
 * @returns How the conversation really ended.
 * @throws UsageError `COROSOCK_CLOSE_CODE`, `COROSOCK_CLOSE_REASON`; the conversation goes on.
 */
export function closeByUser(
  call: string,
  conversation: Conversation,
  code: number,
  reason: string,
): Promise<CloseInfo> {
  try {
    checkClose(call, code, reason);
  } catch (error) {
    return reject(conversation, error);
  }
  conversation.close(code, reason, 'local');
  return conversation.closed;
}
