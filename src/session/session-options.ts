// The options of sessions: names, units, defaults and checks. The host hands in what
// its user gave; a misspelt name is refused, as everywhere.

import { MemorySessionStore } from './memory-session-store.ts';
import type { SessionStore } from './session-store.ts';
import type { Clock } from '../time/clock.ts';
import { badArgument, checkBoolean, checkMs, checkNames } from '../core/arguments.ts';
import { complete, namesOf } from '../core/options.ts';
import type { Complete, OptionTable } from '../core/options.ts';
import { isToken } from '../core/token.ts';

/** Longest wait of `session.update` for the lock. */
export const DEFAULT_UPDATE_TIMEOUT_MS = 10_000;

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

/** The options of sessions. A store in memory needs the clock of its host, so that it is made later. */
export const SESSION_OPTIONS: OptionTable<SessionOptions, 'secret' | 'store'> = {
  secret: [undefined, checkSecret],
  cookie: ['corosock.sid', checkCookie],
  store: [undefined, checkStore],
  // 15 minutes, as in `%CSP.Session`.
  timeoutMs: [900_000, checkMs],
  endOnClose: [false, checkBoolean],
};

/** Options checked and filled in. */
export interface SessionSettings extends Omit<Complete<SessionOptions>, 'secret'> {
  readonly secrets: readonly [string, ...string[]];
  /** Above 0; Infinity for never. */
  readonly timeoutMs: number;
}

const STORE_METHODS = ['get', 'set', 'touch', 'delete'] as const;

/**
 * Checks options and fills in the defaults.
 *
 * @param call - Named in errors.
 * @param clock - Of the host, for a store in memory.
 * @throws UsageError `COROSOCK_ARGUMENT`; no secret is in it.
 */
export function sessionSettingsOf(call: string, options: SessionOptions, clock: Clock): SessionSettings {
  checkNames(`${call} sessions`, options, namesOf(SESSION_OPTIONS));
  const { secret, store, ...choices } = complete(call, options, SESSION_OPTIONS, 'sessions.');
  return Object.freeze({
    ...choices,
    secrets: Object.freeze(secretsOf(secret) as [string, ...string[]]),
    store: store ?? new MemorySessionStore(clock),
    timeoutMs: choices.timeoutMs === 0 ? Infinity : choices.timeoutMs,
  });
}

function secretsOf(secret: unknown): unknown[] {
  return Array.isArray(secret) ? Array.from<unknown>(secret) : [secret];
}

function checkSecret(call: string, name: string, secret: unknown): void {
  const secrets = secretsOf(secret);
  if (secrets.length === 0 || !secrets.every((one) => typeof one === 'string' && one !== '')) {
    // The value is not in the message: it may be a secret.
    throw badArgument(call, `${name} to be a string that is not empty, or several`, typeof secret);
  }
}

/** RFC 6265 §4.1.1. */
function checkCookie(call: string, name: string, cookie: unknown): void {
  if (!isToken(cookie)) throw badArgument(call, `${name} to be a token (RFC 9110 §5.6.2)`, cookie);
}

function checkStore(call: string, name: string, store: unknown): void {
  if (store !== undefined && !isStore(store)) throw badArgument(call, `${name} to be a SessionStore`, store);
}

function isStore(store: unknown): store is SessionStore {
  if (typeof store !== 'object' || store === null) return false;
  const methods: Partial<Record<keyof SessionStore, unknown>> = store;
  if (methods.lock !== undefined && typeof methods.lock !== 'function') return false;
  return STORE_METHODS.every((name) => typeof methods[name] === 'function');
}
