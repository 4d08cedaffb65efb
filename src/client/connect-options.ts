// The options of `connect` and `connect.each`: names, units, defaults and checks.
// What a client has in common with a host is socket/conversation-options.ts's.

import type { ClientSettings } from './client-settings.ts';
import { sharedBy } from './client-settings.ts';
import { CONVERSATION_OPTIONS, conversationChoices } from '../conversation/conversation-options.ts';
import type { ConversationOptions } from '../conversation/conversation-options.ts';
import type { HeartbeatOption } from '../conversation/heartbeat-option.ts';
import type { QueueLimits } from '../conversation/queue-limits.ts';
import { badArgument, checkNames, checkSignal, checkTimer } from '../core/arguments.ts';
import { complete, namesOf } from '../core/options.ts';
import type { OptionTable } from '../core/options.ts';
import { isToken } from '../core/token.ts';

/** Where a client runs decides what it can be told. */
export interface ClientPlatform {
  /** Names that are refused; said why in the docstrings of {@link ConnectOptions}. */
  readonly unknown: readonly string[];
  readonly overflow: QueueLimits['overflow'];
  /** What nobody can choose there. */
  readonly fixed: ConversationOptions;
}

export interface ConnectOptions extends ConversationOptions {
  /** As a host's. Node only: a page cannot ping, and the server's pings are answered by the browser. */
  readonly heartbeat?: HeartbeatOption;
  /** permessage-deflate. Default false. Node only: a browser agrees with the server by itself. */
  readonly compression?: boolean;
  /** Further header lines of the handshake, never its own. Default none. Node only: a page cannot send any. */
  readonly headers?: Readonly<Record<string, string>>;
  /** For opening, 0 to 2³¹−1. Default 10 000. */
  readonly timeoutMs?: number;
  /** Gives the opening up: it rejects with the signal's reason. Once open, a socket is not touched. */
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

/** Of the handshake itself, or of a body that it has not. */
const NOT_OURS =
  /^(?:connection|content-length|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|sec-websocket-.*)$/i;
/** RFC 9110 §5.5. */
const FIELD_VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/;

/** Gives the names that `connect` knows where it runs. */
export function connectNames({ unknown }: ClientPlatform): ReadonlySet<string> {
  return new Set([...namesOf(CONNECT_OPTIONS)].filter((name) => !unknown.includes(name)));
}

/**
 * Checks options and fills in the defaults.
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
  const { overflow } = platform;
  return { ...conversation, ...sharedBy(clock), ...own, overflow, headers: { ...own.headers } };
}

function checkHeaders(call: string, option: string, headers: unknown): void {
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) {
    throw badArgument(call, `${option} to be an object of strings`, headers);
  }
  for (const [name, value] of Object.entries(headers)) {
    if (!isToken(name) || NOT_OURS.test(name)) {
      throw badArgument(call, "headers to have names of its own, none of the handshake's", name);
    }
    // Its text is not in the message: it may be a secret.
    if (typeof value !== 'string' || !FIELD_VALUE.test(value)) {
      throw badArgument(call, `the header ${name} to be text of ISO-8859-1 in one line`, typeof value);
    }
  }
}
