// The options of sessions: the table of names, defaults and checks, and the settings of a host's
// sessions. server/host-options.ts calls sessionSettingsOf; sessions.ts takes the settings.

import { cookieSettingsOf } from './cookie-options.ts';
import type { CookieSettings, SessionCookieOptions } from './cookie-options.ts';
import { MemorySessionStore } from './memory-session-store.ts';
import type { SessionStore } from './session-store.ts';
import type { Clock } from '../time/clock.ts';
import { badArgument, checkBoolean, checkMs, checkNames, checkPeriod } from '../core/arguments.ts';
import { complete, namesOf, unchecked } from '../core/options.ts';
import type { Complete, OptionTable } from '../core/options.ts';
import { UsageError } from '../core/errors.ts';

/** Default `timeoutMs` of `session.update`: the longest wait for the lock. */
export const DEFAULT_UPDATE_TIMEOUT_MS = 10_000;

export interface SessionOptions {
  /**
   * Signs the cookie. Give several for rotation, the newest first: the first one signs, all verify.
   * It must not be guessable: one of fewer than 32 bytes is reported. Required.
   */
  readonly secret: string | readonly string[];
  /**
   * The cookie: its name, or its name and attributes. With the name and secret of an Express
   * application its sessions are shared. Default `'corosock.sid'`.
   */
  readonly cookie?: string | SessionCookieOptions;
  /** Keeps the data of sessions. Default: the memory of this host. */
  readonly store?: SessionStore;
  /**
   * Milliseconds without a message, update or handshake after which a session ends, ≥ 0; its
   * sockets close with 3008. 0: never. Default 900 000.
   */
  readonly timeoutMs?: number;
  /**
   * Longest wait for an answer of `store`, 1 to 2³¹−1 ms: `load`, `update`, `regenerate` and
   * `end` then reject with a SessionStoreError, and a handshake gets 503. How long a lock is waited
   * for is an option of `update`. Default 10 000.
   */
  readonly storeTimeoutMs?: number;
  /** Ends a session with the last socket of it on this host. Default false. */
  readonly endOnClose?: boolean;
}

/** The options of sessions. The default store is made later: it needs the clock of its host. */
export const SESSION_OPTIONS: OptionTable<SessionOptions, 'secret' | 'store'> = {
  secret: [undefined, checkSecret],
  // Checked by cookieSettingsOf, which has a table of its own.
  cookie: ['corosock.sid', unchecked],
  store: [undefined, checkStore],
  // 15 minutes, as in `%CSP.Session`.
  timeoutMs: [900_000, checkMs],
  storeTimeoutMs: [10_000, checkPeriod],
  endOnClose: [false, checkBoolean],
};

/** Options checked and filled in. */
export interface SessionSettings extends Omit<Complete<SessionOptions>, 'secret' | 'cookie'> {
  readonly secrets: readonly [string, ...string[]];
  /** What is told of a secret that is too short; undefined where none is. */
  readonly weakness: UsageError | undefined;
  readonly cookie: CookieSettings;
  /** Above 0; Infinity for never. */
  readonly timeoutMs: number;
}

/** The digest length of HMAC-SHA256 (RFC 2104 §3): a shorter key is weaker than the signature. */
const STRONG_SECRET_BYTES = 32;

/** @returns undefined where all secrets are long enough. */
function weaknessOf(call: string, secrets: readonly unknown[]): UsageError | undefined {
  const bytes = Math.min(...secrets.map((secret) => Buffer.byteLength(secret as string)));
  if (bytes >= STRONG_SECRET_BYTES) return undefined;
  return new UsageError(
    'COROSOCK_SESSION_SECRET',
    `${call}: expected sessions.secret to have at least ${STRONG_SECRET_BYTES} bytes, got ${bytes}`,
  );
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
  const { secret, store, cookie, ...choices } = complete(call, options, SESSION_OPTIONS, 'sessions.');
  const secrets = secretsOf(secret);
  return Object.freeze({
    ...choices,
    weakness: weaknessOf(call, secrets),
    cookie: cookieSettingsOf(call, cookie),
    secrets: Object.freeze(secrets as [string, ...string[]]),
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

function checkStore(call: string, name: string, store: unknown): void {
  if (store !== undefined && !isStore(store)) throw badArgument(call, `${name} to be a SessionStore`, store);
}

function isStore(store: unknown): store is SessionStore {
  if (typeof store !== 'object' || store === null) return false;
  const methods: Partial<Record<keyof SessionStore, unknown>> = store;
  if (methods.lock !== undefined && typeof methods.lock !== 'function') return false;
  return STORE_METHODS.every((name) => typeof methods[name] === 'function');
}
