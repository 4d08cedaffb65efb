// The options of a host: their names, units, defaults and checks. What is not
// known is refused: a misspelt limit would be no limit.

import type { Report } from './report.ts';
import { guarded, reportAsWarning } from './report.ts';
import { isSubprotocol } from './subprotocol.ts';
import { sessionSettingsOf } from '../session/session-options.ts';
import type { SessionOptions, SessionSettings } from '../session/session-options.ts';
import { DEFAULT_HEARTBEAT, heartbeatOf } from '../socket/heartbeat-option.ts';
import type { Heartbeat, HeartbeatTimes } from '../socket/heartbeat.ts';
import type { ConversationSettings } from '../socket/conversation.ts';
import { ReadTraces } from '../socket/read-traces.ts';
import { Alarms } from '../time/alarms.ts';
import type { Clock } from '../time/clock.ts';
import { realClock } from '../time/real-clock.ts';
import { TurnBudget } from '../time/turn-budget.ts';
import { badArgument, checkClock, checkCount, checkNames, checkTimer } from '../words/arguments.ts';
import {
  DEFAULT_CLOSE_TIMEOUT_MS,
  DEFAULT_HANDSHAKE_TIMEOUT_MS,
  DEFAULT_MAX_HANDSHAKES,
  DEFAULT_MAX_MESSAGE_BYTES,
  DEFAULT_POOL_SIZE,
  DEFAULT_QUEUE_BYTES,
  DEFAULT_QUEUE_MESSAGES,
  DEFAULT_WRITE_BUFFER_BYTES,
} from '../words/limits.ts';

export interface HostOptions {
  /** Largest message accepted, 1 to 2³¹−1. Default 1 MiB; beyond it 1009. */
  readonly maxMessageBytes?: number;
  /** Per socket, received and unread, 1 to 2³¹−1. Default 64. */
  readonly queueMessages?: number;
  /** Per socket, received and unread, 1 to 2³¹−1. Default 1 MiB. */
  readonly queueBytes?: number;
  /** What a full queue does: stop reading from the link (default), or close with 1008. */
  readonly overflow?: 'pause' | 'close';
  /** High-water mark of `write`, 1 to 2³¹−1. Default 64 KiB. */
  readonly writeBufferBytes?: number;
  /** `onPreServer` hooks at once, 1 to 2³¹−1; further ones wait in order. Default 256. */
  readonly maxHandshakes?: number;
  /** What a handshake may take from its request to its answer: the sessions' store, `onPreServer` with the wait for its turn, the body of its Response; 0 to 2³¹−1; beyond it 408, or 503 where the store says nothing. Default 10 000. */
  readonly handshakeTimeoutMs?: number;
  /** `onClientMessage` calls at once, over all shared sockets, 1 to 2³¹−1: the seed's pool. Default 64. */
  readonly poolSize?: number;
  /** Wait for the peer's close frame, 0 to 2³¹−1. Default 5 000. */
  readonly closeTimeoutMs?: number;
  /**
   * A ping every `intervalMs`; `timeoutMs` later without a sign of life, or with bytes
   * that nobody has taken for so long, the socket ends with 1006. Each 1 to 2³¹−1. Default
   * 25 000 and 20 000; false: none.
   */
  readonly heartbeat?: HeartbeatTimes | false;
  /** Subprotocols spoken, in order of preference. Default none. */
  readonly protocols?: readonly string[];
  /** permessage-deflate. Default false. */
  readonly compression?: boolean;
  /** Signed cookies and what they stand for, or false for none. Default false. */
  readonly sessions?: SessionOptions | false;
  /** Where all timers come from. Default: the machine's. */
  readonly clock?: Clock;
  /** Errors that no caller can be given; not the socket's own end coming out of a handler. Default: process.emitWarning. */
  readonly report?: Report;
}

/** Options checked and complete. */
export interface HostSettings extends ConversationSettings {
  readonly maxHandshakes: number;
  readonly handshakeTimeoutMs: number;
  readonly poolSize: number;
  /** undefined: none. */
  readonly heartbeat: Heartbeat | undefined;
  readonly protocols: readonly string[];
  readonly compression: boolean;
  /** undefined: none. */
  readonly sessions: SessionSettings | undefined;
  readonly report: Report;
}

/** The names of {@link HostOptions}. */
export const HOST_OPTIONS: ReadonlySet<string> = new Set<keyof HostOptions>([
  'maxMessageBytes',
  'queueMessages',
  'queueBytes',
  'overflow',
  'writeBufferBytes',
  'closeTimeoutMs',
  'maxHandshakes',
  'handshakeTimeoutMs',
  'poolSize',
  'heartbeat',
  'protocols',
  'compression',
  'sessions',
  'clock',
  'report',
]);

const DEFAULTS: Required<Omit<HostOptions, 'report' | 'clock'>> = Object.freeze({
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
  queueMessages: DEFAULT_QUEUE_MESSAGES,
  queueBytes: DEFAULT_QUEUE_BYTES,
  overflow: 'pause',
  writeBufferBytes: DEFAULT_WRITE_BUFFER_BYTES,
  closeTimeoutMs: DEFAULT_CLOSE_TIMEOUT_MS,
  maxHandshakes: DEFAULT_MAX_HANDSHAKES,
  handshakeTimeoutMs: DEFAULT_HANDSHAKE_TIMEOUT_MS,
  poolSize: DEFAULT_POOL_SIZE,
  heartbeat: DEFAULT_HEARTBEAT,
  protocols: Object.freeze([]),
  compression: false,
  sessions: false,
});

/**
 * Checks options and fills in the defaults.
 *
 * @param call - Named in errors.
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function settingsOf(call: string, options: HostOptions): HostSettings {
  checkNames(call, options, HOST_OPTIONS);
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const settings = { ...DEFAULTS, clock: realClock, report: reportAsWarning, ...given };
  checkSizes(call, settings);
  checkChoices(call, settings);
  return Object.freeze({
    ...settings,
    heartbeat: heartbeatOf(call, settings.heartbeat, settings.clock),
    protocols: Object.freeze([...settings.protocols]),
    sessions:
      settings.sessions === false ? undefined : sessionSettingsOf(call, settings.sessions, settings.clock),
    report: guarded(settings.report),
    alarms: new Alarms(settings.clock),
    budget: new TurnBudget(settings.clock),
    traces: new ReadTraces(),
  });
}

function checkSizes(call: string, settings: Required<HostOptions>): void {
  for (const name of [
    'maxMessageBytes',
    'queueMessages',
    'queueBytes',
    'writeBufferBytes',
    'maxHandshakes',
    'poolSize',
  ] as const) {
    checkCount(call, name, settings[name]);
  }
  checkTimer(call, 'closeTimeoutMs', settings.closeTimeoutMs);
  checkTimer(call, 'handshakeTimeoutMs', settings.handshakeTimeoutMs);
}

function checkChoices(
  call: string,
  { overflow, compression, protocols, clock, report }: Required<HostOptions>,
): void {
  if (overflow !== 'pause' && overflow !== 'close')
    throw badArgument(call, `overflow to be 'pause' or 'close'`, overflow);
  if (typeof compression !== 'boolean')
    throw badArgument(call, 'compression to be true or false', compression);
  if (!Array.isArray(protocols) || !Array.from<unknown>(protocols).every(isSubprotocol)) {
    throw badArgument(call, 'protocols to be an array of tokens (RFC 9110 §5.6.2)', protocols);
  }
  if (typeof report !== 'function') throw badArgument(call, 'report to be a function', report);
  checkClock(call, clock);
}
