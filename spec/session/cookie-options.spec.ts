// Every option of the session cookie with every kind of value (rule 10), and the cookies that no
// browser would keep.

import { UsageError } from 'corosock';
import { describe, expect, it } from 'vitest';
import { COOKIE_OPTIONS, cookieSettingsOf } from '../../src/session/cookie-options.ts';
import type { CookieSettings } from '../../src/session/cookie-options.ts';

const take = (cookie: unknown): CookieSettings => cookieSettingsOf('serve()', cookie as string);

/** The error of options that are refused. */
function refused(cookie: unknown): unknown {
  try {
    return take(cookie);
  } catch (error) {
    return error instanceof UsageError ? [error.code, error.message] : error;
  }
}

const DEFAULTS = {
  name: 'corosock.sid',
  path: '/',
  domain: undefined,
  sameSite: 'lax',
  secure: 'auto',
  maxAgeMs: Infinity,
  needsSecure: false,
};

describe('cookieSettingsOf', () => {
  it('fills in the defaults that are documented', () => {
    expect([take({}), take('sid')]).toEqual([DEFAULTS, { ...DEFAULTS, name: 'sid' }]);
  });

  it('takes undefined for an option that is not given', () => {
    const options = Object.fromEntries(Object.keys(COOKIE_OPTIONS).map((name) => [name, undefined]));
    expect(take(options)).toEqual(DEFAULTS);
  });

  it.each([
    { name: "!#$%&'*+-.^_`|~" },
    { path: '/' },
    { path: '/app/~ann?x' },
    { domain: 'example.com' },
    { domain: '.example.com' },
    { domain: 'localhost' },
    { domain: 'xn--bcher-kva.example' },
    { sameSite: 'strict' },
    { sameSite: 'none', needsSecure: true },
    { secure: true },
    { secure: false },
    { maxAgeMs: 1 },
    { maxAgeMs: 400 * 86_400_000 },
    { maxAgeMs: Infinity },
    { name: '__Host-sid', needsSecure: true },
    { name: '__Host-sid', secure: true, needsSecure: true },
    { name: '__Secure-sid', domain: 'example.com', path: '/app', needsSecure: true },
    { name: '__Http-sid', needsSecure: true },
    { name: 'x__Host-sid', secure: false },
  ])('takes %j', ({ needsSecure = false, ...options }) => {
    expect(take(options)).toEqual({ ...DEFAULTS, ...options, needsSecure });
  });

  it.each([
    ['name', ['', 'a b', 'a=b', 'a;b', 'a,b', 'sid\n', 's\u00efd', 1, null], 'a token (RFC 9110 §5.6.2)'],
    ['path', ['', 'app', '/a;b', '/\n', '/\u00e9', 1, null], "a path that begins with '/'"],
    [
      'domain',
      ['', '.', 'a..b', 'a.', '-a', 'a b', 'a;b', 'http://a', `${'a'.repeat(64)}.com`, 1, null],
      'the name of a host',
    ],
    ['sameSite', ['Lax', true, '', null], "'lax', 'strict' or 'none'"],
    ['secure', ['true', 1, null], "'auto', true or false"],
    ['maxAgeMs', [0, 0.5, -1, NaN, '1', null], 'a number of milliseconds ≥ 1'],
  ])('refuses %s of %j', (name, values, expected) => {
    for (const value of values) {
      expect(refused({ [name]: value })).toEqual([
        'COROSOCK_ARGUMENT',
        expect.stringContaining(`serve(): expected sessions.cookie.${name} to be ${expected}, got `),
      ]);
    }
  });

  it.each(['', 'a b', 's\u00efd', 1, true, undefined])('refuses %j in place of a name', (cookie) => {
    expect(refused(cookie)).toEqual([
      'COROSOCK_ARGUMENT',
      expect.stringContaining('serve(): expected sessions.cookie to be a token (RFC 9110 §5.6.2), got '),
    ]);
  });

  it('refuses null, and C2: unknown names', () => {
    expect([refused(null), refused({ httpOnly: false })]).toEqual([
      ['COROSOCK_ARGUMENT', 'serve() sessions.cookie: expected options to be an object, got null'],
      [
        'COROSOCK_ARGUMENT',
        'serve() sessions.cookie: unknown option "httpOnly". The options are name, path, domain, sameSite, secure, maxAgeMs',
      ],
    ]);
  });

  it.each([
    [
      { name: '__Host-sid', secure: false },
      'sessions.cookie.secure not to be false for the name __Host-sid, got false',
    ],
    [
      { name: '__hOST-sid', path: '/app' },
      `sessions.cookie.path to be '/' for the name __hOST-sid, got "/app"`,
    ],
    [
      { name: '__Host-Http-sid', domain: 'a' },
      'no sessions.cookie.domain for the name __Host-Http-sid, got "a"',
    ],
    [
      { name: '__Secure-sid', secure: false },
      'sessions.cookie.secure not to be false for the name __Secure-sid, got false',
    ],
    [
      { sameSite: 'none', secure: false },
      "sessions.cookie.secure not to be false for sameSite 'none', got false",
    ],
  ])('refuses %j, which no browser keeps', (cookie, expected) => {
    expect(refused(cookie)).toEqual(['COROSOCK_ARGUMENT', `serve(): expected ${expected}`]);
  });
});
