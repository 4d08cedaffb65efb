// The cookie of a session: Express's form, several secrets, and cookies that this host has not
// signed.

import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { parseCookie, parseSetCookie } from 'cookie';
import { sign, unsign } from 'cookie-signature';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { cookieOf, SECRET } from './session-fixtures.ts';
import { cookieSettingsOf } from '../../src/session/cookie-options.ts';
import type { SessionCookieOptions } from '../../src/session/cookie-options.ts';
import { IdSigner, SessionCookie, SessionCookieError } from '../../src/session/session-cookie.ts';

/** The cookie of some options. */
function made(
  options: string | SessionCookieOptions = 'sid',
  secrets: readonly [string, ...string[]] = [SECRET],
): SessionCookie {
  return new SessionCookie(cookieSettingsOf('spec', options), secrets);
}

const cookie = made();

/** The attributes that a cookie has in its Set-Cookie header. */
function attributesOf(text: string): string {
  return text.slice(text.indexOf(';') + 2);
}

/** The Cookie header that answers a Set-Cookie header. */
const answerTo = (setCookie: string): string => setCookie.slice(0, setCookie.indexOf(';'));

describe('an id', () => {
  it('S2: is 192 bits of a CSPRNG, safe in a cookie, and never the same', () => {
    const ids = Array.from({ length: 1000 }, () => cookie.newId());
    expect(new Set(ids).size).toBe(1000);
    for (const id of ids) expect(id).toMatch(/^[\w-]{32}$/);
    // Each of the 192 bits comes up both ways.
    const bits = ids.map((id) => BigInt(`0x${Buffer.from(id, 'base64url').toString('hex')}`));
    const everSet = bits.reduce((all, id) => all | id);
    const alwaysSet = bits.reduce((all, id) => all & id);
    expect([everSet, alwaysSet]).toEqual([2n ** 192n - 1n, 0n]);
  });
});

describe('SessionCookie', () => {
  it('reads the id that it has written, for any id', () => {
    fc.assert(
      fc.property(fc.string(), (id) => {
        expect(cookie.read(answerTo(cookie.write(id, false)))).toEqual({ kind: 'valid', id });
      }),
    );
  });

  it('writes the form of Express: s:, the id, its signature, all URI-encoded', () => {
    const id = cookie.newId();
    const { value } = parseSetCookie(cookie.write(id, false));
    expect(value).toMatch(new RegExp(`^s:${id}\\.[A-Za-z0-9+/]{43}$`));
    expect(answerTo(cookie.write(id, false))).toBe(cookieOf(id, SECRET, 'sid'));
  });

  it.each([
    [false, 'Path=/; HttpOnly; SameSite=Lax'],
    [true, 'Path=/; HttpOnly; Secure; SameSite=Lax'],
  ])('over TLS: %s, writes %s and nothing else', (isSecure, attributes) => {
    expect(attributesOf(cookie.write('id', isSecure))).toBe(attributes);
  });

  it('finds its cookie among others, and takes the first of its name', () => {
    const [a, b] = [cookieOf('a', SECRET, 'sid'), cookieOf('b', SECRET, 'sid')];
    expect(cookie.read(`x=1; ${a}; sid2=2; ${b}`)).toEqual({ kind: 'valid', id: 'a' });
  });

  it.each([undefined, '', 'sid', 'x=1; y=sid', 'SID=s%3Aid', '__proto__=1', ';;=;'])(
    'finds none in %j',
    (header) => {
      expect(cookie.read(header)).toEqual({ kind: 'none' });
    },
  );

  it.each([
    '',
    's:',
    's%3A',
    's:.',
    'id',
    's:id',
    's:id.',
    'j:{}',
    '%',
    '%ff',
    's:id.%00',
    's%3Aid.\u00e9',
    '"s:id"',
  ])('S1: takes sid=%s for forged', (value) => {
    expect(cookie.read(`sid=${value}`)).toEqual({ kind: 'forged' });
  });

  it('H23: takes a cookie for forged when any character differs, at the right length or not', () => {
    const header = cookieOf('some id', SECRET, 'sid');
    const value = parseCookie(header)['sid'] ?? '';
    fc.assert(
      fc.property(fc.nat(value.length - 1), fc.string({ minLength: 0, maxLength: 3 }), (at, put) => {
        const changed = value.slice(0, at) + put + value.slice(at + 1);
        fc.pre(changed !== value);
        const verdict = cookie.read(`sid=${encodeURIComponent(changed)}`);
        expect(verdict).toEqual({ kind: 'forged' });
      }),
    );
  });

  // By structure and not by the clock: what a comparison could give away is nanoseconds, and a bound that
  // holds on a busy machine would pass for one that stops at the first wrong letter.
  it('H23: compares a signature whole and in constant time, wherever it is wrong', () => {
    using compared = vi.spyOn(crypto, 'timingSafeEqual');
    syncBuiltinESMExports();
    const value = parseCookie(cookieOf('some id', SECRET, 'sid'))['sid'] ?? '';
    const begin = value.lastIndexOf('.') + 1;
    for (let at = begin; at < value.length; at += 1) {
      const wrong = `${value.slice(0, at)}${value[at] === 'A' ? 'B' : 'A'}${value.slice(at + 1)}`;
      compared.mockClear();
      expect(cookie.read(`sid=${encodeURIComponent(wrong)}`)).toEqual({ kind: 'forged' });
      const texts = compared.mock.calls.map((sides) => sides.map(String).toSorted());
      expect(texts).toEqual([[wrong.slice(begin), value.slice(begin)].toSorted()]);
    }
    compared.mockRestore();
    syncBuiltinESMExports();
  });

  it.each([
    ['the form of a signature: one for each secret', `s:some id.${'A'.repeat(43)}`, 4],
    ['a signature that is too short', `s:some id.${'A'.repeat(42)}`, 0],
    ['a signature that is too long', `s:some id.${'A'.repeat(44)}`, 0],
    ['a signature that is no base64', `s:some id.${'-'.repeat(43)}`, 0],
    ['no prefix', `some id.${'A'.repeat(43)}`, 0],
    ['a prefix of JSON', `j:some id.${'A'.repeat(43)}`, 0],
    ['more than a browser keeps', `s:${'x'.repeat(4096 - 45)}.${'A'.repeat(43)}`, 0],
    ['as much as a browser keeps', `s:${'x'.repeat(4096 - 46)}.${'A'.repeat(43)}`, 4],
  ])('hashes a cookie that is forged only where it has the form of ours: %s', (_, value, hashes) => {
    const rotated = made('sid', ['new', 'old']);
    using hashed = vi.spyOn(crypto, 'hash');
    syncBuiltinESMExports();
    expect(rotated.read(`sid=${value}`)).toEqual({ kind: 'forged' });
    expect(hashed.mock.calls.length).toBe(hashes);
    hashed.mockRestore();
    syncBuiltinESMExports();
  });

  it.each([
    ['a hundred cookies of its name', (of: string): string => `${of}; sid=x`.repeat(100)],
    ['names that end with its name', (of: string): string => `a-sid=1; 2sid=3; "sid=4"; ${of}`],
    ['a value that holds a pair', (of: string): string => `a=sid=1; ${of}`],
    ['no blanks, and many', (of: string): string => `a=1;${of} ;b= 2;\t  sid=3`],
    ['semicolons', (of: string): string => `;;;${of};;;`],
  ])('finds the first cookie of its name among %s', (_, among) => {
    expect(cookie.read(among(cookieOf('a', SECRET, 'sid')))).toEqual({ kind: 'valid', id: 'a' });
  });

  it('finds the same cookie as the package cookie, in any header', () => {
    const pieces = fc.constantFrom('sid', '=', ';', ' ', '\t', 'x', 's', 'sid=', '; sid=', ',');
    fc.assert(
      fc.property(fc.array(pieces), (parts) => {
        const header = parts.join('');
        const isThere = parseCookie(header)['sid'] !== undefined;
        // A name with blanks behind it is no name (RFC 6265 §4.2.1).
        fc.pre(!/sid[ \t]+=/.test(header));
        expect(cookie.read(header).kind).toBe(isThere ? 'forged' : 'none');
      }),
    );
  });

  it.each<[SessionCookieOptions, string]>([
    [{ path: '/app' }, 'Path=/app; HttpOnly; SameSite=Lax'],
    [{ domain: 'example.com' }, 'Domain=example.com; Path=/; HttpOnly; SameSite=Lax'],
    [{ sameSite: 'strict' }, 'Path=/; HttpOnly; SameSite=Strict'],
    [{ secure: true, sameSite: 'none' }, 'Path=/; HttpOnly; Secure; SameSite=None'],
    [{ maxAgeMs: 1500 }, 'Max-Age=2; Path=/; HttpOnly; SameSite=Lax'],
  ])('writes the attributes of %j', (options, attributes) => {
    expect(attributesOf(made({ name: 'sid', ...options }).write('id', false))).toBe(attributes);
  });

  it.each<[SessionCookieOptions['secure'], boolean, boolean]>([
    ['auto', false, false],
    ['auto', true, true],
    [true, false, true],
    [false, true, false],
  ])('with secure %j, over TLS %s, is Secure: %s', (secure = 'auto', isSecure, isMarked) => {
    const text = made({ name: 'sid', secure }).write('id', isSecure);
    expect(/; Secure(?:;|$)/.test(text)).toBe(isMarked);
  });

  it.each<[SessionCookieOptions, boolean, boolean]>([
    [{ name: '__Host-sid' }, false, false],
    [{ name: '__Host-sid' }, true, true],
    [{ name: '__Host-sid', secure: true }, false, true],
    [{ name: '__secure-sid', domain: 'example.com' }, false, false],
    [{ sameSite: 'none' }, false, false],
    [{ sameSite: 'none' }, true, true],
    [{ name: '_Host-sid' }, false, true],
  ])('of %j travels with a request over TLS (%s): %s', (options, isSecure, travels) => {
    expect(made(options).canTravel(isSecure)).toBe(travels);
  });

  it('signs with the newest secret, and verifies with all', () => {
    const rotated = made('sid', ['new', 'older', 'oldest']);
    for (const secret of ['new', 'older', 'oldest']) {
      expect(rotated.read(cookieOf('id', secret, 'sid'))).toEqual({ kind: 'valid', id: 'id' });
    }
    expect(rotated.read(cookieOf('id', 'dropped', 'sid'))).toEqual({ kind: 'forged' });
    expect(answerTo(rotated.write('id', false))).toBe(cookieOf('id', 'new', 'sid'));
  });
});

/** Any text, and at the lengths where the padding of a key changes. */
const secrets = fc.oneof(
  fc.string({ minLength: 1, unit: 'grapheme' }),
  fc.constantFrom(63, 64, 65, 200).map((length) => 'x'.repeat(length)),
);

describe('IdSigner', () => {
  it('signs any ids, one after another, as cookie-signature does', () => {
    fc.assert(
      fc.property(secrets, fc.array(fc.string({ unit: 'grapheme' })), (secret, ids) => {
        const signer = new IdSigner(secret);
        expect(ids.map((id) => signer.sign(id))).toEqual(ids.map((id) => sign(id, secret)));
      }),
    );
  });

  it('signs what cookie-signature verifies with the same secret, and with no other', () => {
    const signed = new IdSigner('a secret').sign('an id');
    expect([unsign(signed, 'a secret'), unsign(signed, 'another')]).toEqual(['an id', false]);
  });

  it('signs a lone surrogate as cookie-signature does', () => {
    expect(new IdSigner('s').sign('\ud800')).toBe(sign('\ud800', 's'));
  });
});

describe('SessionCookieError', () => {
  it.each(['forged', 'unknown', 'plain'] as const)('has a code, and says why: %s', (why) => {
    const error = new SessionCookieError(why);
    expect([error.name, error.code, error.why]).toEqual([
      'SessionCookieError',
      'COROSOCK_SESSION_COOKIE',
      why,
    ]);
    expect(error).toBeInstanceOf(Error);
  });
});
