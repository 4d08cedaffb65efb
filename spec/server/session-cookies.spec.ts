// The session cookie on the wire: where it is Secure, also behind a proxy that ends TLS, and what
// forged ones write into the log.

import { serve } from 'corosock';
import type { ServeOptions } from 'corosock';
import { settle } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { recordWarnings } from '../fixtures/process-events.ts';
import { connectRaw, openRaw, upgradeRequest } from '../peers/raw-client.ts';
import { SECRET } from '../session/session-fixtures.ts';

/** What a client gets whose proxy says that it came over TLS, and what the host reports. */
async function behindProxy(options: ServeOptions): Promise<{
  readonly setCookie: string;
  readonly reports: readonly unknown[];
}> {
  const reports: unknown[] = [];
  await using host = await serve(() => {}, { ...options, report: (error) => reports.push(error) });
  using client = await connectRaw(host.port);
  await client.send(
    upgradeRequest({ headers: { 'X-Forwarded-For': '192.0.2.7', 'X-Forwarded-Proto': 'https' } }),
  );
  const { status, headers } = await client.answer();
  expect(status).toBe(101);
  return { setCookie: headers['set-cookie'] ?? '', reports };
}

describe('the session cookie of a client behind a proxy that ends TLS', () => {
  const sessions = { secret: SECRET, cookie: '__Host-sid' };

  it('is Secure, and may be a __Host- one, where the proxy is trusted', async () => {
    const { setCookie, reports } = await behindProxy({ sessions, trustProxy: 1 });
    expect([setCookie.replace(/=s.*?;/, '=…;'), reports]).toEqual([
      '__Host-sid=…; Path=/; HttpOnly; Secure; SameSite=Lax',
      [],
    ]);
  });

  it('is not sent where no proxy is trusted, whatever headers say', async () => {
    const { setCookie, reports } = await behindProxy({ sessions });
    expect([setCookie, reports]).toMatchObject(['', [{ code: 'COROSOCK_SESSION_COOKIE', why: 'plain' }]]);
  });

  it('is sent where secure is true, though no proxy is trusted', async () => {
    const cookie = { name: '__Host-sid', secure: true };
    const { setCookie, reports } = await behindProxy({ sessions: { secret: SECRET, cookie } });
    expect([setCookie.includes('; Secure'), reports]).toEqual([true, []]);
  });
});

describe('S1: 500 forged cookies', () => {
  it('print two warnings by the default report: the first one, and their number', async () => {
    using warnings = recordWarnings();
    const host = await serve(() => {}, { sessions: { secret: SECRET } });
    const value = encodeURIComponent(`s:${'x'.repeat(32)}.${'A'.repeat(43)}`);
    const headers = { Cookie: `corosock.sid=${value}` };
    for (let sent = 0; sent < 500; sent += 1) (await openRaw(host.port, { headers }))[Symbol.dispose]();
    await host.close({ graceMs: 0 });
    // A warning is told a tick later.
    await settle();
    expect(warnings.texts).toEqual([
      expect.stringContaining('A session cookie was not signed with a secret of this host'),
      expect.stringContaining('499 more of these within a minute: session cookie: forged'),
    ]);
  });
});
