// The options of a host: their names, units, defaults and checks. What is not
// known is refused: a misspelt limit would be no limit.

import type { Report } from './report.ts';
import { guarded, reportAsWarning } from './report.ts';
import { sessionSettingsOf } from '../session/session-options.ts';
import type { SessionOptions, SessionSettings } from '../session/session-options.ts';
import type { ConversationSettings } from '../conversation/conversation.ts';
import { CONVERSATION_OPTIONS, conversationChoices } from '../conversation/conversation-options.ts';
import type { ConversationOptions } from '../conversation/conversation-options.ts';
import { ReadTraces } from '../conversation/read-traces.ts';
import { Deadlines } from '../time/deadlines.ts';
import { TurnBudget } from '../time/turn-budget.ts';
import { badArgument, checkCount, checkNames, checkTimer, pickDefined } from '../core/arguments.ts';
import { DEFAULT_HANDSHAKE_TIMEOUT_MS, DEFAULT_MAX_HANDSHAKES, DEFAULT_POOL_SIZE } from '../core/limits.ts';

export interface HostOptions extends ConversationOptions {
  /** What a full queue does: stop reading from the link (default), or close with 1008. */
  readonly overflow?: 'pause' | 'close';
  /** `onPreServer` hooks at once, 1 to 2³¹−1; further ones wait in order. Default 256. */
  readonly maxHandshakes?: number;
  /** What a handshake may take from its request to its answer: the sessions' store, `onPreServer` with the wait for its turn, the body of its Response; 0 to 2³¹−1; beyond it 408, or 503 where the store says nothing. Default 10 000. */
  readonly handshakeTimeoutMs?: number;
  /** `onClientMessage` calls at once, over all shared sockets, 1 to 2³¹−1: `%CSP.WebSocket`'s pool of shared connections. Default 64. */
  readonly poolSize?: number;
  /** Signed cookies and what they stand for, or false for none. Default false. */
  readonly sessions?: SessionOptions | false;
  /** Errors that no caller can be given; not the socket's own end coming out of a handler. Default: process.emitWarning. */
  readonly report?: Report;
}

/** Options checked and complete. */
export interface HostSettings extends ConversationSettings {
  readonly maxHandshakes: number;
  readonly handshakeTimeoutMs: number;
  readonly poolSize: number;
  readonly protocols: readonly string[];
  readonly compression: boolean;
  /** undefined: none. */
  readonly sessions: SessionSettings | undefined;
  readonly report: Report;
}

/** What a host has besides {@link ConversationOptions}. */
type OwnOptions = Omit<HostOptions, keyof ConversationOptions>;

const OWN_OPTIONS: readonly (keyof OwnOptions)[] = Object.freeze([
  'overflow',
  'maxHandshakes',
  'handshakeTimeoutMs',
  'poolSize',
  'sessions',
  'report',
]);

/** The names of {@link HostOptions}. */
export const HOST_OPTIONS: ReadonlySet<string> = new Set([...CONVERSATION_OPTIONS, ...OWN_OPTIONS]);

const DEFAULTS: Required<OwnOptions> = Object.freeze({
  overflow: 'pause',
  maxHandshakes: DEFAULT_MAX_HANDSHAKES,
  handshakeTimeoutMs: DEFAULT_HANDSHAKE_TIMEOUT_MS,
  poolSize: DEFAULT_POOL_SIZE,
  sessions: false,
  report: reportAsWarning,
});

/**
 * Checks options and fills in the defaults.
 *
 * @param call - Named in errors.
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function settingsOf(call: string, options: HostOptions): HostSettings {
  checkNames(call, options, HOST_OPTIONS);
  const conversation = conversationChoices(call, options);
  const own = { ...DEFAULTS, ...pickDefined<HostOptions, keyof OwnOptions>(options, OWN_OPTIONS) };
  checkOwn(call, own);
  const { clock } = conversation;
  return Object.freeze({
    ...conversation,
    ...own,
    sessions: own.sessions === false ? undefined : sessionSettingsOf(call, own.sessions, clock),
    report: guarded(own.report),
    deadlines: new Deadlines(clock),
    budget: new TurnBudget(clock),
    traces: new ReadTraces(),
  });
}

function checkOwn(call: string, own: Required<OwnOptions>): void {
  const { overflow, report } = own;
  if (overflow !== 'pause' && overflow !== 'close')
    throw badArgument(call, `overflow to be 'pause' or 'close'`, overflow);
  checkCount(call, 'maxHandshakes', own.maxHandshakes);
  checkCount(call, 'poolSize', own.poolSize);
  checkTimer(call, 'handshakeTimeoutMs', own.handshakeTimeoutMs);
  if (typeof report !== 'function') throw badArgument(call, 'report to be a function', report);
}
