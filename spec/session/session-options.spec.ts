// Every option of sessions with every kind of value (rule 10): what is taken, what is refused, and
// the default.

import { UsageError } from 'corosock';
import { virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { cookieSettingsOf } from '../../src/session/cookie-options.ts';
import { MemorySessionStore } from '../../src/session/memory-session-store.ts';
import { sessionSettingsOf } from '../../src/session/session-options.ts';
import type { SessionOptions, SessionSettings } from '../../src/session/session-options.ts';

const clock = virtualClock();
const secret = 'a secret of at least 32 bytes, as it is';
const take = (options: object): SessionSettings =>
  sessionSettingsOf('serve()', { secret, ...options }, clock);

/** The error of options that are refused. */
function refused(options: unknown): unknown {
  try {
    return sessionSettingsOf('serve()', options as SessionOptions, clock);
  } catch (error) {
    return error instanceof UsageError ? [error.code, error.message] : error;
  }
}

const expectRefused = (options: object, expected: string): void =>
  expect(refused({ secret: 'secret', ...options })).toEqual([
    'COROSOCK_ARGUMENT',
    expect.stringContaining(`serve(): expected ${expected}, got `),
  ]);

describe('sessionSettingsOf', () => {
  it('fills in the defaults that are documented', () => {
    expect(take({})).toEqual({
      secrets: [secret],
      weakness: undefined,
      cookie: cookieSettingsOf('serve()', 'corosock.sid'),
      store: expect.any(MemorySessionStore) as unknown,
      timeoutMs: 900_000,
      storeTimeoutMs: 10_000,
      endOnClose: false,
    });
  });

  it('takes undefined for an option that is not given', () => {
    const options = { cookie: undefined, store: undefined, timeoutMs: undefined, endOnClose: undefined };
    expect(take(options)).toMatchObject({
      cookie: { name: 'corosock.sid' },
      timeoutMs: 900_000,
      endOnClose: false,
    });
  });

  it('gives each host a store of its own', () => {
    expect(take({}).store).not.toBe(take({}).store);
  });

  it('takes one secret or several', () => {
    expect(take({ secret: 'a' }).secrets).toEqual(['a']);
    expect(take({ secret: ['b', 'a'] }).secrets).toEqual(['b', 'a']);
  });

  it.each([undefined, '', [], [''], ['a', ''], ['a', undefined], 1, null, Buffer.from('a')])(
    'refuses secret of %s',
    (secret) => expectRefused({ secret }, 'sessions.secret to be a string that is not empty, or several'),
  );

  it('says nothing of a secret that it refuses', () => {
    expect(String(refused({ secret: ['top secret', ''] }))).not.toContain('top');
  });

  it('takes the name of the cookie, or its name and attributes', () => {
    const attributes = { name: 'sid', sameSite: 'strict' };
    expect([take({ cookie: 'sid' }).cookie.name, take({ cookie: attributes }).cookie]).toMatchObject([
      'sid',
      attributes,
    ]);
  });

  it('refuses a cookie as cookieSettingsOf does', () => {
    expectRefused({ cookie: 'a b' }, 'sessions.cookie to be a token (RFC 9110 §5.6.2)');
  });

  it.each([
    ['x'.repeat(32), undefined],
    [['x'.repeat(32), 'older'], 5],
  ])('warns of a secret below 32 bytes: %j', (given, bytes) => {
    const { weakness } = take({ secret: given });
    expect(weakness && [weakness.code, weakness.message]).toEqual(
      bytes && [
        'COROSOCK_SESSION_SECRET',
        `serve(): expected sessions.secret to have at least 32 bytes, got ${bytes}`,
      ],
    );
  });

  it('takes a store with or without a lock', () => {
    const store = new MemorySessionStore(clock);
    const locking = { get() {}, set() {}, touch() {}, delete() {}, lock() {} };
    expect([take({ store }).store, take({ store: locking }).store]).toEqual([store, locking]);
  });

  it.each([
    null,
    'redis',
    {},
    { get() {}, set() {}, touch() {} },
    { get() {}, set() {}, touch() {}, delete() {}, lock: 1 },
  ])('refuses store of %j', (store) => expectRefused({ store }, 'sessions.store to be a SessionStore'));

  it.each([
    [0, Infinity],
    [Infinity, Infinity],
    [1, 1],
    [2 ** 33, 2 ** 33],
  ])('takes timeoutMs of %d for %d', (timeoutMs, taken) => {
    expect(take({ timeoutMs }).timeoutMs).toBe(taken);
  });

  it.each([-1, NaN, '1', null, 1n])('refuses timeoutMs of %s', (timeoutMs) =>
    expectRefused({ timeoutMs }, 'sessions.timeoutMs to be a number of milliseconds ≥ 0'),
  );

  it.each([1, 2 ** 31 - 1])('takes storeTimeoutMs of %d', (storeTimeoutMs) => {
    expect(take({ storeTimeoutMs }).storeTimeoutMs).toBe(storeTimeoutMs);
  });

  it.each([0, -1, 2 ** 31, Infinity, NaN, '1', null])('refuses storeTimeoutMs of %s', (storeTimeoutMs) =>
    expectRefused(
      { storeTimeoutMs },
      'sessions.storeTimeoutMs to be a number of milliseconds from 1 to 2147483647',
    ),
  );

  it.each([true, false])('takes endOnClose of %s', (endOnClose) => {
    expect(take({ endOnClose }).endOnClose).toBe(endOnClose);
  });

  it.each([1, 'true', null])('refuses endOnClose of %j', (endOnClose) =>
    expectRefused({ endOnClose }, 'sessions.endOnClose to be true or false'),
  );

  it('C2: refuses unknown names', () => {
    expect(refused({ secret: 'a', timeoutMS: 1 })).toEqual([
      'COROSOCK_ARGUMENT',
      'serve() sessions: unknown option "timeoutMS"; did you mean "timeoutMs"? The options are secret, cookie, store, timeoutMs, storeTimeoutMs, endOnClose',
    ]);
  });

  it.each([undefined, null, 'secret', true])('refuses %j in place of options', (options) => {
    expect(refused(options)).toEqual([
      'COROSOCK_ARGUMENT',
      expect.stringContaining('serve() sessions: expected options to be an object'),
    ]);
  });
});
