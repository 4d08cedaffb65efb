// The name and the attributes of the session cookie: the options, their table, and the rules that
// browsers have for both together. session-options.ts calls cookieSettingsOf; session-cookie.ts
// writes and reads what the settings say.

import { badArgument, checkDuration, checkNames, oneOf } from '../core/arguments.ts';
import { complete, namesOf } from '../core/options.ts';
import type { Complete, OptionTable } from '../core/options.ts';
import { isToken } from '../core/token.ts';

/** The cookie of sessions. It is always `HttpOnly`: no script of a page reads it. */
export interface SessionCookieOptions {
  /**
   * Name of the cookie, a token. Browsers keep a name that begins with `__Host-` for this host
   * alone: it needs `secure` other than false, the path '/' and no `domain`. `__Secure-` needs
   * `secure` other than false. Default `'corosock.sid'`.
   */
  readonly name?: string;
  /** Path below which clients send the cookie; begins with '/'. Default `'/'`. */
  readonly path?: string;
  /** Domain whose hosts all get the cookie, subdomains too. Default: this host alone. */
  readonly domain?: string;
  /**
   * Requests of other sites that carry the cookie. `'none'` needs `secure` other than false.
   * Default `'lax'`.
   */
  readonly sameSite?: 'lax' | 'strict' | 'none';
  /**
   * Whether clients send the cookie over TLS only. `'auto'`: where its request came over TLS, or a
   * trusted proxy says so. true: always, for a proxy that ends TLS and is not trusted. Default
   * `'auto'`.
   */
  readonly secure?: 'auto' | boolean;
  /**
   * Time that a browser keeps the cookie, in milliseconds from 1 to `Infinity`, counted from the
   * handshake that has sent it; browsers keep none for longer than 400 days. `Infinity`: until the
   * browser closes. Default Infinity.
   */
  readonly maxAgeMs?: number;
}

/** The options of the cookie. */
export const COOKIE_OPTIONS: OptionTable<SessionCookieOptions, 'domain'> = {
  name: ['corosock.sid', checkName],
  path: ['/', checkPath],
  domain: [undefined, checkDomain],
  sameSite: ['lax', oneOf('lax', 'strict', 'none')],
  secure: ['auto', checkSecure],
  maxAgeMs: [Infinity, checkDuration],
};

/** Options checked and filled in. */
export interface CookieSettings extends Complete<SessionCookieOptions, 'domain'> {
  /** Whether browsers take the cookie only with `Secure`. */
  readonly needsSecure: boolean;
}

/** The prefixes of names that need `Secure`; browsers compare them without regard to case. */
const SECURE_PREFIX = /^__(?:host|secure|http)-/iu;
const HOST_PREFIX = /^__host-/iu;

/**
 * Checks the name, or the name and the attributes, and fills in the defaults.
 *
 * @param call - Named in errors.
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function cookieSettingsOf(call: string, cookie: string | SessionCookieOptions): CookieSettings {
  const isNamed = typeof cookie !== 'object';
  if (!isNamed) checkNames(`${call} sessions.cookie`, cookie, namesOf(COOKIE_OPTIONS));
  const prefix = isNamed ? 'sessions.' : 'sessions.cookie.';
  if (isNamed) checkName(call, 'sessions.cookie', cookie);
  const settings = complete(call, isNamed ? { name: cookie } : cookie, COOKIE_OPTIONS, prefix);
  const needsSecure = SECURE_PREFIX.test(settings.name) || settings.sameSite === 'none';
  refuseUnkept(call, settings, needsSecure);
  return Object.freeze({ ...settings, needsSecure });
}

/** Refuses a cookie that no browser would keep. */
function refuseUnkept(
  call: string,
  { name, path, domain, secure, sameSite }: Complete<SessionCookieOptions, 'domain'>,
  needsSecure: boolean,
): void {
  const what = sameSite === 'none' ? "sameSite 'none'" : `the name ${name}`;
  if (needsSecure && secure === false)
    throw badArgument(call, `sessions.cookie.secure not to be false for ${what}`, secure);
  if (!HOST_PREFIX.test(name)) return;
  if (path !== '/') throw badArgument(call, `sessions.cookie.path to be '/' for the name ${name}`, path);
  if (domain !== undefined) throw badArgument(call, `no sessions.cookie.domain for the name ${name}`, domain);
}

/** A name of a cookie is a token (RFC 6265 §4.1.1). */
function checkName(call: string, option: string, name: unknown): void {
  if (!isToken(name)) throw badArgument(call, `${option} to be a token (RFC 9110 §5.6.2)`, name);
}

/** No control character, no semicolon (RFC 6265 §4.1.1); a slash first (RFC 6265 §5.2.4). */
function checkPath(call: string, option: string, path: unknown): void {
  if (typeof path !== 'string' || !/^\/[\u0020-\u003a\u003c-\u007e]*$/u.test(path))
    throw badArgument(call, `${option} to be a path that begins with '/'`, path);
}

function checkDomain(call: string, option: string, domain: unknown): void {
  if (domain === undefined) return;
  if (
    typeof domain !== 'string' ||
    !/^\.?(?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?(?:\.(?!$)|$))+$/iu.test(domain)
  )
    throw badArgument(call, `${option} to be the name of a host`, domain);
}

function checkSecure(call: string, option: string, secure: unknown): void {
  if (secure !== 'auto' && typeof secure !== 'boolean')
    throw badArgument(call, `${option} to be 'auto', true or false`, secure);
}
