// The options of `connect`: the table of names, defaults and checks, and the settings that a client
// is opened with. What a host has, too, is in conversation/conversation-options.ts; what a client
// has in Node alone, in node-options.ts; what `connect.each` has besides, in each-options.ts.
// connect.ts calls it, open-client.ts takes the settings.

import type { ConversationSettings } from '../conversation/conversation.ts';
import type { CompressionOptions } from '../core/compression.ts';
import { CONVERSATION_OPTIONS, conversationChoices } from '../conversation/conversation-options.ts';
import type {
  ConversationChoices,
  ConversationOptions,
  WireOptionName,
} from '../conversation/conversation-options.ts';
import type { WireChoices, wireChoices } from '../conversation/wire-options.ts';
import type { HeartbeatOption } from '../conversation/heartbeat-option.ts';
import type { QueueLimits } from '../conversation/queue-limits.ts';
import { ReadTraces } from '../conversation/read-mistakes.ts';
import { schedulingOf } from '../time/scheduling.ts';
import { badArgument, checkNames, checkSignal, checkTimer } from '../core/arguments.ts';
import { plainLines } from '../core/header-lines.ts';
import type { HeaderLines } from '../core/header-lines.ts';
import { complete } from '../core/options.ts';
import type { Complete, OptionTable } from '../core/options.ts';
import type { StackTrace } from '../core/stack-trace.ts';

/** What differs between Node and browsers. */
export interface ClientPlatform {
  /** Options that are refused there; {@link ConnectOptions} says why. */
  readonly unknown: readonly string[];
  /** Options that clients have there alone. */
  readonly own: Partial<PlatformTable>;
  readonly overflow: QueueLimits['overflow'];
  /** Undefined where links cannot be paused. */
  readonly PausedLink?: ConversationSettings['PausedLink'];
  /** The options of links whose frames are seen there; undefined in a browser. */
  readonly wire?: { readonly table: object; readonly choices: typeof wireChoices };
  /** Whether a failed attempt with such a cause would fail again: a certificate is wrong. */
  isFinal?(cause: unknown): boolean;
  /** Calls back whenever the page wakes; missing where there is no page. @returns Stops that. */
  watchWakes?(onWake: () => void): () => void;
}

export interface ConnectOptions extends Omit<ConversationOptions, 'protocols'> {
  /**
   * Subprotocols that are offered, in order of preference, or a function that gives them before
   * each attempt. Default none.
   */
  readonly protocols?: readonly string[] | (() => readonly string[] | PromiseLike<readonly string[]>);
  /**
   * Most fragments of one message, 1 to 2³¹−1. A message of more closes with 1008. Node only: a
   * browser has a limit of its own. Default 16 384.
   */
  readonly maxFragments?: number;
  /**
   * Pings the server, as a host pings its clients. Node only: a page cannot ping, and the browser
   * answers the server's pings. Default `{ intervalMs: 25_000, timeoutMs: 20_000 }`.
   */
  readonly heartbeat?: HeartbeatOption;
  /**
   * Compresses messages where the server can (permessage-deflate): true for the defaults of
   * `CompressionOptions`. Node only: a browser negotiates it by itself. Default false.
   */
  readonly compression?: boolean | CompressionOptions;
  /**
   * Further header lines of the handshake, besides those of the handshake itself: an object or a
   * `Headers`, or a function that gives one before each attempt. Node only: a page cannot send any.
   * Default none.
   */
  readonly headers?: HeaderLines | (() => HeaderLines | PromiseLike<HeaderLines>);
  /**
   * TLS: what `tls.connect` of node:tls takes for a secure context and the peer, such as `ca`,
   * `cert` and `key` in PEM, `servername`, `rejectUnauthorized`. It has no effect on a `ws:` URL.
   * Node only. Default: the authorities that Node trusts, and no certificate.
   */
  readonly tls?: object;
  /**
   * An agent of node:http for `ws:` and of node:https for `wss:`, or one that leads through a
   * proxy. Node only. Default: a connection of its own.
   */
  readonly agent?: object;
  /**
   * Longest time of the opening, 0 to 2³¹−1 ms, not counting that of functions among the options.
   * Beyond it a ConnectError. Default 10 000.
   */
  readonly timeoutMs?: number;
  /**
   * Ends the opening when it aborts, with the signal's reason. It has no effect on an open socket.
   * Default none.
   */
  readonly signal?: AbortSignal;
}

/** Options that are there in Node alone. */
export type PlatformOptions = Pick<ConnectOptions, 'headers' | 'tls' | 'agent'>;
type PlatformValues = Pick<ValueOptions, keyof PlatformOptions>;
export type PlatformTable = OptionTable<PlatformValues, 'tls' | 'agent'>;

/** Options whose functions were called. */
export interface ValueOptions extends Omit<ConnectOptions, 'protocols' | 'headers'> {
  readonly protocols?: readonly string[];
  readonly headers?: HeaderLines;
}

/** What a client has besides {@link ConversationOptions}, wherever it runs. */
type OwnOptions = Pick<ConnectOptions, 'timeoutMs' | 'signal'>;

const OWN_OPTIONS: OptionTable<OwnOptions, 'signal'> = {
  timeoutMs: [10_000, checkTimer],
  signal: [undefined, checkSignal],
};

/** The options of `connect`, without those of {@link PlatformOptions}. */
export const CONNECT_OPTIONS: OptionTable<Omit<ConversationOptions, WireOptionName> & OwnOptions, 'signal'> =
  {
    ...CONVERSATION_OPTIONS,
    ...OWN_OPTIONS,
  };

/** Options checked and filled in, and what all clients on one clock share. */
export interface ClientSettings
  extends ConversationSettings, ConversationChoices, WireChoices, Complete<OwnOptions, 'signal'> {
  /** Empty in a browser, which has not the next two either. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tls?: object | undefined;
  readonly agent?: object | undefined;
  /** The line that has called `connect`. */
  readonly trace: StackTrace;
}

/** Of a browser, which has its own limit, and negotiates compression by itself. */
const NO_WIRE: WireChoices = { maxFragments: Infinity, compression: undefined };

/** Gives the names that `connect` knows where it runs. */
export function connectNames({ unknown, own, wire }: ClientPlatform): ReadonlySet<string> {
  const names = Object.keys({ ...CONNECT_OPTIONS, ...wire?.table, ...own });
  return new Set(names.filter((name) => !unknown.includes(name)));
}

/**
 * Checks options and fills in the defaults. Clients on one clock share the timers and the budget of
 * a turn, as the sockets of one host do: with a budget each, many would block the event loop.
 *
 * @param call - Named in errors.
 * @param options - Their values; functions among them were called (attempt.ts).
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function clientSettings(
  call: string,
  options: ValueOptions,
  platform: ClientPlatform,
  trace: StackTrace,
): ClientSettings {
  checkNames(call, options, connectNames(platform));
  const conversation = conversationChoices(call, options);
  const { protocols, clock } = conversation;
  if (new Set(protocols).size < protocols.length) {
    throw badArgument(call, 'protocols to name each once (RFC 6455 §4.1)', protocols);
  }
  const own = complete<PlatformValues, 'tls' | 'agent'>(call, options, platform.own as PlatformTable);
  const { deadlines, budget } = schedulingOf(clock);
  return {
    ...conversation,
    ...(platform.wire?.choices(call, options, clock) ?? NO_WIRE),
    ...complete<OwnOptions, 'signal'>(call, options, OWN_OPTIONS),
    ...own,
    headers: plainLines(own.headers),
    overflow: platform.overflow,
    PausedLink: platform.PausedLink,
    deadlines,
    budget,
    traces: new ReadTraces(),
    trace,
  };
}
