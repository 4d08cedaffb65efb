// Handshakes that come through proxies, over real ports: what headers decide for handlers, sessions
// and limits where `trustProxy` trusts this machine, and that they decide nothing where it does
// not. Whom a chain of headers names: spec/handshake/trusted-proxies.spec.ts.

import { limitByAddress, serve } from 'corosock';
import type { Handshake, HostOptions } from 'corosock';
import { describe, expect, it } from 'vitest';
import { refused } from '../fixtures/refused.ts';
import { connectRaw, openRaw, upgradeRequest } from '../peers/raw-client.ts';
import type { HeaderChanges, RawClient } from '../peers/raw-client.ts';

const sessions = { secret: 'a secret of at least 32 bytes, as it should be' };
const LOCAL = ['127.0.0.0/8'];

/** What a client claims, without any proxy. */
const CLAIMS = {
  'X-Forwarded-For': '203.0.113.7',
  'X-Forwarded-Proto': 'https',
  'X-Forwarded-Host': 'a.example',
};

/** What a hook sees of a request, the status of the answer, and whether its cookie is `Secure`. */
async function visit(options: HostOptions, headers: HeaderChanges): Promise<readonly unknown[]> {
  const seen: unknown[] = [];
  const server = {
    onPreServer: ({ request }: Handshake) => seen.push(request.remoteAddress, request.url.href),
    server: () => {},
  };
  await using host = await serve(server, { sessions, ...options });
  using client = await connectRaw(host.port);
  await client.send(upgradeRequest({ headers }));
  const { status, headers: fields } = await client.answer();
  return [status, ...seen, /; Secure(?:;|$)/.test(fields['set-cookie'] ?? '')];
}

describe('headers of proxies', () => {
  it.each([
    ['by default', undefined],
    ['from no proxy', 0],
    ['from an empty list', []],
    ['from others', ['10.0.0.0/8', '::1']],
  ])('H16: change nothing %s', async (_, trustProxy) => {
    const options = trustProxy === undefined ? {} : { trustProxy };
    const all = { ...CLAIMS, Forwarded: 'for=203.0.113.8;proto=https;host=b.example' };
    expect(await visit(options, all)).toEqual([101, '127.0.0.1', 'ws://127.0.0.1/', false]);
  });

  it.each([1, LOCAL])(
    'H16: decide address, URL and Secure where they are trusted: %j',
    async (trustProxy) => {
      const seen = [101, '203.0.113.7', 'wss://a.example/', true];
      expect(await visit({ trustProxy }, CLAIMS)).toEqual(seen);
      expect(
        await visit({ trustProxy }, { Forwarded: 'for=203.0.113.7;proto=https;host=a.example' }),
      ).toEqual(seen);
      const lines = ['for=10.9.9.9;proto=http', 'for="203.0.113.7:80";proto=https;host="a.example"'];
      expect(await visit({ trustProxy }, { Forwarded: lines })).toEqual(seen);
    },
  );

  it.each([1, LOCAL])('H16: that are malformed leave what the link says: %j', async (trustProxy) => {
    const link = [101, '127.0.0.1', 'ws://127.0.0.1/', false];
    for (const value of [
      '',
      '"',
      'a b',
      '\\',
      '<script>',
      '%ff',
      'for=";',
      '::::',
      'x'.repeat(8000),
      '\u00e9',
      ',,,,',
    ]) {
      expect(await visit({ trustProxy }, { Forwarded: value })).toEqual(link);
      const names = ['For', 'Proto', 'Host'].map((name) => `X-Forwarded-${name}`);
      const headers = Object.fromEntries(names.map((name) => [name, value]));
      // `x` 8,000 times three would be more header than Node takes.
      if (value.length < 1000)
        expect((await visit({ trustProxy }, headers)).slice(0, 2)).toEqual([101, '127.0.0.1']);
    }
  });

  it('decide whether a client gets a cookie that is for TLS only', async () => {
    const options = { trustProxy: 1, sessions: { ...sessions, cookie: '__Host-sid' }, report: () => {} };
    const cookieOf = async (headers: HeaderChanges): Promise<unknown> => {
      await using host = await serve(() => {}, options);
      using client = await connectRaw(host.port);
      await client.send(upgradeRequest({ headers }));
      return (await client.answer()).headers['set-cookie']?.split('=')[0];
    };
    expect(await cookieOf({ 'X-Forwarded-Proto': 'https' })).toBe('__Host-sid');
    expect(await cookieOf({ 'X-Forwarded-Proto': 'http' })).toBe(undefined);
  });

  it('H16: that contradict each other are answered with 400, and no hook runs', async () => {
    const headers = { ...CLAIMS, Forwarded: 'for=10.0.0.1' };
    expect(await visit({ trustProxy: 1 }, headers)).toEqual([400, false]);
    await using host = await serve(() => {}, { trustProxy: 1 });
    const { body } = await refused(host.port, upgradeRequest({ headers }));
    expect(body).toBe('Forwarded and X-Forwarded headers do not say the same\n');
  });

  it('H5: decide what the own host of an origin is, where they are trusted', async () => {
    const named = { Origin: 'https://a.example', 'X-Forwarded-Host': 'a.example' };
    expect((await visit({ trustProxy: 1 }, named))[0]).toBe(101);
    expect((await visit({}, named))[0]).toBe(403);
    const own = { Origin: 'http://127.0.0.1', 'X-Forwarded-Host': 'a.example' };
    expect((await visit({ trustProxy: 1 }, own))[0]).toBe(403);
    expect((await visit({}, own))[0]).toBe(101);
  });

  it('H16: decide whose limit counts, where they are trusted', async () => {
    const limitBy = limitByAddress({ maxSockets: 1 });
    const wait = async (ws: { readonly closed: Promise<unknown> }): Promise<void> => void (await ws.closed);
    const open = async (trustProxy: number, addresses: readonly string[]): Promise<readonly number[]> => {
      await using host = await serve(wait, { limitBy, trustProxy });
      const statuses: number[] = [];
      const clients: RawClient[] = [];
      for (const address of addresses) {
        const client = await connectRaw(host.port);
        clients.push(client);
        await client.send(upgradeRequest({ headers: { 'X-Forwarded-For': address } }));
        statuses.push((await client.answer()).status);
      }
      for (const client of clients) client[Symbol.dispose]();
      return statuses;
    };
    const addresses = ['203.0.113.1', '203.0.113.1', '203.0.113.2', 'evil, 203.0.113.2'];
    expect(await open(1, addresses)).toEqual([101, 429, 101, 429]);
    expect(await open(0, addresses)).toEqual([101, 429, 429, 429]);
  });

  it('give an IPv4 peer of an IPv6 port its IPv4 address', async () => {
    const seen: unknown[] = [];
    await using host = await serve((ws) => void seen.push(ws.request.remoteAddress), { hostname: '::' });
    using client = await openRaw(host.port);
    await client.untilCloseFrame();
    expect(seen).toEqual(['127.0.0.1']);
  });
});
