// What a client is opened with, once its options are checked, and what all clients
// of a process have in common.

import type { ConversationSettings } from '../socket/conversation.ts';
import { ReadTraces } from '../socket/read-traces.ts';
import type { Clock } from '../time/clock.ts';
import { paceOf } from '../time/pace.ts';

export interface ClientSettings extends ConversationSettings {
  readonly protocols: readonly string[];
  readonly compression: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

type Shared = Pick<ConversationSettings, 'alarms' | 'budget' | 'traces'>;

/**
 * What a client has as a socket has it of its host. Clients on one clock share timers, and the
 * budget of a turn: many under a budget each would freeze the process as one without.
 */
export function sharedBy(clock: Clock): Shared {
  const { alarms, budget } = paceOf(clock);
  return { alarms, budget, traces: new ReadTraces() };
}
