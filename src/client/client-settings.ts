// The settings that a client is opened with, and those that all clients on one clock share.
// `connect-options.ts` makes them of the options, `open-client.ts` uses them.

import type { ConversationSettings } from '../conversation/conversation.ts';
import { ReadTraces } from '../conversation/read-mistakes.ts';
import type { Clock } from '../time/clock.ts';
import { schedulingOf } from '../time/scheduling.ts';

/** The options of a client, checked and filled in, and what it shares with other clients. */
export interface ClientSettings extends ConversationSettings {
  readonly protocols: readonly string[];
  readonly compression: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

type Shared = Pick<ConversationSettings, 'deadlines' | 'budget' | 'traces'>;

/**
 * Gives a client what a server's socket has from its host. Clients on one clock share the timers
 * and the budget of a turn: with a budget each, many clients would block the event loop.
 */
export function sharedSettings(clock: Clock): Shared {
  const { deadlines, budget } = schedulingOf(clock);
  return { deadlines, budget, traces: new ReadTraces() };
}
