// What a client is opened with, once its options are checked, and what all clients
// of a process have in common.

import type { ConversationSettings } from '../conversation/conversation.ts';
import { ReadTraces } from '../conversation/read-mistakes.ts';
import type { Clock } from '../time/clock.ts';
import { schedulingOf } from '../time/scheduling.ts';

export interface ClientSettings extends ConversationSettings {
  readonly protocols: readonly string[];
  readonly compression: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

type Shared = Pick<ConversationSettings, 'deadlines' | 'budget' | 'traces'>;

/**
 * What a client has as a socket has it of its host. Clients on one clock share timers, and the
 * budget of a turn: many under a budget each would freeze the process as one without.
 */
export function sharedBy(clock: Clock): Shared {
  const { deadlines, budget } = schedulingOf(clock);
  return { deadlines, budget, traces: new ReadTraces() };
}
