// The options of `connect`: the table of names, defaults and checks, and the settings that a client
// is opened with. What a host has, too, is in conversation/conversation-options.ts; what
// `connect.each` has besides, in each-options.ts. connect.ts calls it, open-client.ts takes the
// settings.

import type { ConversationSettings } from '../conversation/conversation.ts';
import type { CompressionOptions } from '../core/compression.ts';
import { CONVERSATION_OPTIONS, conversationChoices } from '../conversation/conversation-options.ts';
import type { ConversationChoices, ConversationOptions } from '../conversation/conversation-options.ts';
import type { HeartbeatOption } from '../conversation/heartbeat-option.ts';
import type { QueueLimits } from '../conversation/queue-limits.ts';
import { ReadTraces } from '../conversation/read-mistakes.ts';
import { schedulingOf } from '../time/scheduling.ts';
import { badArgument, checkNames, checkSignal, checkTimer } from '../core/arguments.ts';
import { complete, namesOf } from '../core/options.ts';
import type { Complete, OptionTable } from '../core/options.ts';
import { isToken } from '../core/token.ts';

/** What differs between Node and browsers. */
export interface ClientPlatform {
  /** Options that are refused there; {@link ConnectOptions} says why. */
  readonly unknown: readonly string[];
  readonly overflow: QueueLimits['overflow'];
  /** Undefined where links cannot be paused. */
  readonly PausedLink?: ConversationSettings['PausedLink'];
  /** Values that cannot be chosen there. */
  readonly fixed: ConversationOptions;
}

export interface ConnectOptions extends ConversationOptions {
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
   * Further header lines of the handshake, besides those of the handshake itself. Node only: a
   * page cannot send any. Default none.
   */
  readonly headers?: Readonly<Record<string, string>>;
  /** Longest time of the opening, 0 to 2³¹−1 ms. Beyond it a ConnectError. Default 10 000. */
  readonly timeoutMs?: number;
  /**
   * Ends the opening when it aborts, with the signal's reason. It has no effect on an open socket.
   * Default none.
   */
  readonly signal?: AbortSignal;
}

/** What a client has besides {@link ConversationOptions}. */
type OwnOptions = Omit<ConnectOptions, keyof ConversationOptions>;

const OWN_OPTIONS: OptionTable<OwnOptions, 'signal'> = {
  headers: [Object.freeze({}), checkHeaders],
  timeoutMs: [10_000, checkTimer],
  signal: [undefined, checkSignal],
};

/** The options of `connect`. */
export const CONNECT_OPTIONS: OptionTable<ConnectOptions, 'signal'> = {
  ...CONVERSATION_OPTIONS,
  ...OWN_OPTIONS,
};

/** Options checked and filled in, and what all clients on one clock share. */
export interface ClientSettings
  extends ConversationSettings, ConversationChoices, Complete<OwnOptions, 'signal'> {}

/** Headers of the handshake itself, or of a body, which it does not have. */
const NOT_OURS =
  /^(?:connection|content-length|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|sec-websocket-.*)$/i;
/** RFC 9110 §5.5. */
const FIELD_VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/;

/** Gives the names that `connect` knows where it runs. */
export function connectNames({ unknown }: ClientPlatform): ReadonlySet<string> {
  return new Set([...namesOf(CONNECT_OPTIONS)].filter((name) => !unknown.includes(name)));
}

/**
 * Checks options and fills in the defaults. Clients on one clock share the timers and the budget of
 * a turn, as the sockets of one host do: with a budget each, many would block the event loop.
 *
 * @param call - Named in errors.
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function clientSettings(
  call: string,
  options: ConnectOptions,
  platform: ClientPlatform,
): ClientSettings {
  checkNames(call, options, connectNames(platform));
  const conversation = conversationChoices(call, { ...options, ...platform.fixed });
  const { protocols, clock } = conversation;
  if (new Set(protocols).size < protocols.length) {
    throw badArgument(call, 'protocols to name each once (RFC 6455 §4.1)', protocols);
  }
  const own = complete<OwnOptions, 'signal'>(call, options, OWN_OPTIONS);
  const { deadlines, budget } = schedulingOf(clock);
  return {
    ...conversation,
    ...own,
    overflow: platform.overflow,
    PausedLink: platform.PausedLink,
    headers: { ...own.headers },
    deadlines,
    budget,
    traces: new ReadTraces(),
  };
}

function checkHeaders(call: string, option: string, headers: unknown): void {
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) {
    throw badArgument(call, `${option} to be an object of strings`, headers);
  }
  for (const [name, value] of Object.entries(headers)) {
    if (!isToken(name) || NOT_OURS.test(name)) {
      throw badArgument(call, "headers to have names of its own, none of the handshake's", name);
    }
    // The value is not in the message: it may be a secret.
    if (typeof value !== 'string' || !FIELD_VALUE.test(value)) {
      throw badArgument(call, `the header ${name} to be text of ISO-8859-1 in one line`, typeof value);
    }
  }
}
