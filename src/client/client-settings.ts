// What a client is opened with, once its options are checked, and what all clients
// of a process have in common.

import type { ConversationSettings } from '../socket/conversation.ts';
import { ReadTraces } from '../socket/read-traces.ts';
import { Alarms } from '../time/alarms.ts';
import type { Clock } from '../time/clock.ts';
import { TurnBudget } from '../time/turn-budget.ts';

export interface ClientSettings extends ConversationSettings {
  readonly protocols: readonly string[];
  readonly compression: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

type Shared = Pick<ConversationSettings, 'alarms' | 'budget' | 'traces'>;

/** There is no host to own it: many clients under a budget each would freeze the process as one without. */
const shared = new WeakMap<Clock, Shared>();

/** What clients on one clock share: timers, the budget of a turn, and the places of reads that wait. */
export function sharedBy(clock: Clock): Shared {
  let all = shared.get(clock);
  if (all === undefined) {
    all = { alarms: new Alarms(clock), budget: new TurnBudget(clock), traces: new ReadTraces() };
    shared.set(clock, all);
  }
  return all;
}
