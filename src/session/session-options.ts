// The options of sessions: the table of names, defaults and checks, and the settings of a host's
// sessions. server/host-options.ts calls sessionSettingsOf; sessions.ts takes the settings.

import { MemorySessionStore } from './memory-session-store.ts';
import type { SessionStore } from './session-store.ts';
import type { Clock } from '../time/clock.ts';
import { badArgument, checkBoolean, checkMs, checkNames } from '../core/arguments.ts';
import { complete, namesOf } from '../core/options.ts';
import type { Complete, OptionTable } from '../core/options.ts';
import { isToken } from '../core/token.ts';

/** Default `timeoutMs` of `session.update`: the longest wait for the lock. */
export const DEFAULT_UPDATE_TIMEOUT_MS = 10_000;

export interface SessionOptions {
  /**
   * Signs the cookie. Give several for rotation, the newest first: the first one signs, all verify.
   * It must not be guessable. Required.
   */
  readonly secret: string | readonly string[];
  /**
   * Name of the cookie. With the name and secret of an Express application its sessions are
   * shared. Default `'corosock.sid'`.
   */
  readonly cookie?: string;
  /** Keeps the data of sessions. Default: the memory of this host. */
  readonly store?: SessionStore;
  /**
   * Milliseconds without a message, update or handshake after which a session ends, ≥ 0; its
   * sockets close with 3008. 0: never. Default 900 000.
   */
  readonly timeoutMs?: number;
  /** Ends a session with the last socket of it on this host. Default false. */
  readonly endOnClose?: boolean;
}

/** The options of sessions. The default store is made later: it needs the clock of its host. */
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

/** A name of a cookie is a token (RFC 6265 §4.1.1). */
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
