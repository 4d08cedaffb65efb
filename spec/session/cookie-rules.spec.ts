// What a host does with a cookie that browsers keep over TLS only, and with a secret that is too
// short.

import { virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { cookieOf, SECRET, setScene, unlimited } from './session-fixtures.ts';
import { sessionSettingsOf } from '../../src/session/session-options.ts';
import { Sessions } from '../../src/session/sessions.ts';

describe('a host with sessions', () => {
  it.each([
    ['31 bytes', 'x'.repeat(31), [31]],
    ['an old secret of 5 bytes', ['x'.repeat(32), 'older'], [5]],
    ['32 bytes', 'x'.repeat(32), []],
    ['32 bytes in 11 letters', '\u20ac'.repeat(11), []],
  ])('reports a secret that is too short once, without its text: %s', async (_, secret, bytes) => {
    const clock = virtualClock();
    const reported: string[] = [];
    const report = (error: unknown, { phase }: { readonly phase: string }): void =>
      void reported.push(`${phase}: ${String(error)}`);
    const settings = sessionSettingsOf('serve()', { secret }, clock);
    const sessions = new Sessions(settings, { clock, report, peerFaults: unlimited(report) });
    await sessions.open(undefined, false);
    expect(reported).toEqual(
      bytes.map(
        (length) =>
          `session: UsageError: serve(): expected sessions.secret to have at least 32 bytes, got ${length}`,
      ),
    );
  });
});

describe('a cookie that needs TLS', () => {
  it('is not read over a plain connection, nor sent, which is reported once', async () => {
    const { sessions, store, reports } = setScene({ cookie: '__Host-sid' });
    const cookie = cookieOf('known', SECRET, '__Host-sid');
    await store.set('known', { user: 'ann' }, Infinity);
    for (let handshake = 0; handshake < 3; handshake += 1) {
      const plain = await sessions.open(cookie, false);
      await plain.commit();
      expect([plain.id === 'known', plain.writeCookie()]).toEqual([false, undefined]);
    }
    // No client will ever name these sessions.
    expect(store.calls.filter((call) => call.startsWith('set'))).toEqual([
      'set known {"user":"ann"} Infinity',
    ]);
    const { id } = await sessions.open(cookie, true);
    expect([id, reports]).toEqual(['known', ['session: COROSOCK_SESSION_COOKIE plain']]);
  });

  it('is not sent over a plain connection either where its session was updated', async () => {
    const { sessions, store } = setScene({ cookie: '__Host-sid' });
    const plain = await sessions.open(undefined, false);
    await plain.update((data) => {
      data['user'] = 'ann';
    });
    await plain.commit();
    expect(store.calls.filter((call) => call.startsWith('set'))).toHaveLength(1);
    expect(plain.writeCookie()).toBeUndefined();
  });

  it('is sent over TLS', async () => {
    const { sessions } = setScene({ cookie: '__Host-sid' });
    const fresh = await sessions.open(undefined, true);
    await fresh.commit();
    expect(fresh.writeCookie()).toMatch(/^__Host-sid=.*; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
  });
});
