// The options of a host: the table of names, defaults and checks, and the settings that a host is
// made with. `serve`, `attach` and the test kit call settingsOf; what a client has, too, is in
// conversation/conversation-options.ts, and the options of sessions in session/session-options.ts.

import type { ServerSocket } from './host.ts';
import { checkBroker } from './host-node.ts';
import type { WhenBrokerDown } from './host-node.ts';
import { safeLogHooks } from './host-hooks.ts';
import type { LogHooks } from './host-hooks.ts';
import { placeOfAwait } from './await-stacks.ts';
import type { KeyLimit } from './key-limits.ts';
import { limitByAddress } from './limit-by-address.ts';
import { PeerFaults } from './peer-faults.ts';
import type { Report } from './report.ts';
import { guarded, reportAsWarning } from './report.ts';
import type { Handshake } from '../handshake/handshake.ts';
import type { HandshakeRequest } from '../handshake/handshake-request.ts';
import { anyOriginError, checkOrigins } from '../handshake/origins.ts';
import type { Origins } from '../handshake/origins.ts';
import { checkTrustProxy } from '../handshake/trusted-proxies.ts';
import type { TrustProxy } from '../handshake/trusted-proxies.ts';
import { sessionSettingsOf } from '../session/session-options.ts';
import type { SessionOptions, SessionSettings } from '../session/session-options.ts';
import type { Broker } from '../hub/broker.ts';
import type { ConversationSettings } from '../conversation/conversation.ts';
import { CONVERSATION_OPTIONS, conversationChoices } from '../conversation/conversation-options.ts';
import type { ConversationChoices, ConversationOptions } from '../conversation/conversation-options.ts';
import { Inflows } from '../conversation/inflow.ts';
import { checkRate, NO_RATE, rateOf } from '../conversation/rate-meter.ts';
import type { RateLimit } from '../conversation/rate-meter.ts';
import { LastWords } from '../conversation/last-words.ts';
import type { LastWordsOptions } from '../conversation/last-words.ts';
import { PausedLink } from '../conversation/paused-link.ts';
import { WIRE_OPTIONS, wireChoices } from '../conversation/wire-options.ts';
import type { WireChoices } from '../conversation/wire-options.ts';
import { ReadTraces } from '../conversation/read-mistakes.ts';
import type { Randomness } from '../platform/random-ids.ts';
import { LinkedList } from '../structures/linked-list.ts';
import { Deadlines } from '../time/deadline.ts';
import type { ParkedSelect, ParkedSelects } from '../time/scheduling.ts';
import { TurnBudget } from '../time/turn-budget.ts';
import { UnattendedErrors } from '../waiting/unattended-errors.ts';
import {
  badArgument,
  checkCloseCode,
  checkCount,
  checkCountOrInfinity,
  checkDuration,
  checkFunction,
  checkHook,
  checkNames,
  checkPeriod,
  checkTimer,
  oneOf,
} from '../core/arguments.ts';
import type { CloseInfo } from '../core/close-info.ts';
import { UsageError } from '../core/errors.ts';
import { complete, namesOf, unchecked } from '../core/options.ts';
import type { Complete, OptionTable } from '../core/options.ts';

export interface HostOptions extends ConversationOptions {
  /**
   * Which pages of browsers may connect; any other page gets HTTP 403. `'same'`: those of the host
   * and port that the request names; the scheme does not count. `'any'`: all, without a check. A
   * list: exact origins, such as `'https://a.example'`, and RegExps, which have to match a whole
   * origin; the own host is in it only where the list has it. A function: `true` lets the page
   * in; a throw is HTTP 500. A client that sends no Origin is no browser, and may connect always.
   * Default `'same'`.
   */
  readonly origins?: Origins;
  /**
   * Proxies whose `Forwarded` and `X-Forwarded-*` headers are believed: so many of them, 0 to 32,
   * the nearest first, or those with these addresses and ranges (`'10.0.0.0/8'`). Their headers
   * decide `request.remoteAddress`, scheme and host of `request.url`, whether the session's cookie
   * is `Secure`, what the own host of `origins` is, and limits by address. Headers of any other
   * peer have no effect; two kinds that contradict each other get HTTP 400. Default 0.
   */
  readonly trustProxy?: TrustProxy;
  /** What a full queue does: pauses the link, or closes with 1008. Default `'pause'`. */
  readonly overflow?: 'pause' | 'close';
  /**
   * Longest time of a message from its first byte to its last, 1 to 2³¹−1 ms. It stands still while
   * we hold the link. Beyond it the socket closes with 1008. Default 60 000.
   */
  readonly messageTimeoutMs?: number;
  /**
   * What each socket may send: `{ messages, bytes, over }`. `messages` and `bytes` are each
   * `{ count, perMs, burst }`, integers from 1 to 2³¹−1: `count` come back within `perMs`, and
   * `burst`, by default `count`, may come at once. `over` is `'pause'`, which holds the link, or
   * `'close'`, which closes with 1008. Default: no limit.
   */
  readonly rate?: RateLimit;
  /**
   * Runs before the 101, and before the hook of the route, for every route: sign-in in one place.
   * What it returns is `handshake.context` in the hook of the route, and `ws.context` where the
   * route has no hook. `false` refuses with HTTP 403, a `Response` with its status; a throw is HTTP
   * 500. Default: none.
   */
  readonly onPreServer?: (handshake: Handshake) => unknown;
  /**
   * Called with each client that gets an HTTP answer instead of a socket, for logs: `status` and a
   * `reason` in one line. `request` is undefined where the client has sent none that has a URL. Not
   * called for a client that left before its answer. A throw goes to `report`. Default: none.
   */
  readonly onRefused?: (
    request: HandshakeRequest | undefined,
    refusal: { readonly status: number; readonly reason: string },
  ) => void;
  /**
   * Called with each socket that opens, before its handler, for logs. A throw goes to `report`, and
   * changes nothing. Default: none.
   */
  readonly onOpen?: (ws: ServerSocket) => void;
  /**
   * Called once for each `onOpen`, when the socket has closed for good; its handler may still run.
   * A throw goes to `report`. Default: none.
   */
  readonly onClose?: (ws: ServerSocket, end: CloseInfo) => void;
  /** `onPreServer` hooks at once, 1 to 2³¹−1. Further hooks wait in order. Default 256. */
  readonly maxHandshakes?: number;
  /**
   * Sockets at once, handshakes under way included, 1 to 2³¹−1; Infinity for no limit, which is
   * the only one that has this spelling. Beyond it the answer is HTTP 503. Default Infinity.
   */
  readonly maxSockets?: number;
  /**
   * Sockets whose handler has not yet called `ws.admit()`, handshakes under way included, 1 to
   * 2³¹−1. Only the routes count whose handlers have called it at least once. Beyond it their
   * answer is HTTP 503. Default 1000.
   */
  readonly maxUnadmitted?: number;
  /**
   * Gives the limits of a request and the key by which they are counted, or undefined for none:
   * `{ key, maxSockets, handshakes: { count, perMs, burst } }`. Beyond them the answer is HTTP 429.
   * A throw, or another result, is HTTP 500, and goes to `report`. `limitByAddress()` makes one.
   * Default: none.
   */
  readonly limitBy?: (request: HandshakeRequest) => KeyLimit | undefined;
  /**
   * Longest time of a handshake, from its request to its answer, 0 to 2³¹−1 ms: the sessions'
   * store, the wait for a hook's turn, `onPreServer`, and the body of its Response. Beyond it the
   * answer is HTTP 408, or HTTP 503 where the store has not answered. With `serve` a connection has
   * the same time until its request is whole. Default 10 000.
   */
  readonly handshakeTimeoutMs?: number;
  /**
   * Code of the close when `handshake.expiresAt` has passed and `onExpire` has not renewed it: 1000
   * to 4999, of which a close frame carries 1000–1003, 1007–1014 and 3000–4999. Default 4401.
   */
  readonly expiryCode?: number;
  /**
   * Longest life of a socket in milliseconds, from 1 to `Infinity`, with up to a tenth more at
   * random: `ws.draining` then aborts, and 10 000 ms later the socket is closed with 1001. Default
   * Infinity.
   */
  readonly maxLifetimeMs?: number;
  /**
   * `onClientMessage` calls at once, over all shared sockets, 1 to 2³¹−1: the pool of shared
   * connections of `%CSP.WebSocket`. Further calls wait in order. Default 64.
   */
  readonly poolSize?: number;
  /**
   * Rooms that one socket is in, and keys of `room.presence` under which it is counted: so many of
   * each, 1 to 2³¹−1. Beyond it `join` rejects and `track` throws: `COROSOCK_ROOMS`, which closes
   * the socket with 1008 where the handler does not catch it. Default 1000.
   */
  readonly maxRooms?: number;
  /**
   * Joins the host to the other nodes of a deployment: rooms reach the members of all of them. Each
   * host has a broker of its own; the host ends its subscriptions, and leaves it open. Default:
   * none.
   */
  readonly broker?: Broker;
  /**
   * What the host does while its broker is down. `'serve'`: goes on, with the rooms of this process
   * alone. `'refuse'`: is not `ready`, answers handshakes with HTTP 503, and after 30 000 ms closes
   * open sockets with 1012. Default `'serve'`.
   */
  readonly whenBrokerDown?: WhenBrokerDown;
  /** Sessions and their signed cookies; false for none. Default false. */
  readonly sessions?: SessionOptions | false;
  /**
   * Called as `report(error, { socketId, phase, route, path })` with errors that no caller can be
   * given; not with the socket's own end that leaves a handler. Of the faults that clients cause,
   * the first of each kind in a minute, and then their count, as a `PeerFaultsError`. Default: a
   * process warning, `COROSOCK_REPORT`.
   */
  readonly report?: Report;
}

/** What a host has besides {@link ConversationOptions}. */
type OwnOptions = Omit<HostOptions, keyof ConversationOptions>;

/** Options without a default: a host without them calls nothing. */
export type BareHostOption = 'onPreServer' | 'onRefused' | 'onOpen' | 'onClose' | 'broker';

const OWN_OPTIONS: OptionTable<OwnOptions, BareHostOption> = {
  origins: ['same', checkOrigins],
  trustProxy: [0, checkTrustProxy],
  overflow: ['pause', oneOf('pause', 'close')],
  messageTimeoutMs: [60_000, checkPeriod],
  rate: [NO_RATE, checkRate],
  onPreServer: [undefined, checkHook],
  onRefused: [undefined, checkHook],
  onOpen: [undefined, checkHook],
  onClose: [undefined, checkHook],
  maxHandshakes: [256, checkCount],
  maxSockets: [Infinity, checkCountOrInfinity],
  maxUnadmitted: [1000, checkCount],
  limitBy: [() => undefined, checkLimitBy],
  handshakeTimeoutMs: [10_000, checkTimer],
  expiryCode: [4401, checkCloseCode],
  maxLifetimeMs: [Infinity, checkDuration],
  poolSize: [64, checkCount],
  maxRooms: [1000, checkCount],
  broker: [undefined, checkBroker],
  whenBrokerDown: ['serve', oneOf('serve', 'refuse')],
  sessions: [false, unchecked],
  report: [reportAsWarning, checkFunction],
};

/** The function itself in place of what it makes would fail at the first handshake. */
function checkLimitBy(call: string, name: string, value: unknown): void {
  checkFunction(call, name, value);
  if (value === limitByAddress)
    throw new UsageError(
      'COROSOCK_ARGUMENT',
      `${call}: expected ${name} to be limitByAddress({ maxSockets: … }), got limitByAddress, which was not called`,
    );
}

function loneSessionsError(call: string): UsageError {
  const text =
    'expected sessions.store where the host has a broker: without it each node has sessions of its own';
  return new UsageError('COROSOCK_SESSION_NODES', `${call}: ${text}`);
}

/** A conversation, or the host itself. */
interface Called {
  readonly listener: { report(error: unknown, phase: string): void } | undefined;
}

/** Reports a mistake of a call that nothing awaits. */
function reportUnattended({ listener }: Called, error: unknown): void {
  listener?.report(error, 'un-awaited call');
}

/** The options of a host. */
export const HOST_OPTIONS: OptionTable<HostOptions, BareHostOption> = {
  ...CONVERSATION_OPTIONS,
  ...WIRE_OPTIONS,
  ...OWN_OPTIONS,
};

/** Options checked and filled in. */
export interface HostSettings
  extends
    ConversationSettings,
    ConversationChoices,
    WireChoices,
    Omit<Complete<OwnOptions, BareHostOption>, 'messageTimeoutMs' | 'rate' | 'sessions' | keyof LogHooks>,
    LogHooks {
  /** Undefined for none. */
  readonly sessions: SessionSettings | undefined;
  readonly selects: ParkedSelects;
  readonly lateWrites: WeakMap<object, () => void>;
  readonly unattended: UnattendedErrors<Called>;
  /** Rejects a call of the host. A UsageError that nothing awaits is reported. */
  readonly refuseCall: (error: unknown) => Promise<never>;
  readonly peerFaults: PeerFaults;
  /** Of ids and of the spread of lifetimes. Default: that of the machine. */
  readonly randomness?: Randomness;
  readonly inflows: Inflows;
}

/**
 * Checks options and fills in the defaults.
 *
 * @param call - Named in errors.
 * @param known - All options that the call has; the caller checks those that are not a host's.
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function settingsOf(
  call: string,
  options: HostOptions,
  known: OptionTable<HostOptions, BareHostOption> = HOST_OPTIONS,
): HostSettings {
  checkNames(call, options, namesOf(known));
  const conversation = conversationChoices(call, options);
  const wire = wireChoices(call, options, conversation.clock);
  const own = complete<OwnOptions, BareHostOption>(call, options, OWN_OPTIONS);
  if (own.whenBrokerDown === 'refuse' && own.broker === undefined)
    throw badArgument(call, "broker where whenBrokerDown is 'refuse'", undefined);
  const { messageTimeoutMs, rate, ...rest } = own;
  const { clock } = conversation;
  const report = guarded(own.report);
  const peerFaults = new PeerFaults(report, clock);
  const unattended = new UnattendedErrors<Called>(reportUnattended);
  const host: Called = { listener: { report: (error, phase) => report(error, { phase }) } };
  if (own.origins === 'any' && own.sessions !== false) report(anyOriginError(call), { phase: 'options' });
  if (own.broker !== undefined && own.sessions !== false && own.sessions.store === undefined)
    report(loneSessionsError(call), { phase: 'options' });
  return Object.freeze({
    ...conversation,
    ...wire,
    ...rest,
    ...safeLogHooks(own, report, peerFaults),
    inflows: new Inflows({ clock, messageTimeoutMs, rate: rateOf(rate) }),
    sessions: own.sessions === false ? undefined : sessionSettingsOf(call, own.sessions, clock),
    report,
    peerFaults,
    deadlines: new Deadlines(clock),
    budget: new TurnBudget(clock),
    traces: new ReadTraces(placeOfAwait),
    unattended,
    refuseCall: (error: unknown) => unattended.refuse(host, error, clock),
    lastWords: (waiting: LastWordsOptions) => new LastWords(waiting),
    selects: new LinkedList<ParkedSelect>(),
    lateWrites: new WeakMap(),
    PausedLink,
  });
}
