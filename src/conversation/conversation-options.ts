// The options that a host and a client have in common: their names, units, defaults
// and checks. What each has besides is server/host-options.ts's and
// client/connect-options.ts's.

import type { ConversationSettings } from './conversation.ts';
import { DEFAULT_HEARTBEAT, heartbeatOf } from './heartbeat-option.ts';
import type { HeartbeatOption } from './heartbeat-option.ts';
import type { Clock } from '../time/clock.ts';
import { realClock } from '../time/real-clock.ts';
import { badArgument, checkClock, checkCount, checkTimer, pickDefined } from '../core/arguments.ts';
import {
  DEFAULT_CLOSE_TIMEOUT_MS,
  DEFAULT_MAX_MESSAGE_BYTES,
  DEFAULT_QUEUE_BYTES,
  DEFAULT_QUEUE_MESSAGES,
  DEFAULT_WRITE_BUFFER_BYTES,
} from '../core/limits.ts';
import { isToken } from '../core/token.ts';

export interface ConversationOptions {
  /** Largest message accepted, 1 to 2³¹−1. Default 1 MiB; beyond it 1009. */
  readonly maxMessageBytes?: number;
  /** Per socket, received and unread, 1 to 2³¹−1. Default 64. */
  readonly queueMessages?: number;
  /** Per socket, received and unread, 1 to 2³¹−1. Default 1 MiB. */
  readonly queueBytes?: number;
  /** High-water mark of `write`, 1 to 2³¹−1. Default 64 KiB. */
  readonly writeBufferBytes?: number;
  /** Wait for the peer's close frame, 0 to 2³¹−1. Default 5 000. */
  readonly closeTimeoutMs?: number;
  /**
   * A ping every `intervalMs`; `timeoutMs` later without a sign of life, or with bytes
   * that nobody has taken for so long, the socket ends with 1006. Each 1 to 2³¹−1. Default
   * 25 000 and 20 000; false: none.
   */
  readonly heartbeat?: HeartbeatOption;
  /** Subprotocols spoken, in order of preference. Default none. */
  readonly protocols?: readonly string[];
  /** permessage-deflate. Default false. */
  readonly compression?: boolean;
  /** Where all timers come from. Default: the machine's. */
  readonly clock?: Clock;
}

/** The names of {@link ConversationOptions}. */
export const CONVERSATION_OPTIONS: readonly (keyof ConversationOptions)[] = Object.freeze([
  'maxMessageBytes',
  'queueMessages',
  'queueBytes',
  'writeBufferBytes',
  'closeTimeoutMs',
  'heartbeat',
  'protocols',
  'compression',
  'clock',
]);

/** Options checked and complete. */
export interface ConversationChoices extends Omit<
  ConversationSettings,
  'overflow' | 'deadlines' | 'budget' | 'traces'
> {
  readonly protocols: readonly string[];
  readonly compression: boolean;
}

const DEFAULTS: Required<ConversationOptions> = Object.freeze({
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
  queueMessages: DEFAULT_QUEUE_MESSAGES,
  queueBytes: DEFAULT_QUEUE_BYTES,
  writeBufferBytes: DEFAULT_WRITE_BUFFER_BYTES,
  closeTimeoutMs: DEFAULT_CLOSE_TIMEOUT_MS,
  heartbeat: DEFAULT_HEARTBEAT,
  protocols: Object.freeze([]),
  compression: false,
  clock: realClock,
});

/**
 * Checks options and fills in the defaults; names that are not among them are left alone.
 *
 * @param call - Named in errors.
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function conversationChoices(call: string, options: ConversationOptions): ConversationChoices {
  const choices = { ...DEFAULTS, ...pickDefined(options, CONVERSATION_OPTIONS) };
  const { protocols, compression, clock } = choices;
  for (const name of ['maxMessageBytes', 'queueMessages', 'queueBytes', 'writeBufferBytes'] as const) {
    checkCount(call, name, choices[name]);
  }
  checkTimer(call, 'closeTimeoutMs', choices.closeTimeoutMs);
  if (!Array.isArray(protocols) || !Array.from<unknown>(protocols).every(isToken)) {
    throw badArgument(call, 'protocols to be an array of tokens (RFC 9110 §5.6.2)', protocols);
  }
  if (typeof compression !== 'boolean')
    throw badArgument(call, 'compression to be true or false', compression);
  checkClock(call, clock);
  const heartbeat = heartbeatOf(call, choices.heartbeat, clock);
  return { ...choices, heartbeat, protocols: Object.freeze([...choices.protocols]) };
}
