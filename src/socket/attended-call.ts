// What a user gets of a call that can be a mistake of theirs: where nothing ever awaits it, the
// mistake goes to the `report` of the host. A client has no such hook.

import type { Conversation } from '../conversation/conversation.ts';
import { rejected } from '../waiting/abortable.ts';

/** Rejects a call of a user. A UsageError that nothing ever awaits is reported. */
export function reject(conversation: Conversation, error: unknown): Promise<never> {
  return attended(conversation, rejected(error));
}

/** Gives a user the promise of a call. Its UsageError is reported if nothing ever awaits it. */
export function attended<T>(conversation: Conversation, call: Promise<T>): Promise<T> {
  return conversation.settings.unattended?.attend(conversation, call) ?? call;
}
