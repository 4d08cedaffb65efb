// The options of sessions: names, units, defaults and checks. The host hands in what
// its user gave; a misspelt name is refused, as everywhere.

import { MemorySessionStore } from './memory-session-store.ts';
import type { SessionStore } from './session-store.ts';
import type { Clock } from '../time/clock.ts';
import { badArgument, checkMs, checkNames } from '../core/arguments.ts';
import { isToken } from '../core/token.ts';

/** 15 minutes: what `%CSP.Session` has. */
const DEFAULT_SESSION_TIMEOUT_MS = 900_000;
/** Longest wait of `session.update` for the lock. */
export const DEFAULT_UPDATE_TIMEOUT_MS = 10_000;

const DEFAULT_COOKIE = 'corosock.sid';

export interface SessionOptions {
  /** Signs the cookie; several for rotation, newest first: the first one signs, all verify. Give what cannot be guessed. */
  readonly secret: string | readonly string[];
  /** The cookie's name. Default 'corosock.sid'. Give Express's name and secret to share its sessions. */
  readonly cookie?: string;
  /** Default: in the memory of this host. */
  readonly store?: SessionStore;
  /** Without application data, updates and handshakes for this long the session ends, and its sockets with it. 0: never. Default 900 000. */
  readonly timeoutMs?: number;
  /** The session ends with the last socket that this host has of it. Default false. */
  readonly endOnClose?: boolean;
}

/** Options checked and complete. */
export interface SessionSettings {
  readonly secrets: readonly [string, ...string[]];
  readonly cookie: string;
  readonly store: SessionStore;
  /** Above 0; Infinity for never. */
  readonly timeoutMs: number;
  readonly endOnClose: boolean;
}

const SESSION_OPTIONS: ReadonlySet<string> = new Set<keyof SessionOptions>([
  'secret',
  'cookie',
  'store',
  'timeoutMs',
  'endOnClose',
]);

const STORE_METHODS = ['get', 'set', 'touch', 'delete'] as const;

/**
 * Checks options and fills in the defaults.
 *
 * @param call - Named in errors.
 * @param clock - Of the host, for a store in memory.
 * @throws UsageError `COROSOCK_ARGUMENT`; no secret is in it.
 */
export function sessionSettingsOf(call: string, options: SessionOptions, clock: Clock): SessionSettings {
  checkNames(`${call} sessions`, options, SESSION_OPTIONS);
  const { secret, cookie = DEFAULT_COOKIE, endOnClose = false } = options;
  const { store = new MemorySessionStore(clock), timeoutMs = DEFAULT_SESSION_TIMEOUT_MS } = options;
  const secrets = typeof secret === 'string' ? [secret] : secret;
  if (!isSecrets(secrets)) {
    throw badArgument(call, 'sessions.secret to be a string that is not empty, or several', typeof secret);
  }
  // RFC 6265 §4.1.1.
  if (!isToken(cookie)) {
    throw badArgument(call, 'sessions.cookie to be a token (RFC 9110 §5.6.2)', cookie);
  }
  if (!isStore(store)) throw badArgument(call, 'sessions.store to be a SessionStore', store);
  checkMs(call, 'sessions.timeoutMs', timeoutMs);
  if (typeof endOnClose !== 'boolean') {
    throw badArgument(call, 'sessions.endOnClose to be true or false', endOnClose);
  }
  return Object.freeze({
    secrets: Object.freeze([...secrets] as const),
    cookie,
    store,
    timeoutMs: timeoutMs === 0 ? Infinity : timeoutMs,
    endOnClose,
  });
}

function isSecrets(secrets: unknown): secrets is readonly [string, ...string[]] {
  if (!Array.isArray(secrets) || secrets.length === 0) return false;
  return secrets.every((secret) => typeof secret === 'string' && secret !== '');
}

function isStore(store: unknown): store is SessionStore {
  if (typeof store !== 'object' || store === null) return false;
  const methods: Partial<Record<keyof SessionStore, unknown>> = store;
  if (methods.lock !== undefined && typeof methods.lock !== 'function') return false;
  return STORE_METHODS.every((name) => typeof methods[name] === 'function');
}
