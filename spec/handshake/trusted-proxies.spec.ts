// Whom a request is from, by headers of proxies: who is believed, how far, and what remains where
// nothing is. Over real ports: spec/faults/proxies.spec.ts.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkTrustProxy, trustedProxies } from '../../src/handshake/trusted-proxies.ts';
import type { KnownPeer, TrustProxy } from '../../src/handshake/trusted-proxies.ts';

const LINK: KnownPeer = Object.freeze({ remoteAddress: '10.0.0.1', encrypted: false, authority: 'own' });
const PROXIES = ['10.0.0.0/8', '2001:db8:1::/48'];

type Headers = Readonly<Record<string, string>>;

/** Address, TLS and host of the client; 'link' where no header is believed. */
function clientOf(option: TrustProxy, headers: Headers, changes: Partial<KnownPeer> = {}): unknown {
  const link = { ...LINK, ...changes };
  const peer = trustedProxies(option)?.peerOf(headers, link);
  if (typeof peer !== 'object') return peer;
  return peer === link ? 'link' : [peer.remoteAddress, peer.encrypted, peer.authority];
}

const xff = (fors: string, more: Headers = {}): Headers => ({ 'x-forwarded-for': fors, ...more });

describe('trustProxy: 0', () => {
  it('makes no rule', () => {
    expect(trustedProxies(0)).toBe(undefined);
  });
});

describe('trustProxy: a number', () => {
  it.each([
    [1, '192.0.2.1', '192.0.2.1'],
    [1, '203.0.113.9, 192.0.2.1', '192.0.2.1'],
    [2, '192.0.2.1, 10.0.0.2', '192.0.2.1'],
    [2, '203.0.113.9, 192.0.2.1, 10.0.0.2', '192.0.2.1'],
    [2, '192.0.2.1', '192.0.2.1'],
    [3, '203.0.113.9,192.0.2.1,10.0.0.3,10.0.0.2', '192.0.2.1'],
    [32, Array.from({ length: 40 }, (_, i) => `192.0.2.${i}`).join(), '192.0.2.8'],
    [1, 'unknown', '10.0.0.1'],
    [1, '', '10.0.0.1'],
    [1, '192.0.2.1, nonsense', '10.0.0.1'],
    [2, 'nonsense, 192.0.2.1', '192.0.2.1'],
    [2, 'unknown, 192.0.2.1', '192.0.2.1'],
    [1, '::ffff:192.0.2.1', '192.0.2.1'],
    [1, '[2001:DB8::1]:80', '2001:db8::1'],
  ])('H16: %i takes of X-Forwarded-For: %s the address %s', (count, fors, address) => {
    expect(clientOf(count, xff(fors))).toEqual([address, false, 'own']);
  });

  it.each([
    [1, 'for=192.0.2.1', '192.0.2.1'],
    [2, 'for=192.0.2.1, for=10.0.0.2', '192.0.2.1'],
    [1, 'for=203.0.113.9, for=192.0.2.1', '192.0.2.1'],
    [1, 'for=_hidden', '10.0.0.1'],
    [1, 'for=192.0.2.1, nonsense', '10.0.0.1'],
    [1, 'for=192.0.2.1;for=192.0.2.1', '10.0.0.1'],
    [2, 'nonsense, for=192.0.2.1', '192.0.2.1'],
    [1, 'for="203.0.113.9, for=192.0.2.1', '192.0.2.1'],
  ])('H16: %i takes of Forwarded: %s the address %s', (count, forwarded, address) => {
    expect(clientOf(count, { forwarded })).toEqual([address, false, 'own']);
  });

  it('takes a peer without an address for a proxy: a link in memory, or a local socket', () => {
    expect(clientOf(1, xff('192.0.2.1'), { remoteAddress: undefined })).toEqual(['192.0.2.1', false, 'own']);
    expect(clientOf(1, xff('unknown'), { remoteAddress: undefined })).toEqual([undefined, false, 'own']);
  });

  it('changes nothing where no header is there', () => {
    expect(clientOf(2, { 'x-real-ip': '192.0.2.1', via: '1.1 a' })).toBe('link');
  });
});

describe('trustProxy: a list', () => {
  it.each([
    ['10.0.0.1', '192.0.2.1', '192.0.2.1'],
    ['::ffff:10.0.0.1', '192.0.2.1', '192.0.2.1'],
    ['2001:DB8:1::5', '192.0.2.1', '192.0.2.1'],
    ['2001:db8:1::5%eth0', '192.0.2.1', '192.0.2.1'],
    ['10.0.0.1', '203.0.113.9, 192.0.2.1', '192.0.2.1'],
    ['10.0.0.1', '203.0.113.9, 192.0.2.1, 10.9.9.9, 2001:db8:1::7', '192.0.2.1'],
    ['10.0.0.1', '203.0.113.9, 192.0.2.1, ::ffff:10.9.9.9', '192.0.2.1'],
    ['10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['10.0.0.1', '192.0.2.1, unknown', '10.0.0.1'],
    ['10.0.0.1', '192.0.2.1, unknown, 10.0.0.2', '10.0.0.2'],
  ])('H16: a peer %s that says %s connects for %s', (remoteAddress, fors, address) => {
    expect(clientOf(PROXIES, xff(fors), { remoteAddress })).toEqual([address, false, 'own']);
  });

  it.each([
    '192.0.2.9',
    '11.0.0.1',
    '::ffff:11.0.0.1',
    '2001:db8:2::1',
    'fe80::1%eth0',
    undefined,
    'nonsense',
  ])('H16: a peer %s is not believed', (remoteAddress) => {
    const headers = { ...xff('192.0.2.1'), forwarded: 'for=10.0.0.1', 'x-forwarded-proto': 'https' };
    expect(clientOf(PROXIES, headers, { remoteAddress })).toBe('link');
  });

  it('believes no peer where it is empty', () => {
    expect(clientOf([], xff('192.0.2.1'))).toBe('link');
  });

  it.each([
    ['10.0.0.1', '10.0.0.1', true],
    ['10.0.0.1', '10.0.0.2', false],
    ['10.0.0.1/32', '10.0.0.1', true],
    ['10.1.2.3/16', '10.1.255.255', true],
    ['10.1.2.3/16', '10.2.0.0', false],
    ['::ffff:10.0.0.0/104', '10.9.9.9', true],
    ['::ffff:10.0.0.1', '::ffff:10.0.0.1', true],
    ['::1', '0:0:0:0:0:0:0:1', true],
    ['2001:db8::/32', '2001:db8:ffff::1', true],
    ['2001:db8::/128', '2001:db8::1', false],
  ])('knows by %s the peer %s: %s', (range, remoteAddress, isKnown) => {
    const client = clientOf([range], xff('192.0.2.1'), { remoteAddress });
    expect(client).toEqual(isKnown ? ['192.0.2.1', false, 'own'] : 'link');
  });
});

describe('scheme and host', () => {
  const one = (headers: Headers, link = {}): unknown => clientOf(1, headers, link);

  it.each([
    [{ 'x-forwarded-proto': 'https' }, ['10.0.0.1', true, 'own']],
    [{ 'x-forwarded-proto': 'WSS', 'x-forwarded-host': 'a.example' }, ['10.0.0.1', true, 'a.example']],
    [{ 'x-forwarded-proto': 'https, http' }, ['10.0.0.1', false, 'own']],
    [{ 'x-forwarded-proto': 'http, https' }, ['10.0.0.1', true, 'own']],
    [{ 'x-forwarded-proto': 'on' }, ['10.0.0.1', false, 'own']],
    [{ 'x-forwarded-host': 'evil.example, a.example:8080' }, ['10.0.0.1', false, 'a.example:8080']],
    [{ 'x-forwarded-host': 'a/../b' }, ['10.0.0.1', false, 'own']],
    [{ forwarded: 'proto=https;host=a.example' }, ['10.0.0.1', true, 'a.example']],
    [{ forwarded: 'for=_a;proto=https' }, ['10.0.0.1', true, 'own']],
    [{ forwarded: 'nonsense;proto=https' }, ['10.0.0.1', false, 'own']],
  ])('are what the nearest proxy says: %o', (headers, client) => {
    expect(one(headers as Headers)).toEqual(client);
  });

  it('are those of the link where no proxy says them', () => {
    const link = { encrypted: true, authority: 'own.example' };
    expect(one(xff('192.0.2.1'), link)).toEqual(['192.0.2.1', true, 'own.example']);
    expect(one({ forwarded: 'proto=http' }, link)).toEqual(['10.0.0.1', false, 'own.example']);
  });

  it('H16: are what the proxy that the client has asked says, and not what the client says', () => {
    const headers = xff('203.0.113.9, 192.0.2.1, 10.0.0.2', {
      'x-forwarded-proto': 'http, https, http',
      'x-forwarded-host': 'evil.example, a.example, b.local',
    });
    expect(clientOf(2, headers)).toEqual(['192.0.2.1', true, 'a.example']);
    expect(clientOf(PROXIES, headers)).toEqual(['192.0.2.1', true, 'a.example']);
    expect(clientOf(1, headers)).toEqual(['10.0.0.2', false, 'b.local']);
    const forwarded =
      'for=203.0.113.9;proto=http;host=evil.example, for=192.0.2.1;proto=https;host=a.example, for=10.0.0.2';
    expect(clientOf(2, { forwarded })).toEqual(['192.0.2.1', true, 'a.example']);
    expect(clientOf(1, { forwarded })).toEqual(['10.0.0.2', false, 'own']);
  });

  it('H16: of a proxy that hides its client are still believed', () => {
    expect(clientOf(2, { forwarded: 'for=unknown;proto=https, for=10.0.0.2' })).toEqual([
      '10.0.0.2',
      true,
      'own',
    ]);
  });
});

describe('Forwarded and X-Forwarded-* together', () => {
  const both = (forwarded: string, headers: Headers): unknown => clientOf(1, { forwarded, ...headers });

  it('count where they say the same; of what one alone says, that of the one with addresses', () => {
    expect(both('for=192.0.2.1;proto=https', xff('192.0.2.1', { 'x-forwarded-proto': 'https' }))).toEqual([
      '192.0.2.1',
      true,
      'own',
    ]);
    expect(both('for="[2001:DB8::1]"', xff('2001:db8:0::1'))).toEqual(['2001:db8::1', false, 'own']);
    expect(both('for=192.0.2.1;host=A', { 'x-forwarded-host': 'a' })).toEqual(['192.0.2.1', false, 'A']);
  });

  it('H16: a Forwarded of the client has no effect behind a proxy that writes X-Forwarded-For', () => {
    const own = xff('192.0.2.1');
    expect(both('for=192.0.2.1;proto=https;host=evil.example', own)).toEqual(['192.0.2.1', false, 'own']);
    expect(both('proto=https', own)).toEqual(['192.0.2.1', false, 'own']);
    expect(both('for=unknown;proto=https', own)).toBe('contradictory');
    expect(both('nonsense', own)).toBe('contradictory');
    expect(both('for=10.0.0.1', own)).toBe('contradictory');
  });

  it('H16: an X-Forwarded-* of the client has no effect behind a proxy that writes Forwarded', () => {
    const own = 'for=192.0.2.1;proto=http;host=a';
    expect(both(own, xff('10.0.0.1'))).toBe('contradictory');
    expect(both(own, xff('nonsense'))).toBe('contradictory');
    expect(both(own, xff(''))).toBe('contradictory');
    expect(both(own, { 'x-forwarded-proto': 'https' })).toBe('contradictory');
    expect(both(own, { 'x-forwarded-host': 'evil.example' })).toBe('contradictory');
    expect(both(own, { 'x-forwarded-proto': 'nonsense' })).toEqual(['192.0.2.1', false, 'a']);
    expect(both('for=_hidden', xff('203.0.113.9'))).toBe('contradictory');
    expect(both('for=_hidden', xff('unknown'))).toEqual(['10.0.0.1', false, 'own']);
  });

  it('H16: give a client no address but its own or none', () => {
    const text = fc.constantFrom(
      '10.0.0.9',
      '192.0.2.1',
      'for=10.0.0.9',
      'for="',
      '"',
      ',',
      ';',
      '\\',
      'unknown',
      '=',
    );
    const header = fc.array(text, { maxLength: 8 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(header, header, (sent, other) => {
        // Each proxy appends the address of the client to one of the headers, and passes on the other.
        const byOld = clientOf(1, { ...xff(`${sent}, 192.0.2.1`), forwarded: other });
        const byStandard = clientOf(1, { forwarded: `${sent}, for=192.0.2.1`, 'x-forwarded-for': other });
        for (const client of [byOld, byStandard]) {
          if (client !== 'contradictory') expect((client as readonly unknown[])[0]).toBe('192.0.2.1');
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('checkTrustProxy', () => {
  const check = (option: unknown): void => checkTrustProxy('f()', 'trustProxy', option);

  it.each([
    [0],
    [1],
    [32],
    [[]],
    [['10.0.0.1', '::1', '10.0.0.0/8', '2001:db8::/32', '0.0.0.0/1', '::ffff:10.0.0.0/104']],
  ])('takes %j', (option) => {
    expect(check(option)).toBe(undefined);
  });

  it.each([undefined, null, true, -1, 1.5, 33, NaN, Infinity, '1', '10.0.0.1', {}, () => true])(
    'refuses %s',
    (option) => {
      expect(() => check(option)).toThrow(
        'f(): expected trustProxy to be a number of proxies from 0 to 32, or a list of addresses, got ',
      );
    },
  );

  it.each([
    '',
    'loopback',
    'a.example',
    '10.0.0',
    '10.0.0.1/',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '::/129',
  ])('refuses the entry %j of a list', (entry) => {
    expect(() => check(['10.0.0.1', entry])).toThrow(
      "f(): expected trustProxy[1] to be an address, or a range such as '10.0.0.0/8', got ",
    );
  });

  it.each([
    '0.0.0.0/0',
    '::/0',
    '::ffff:0.0.0.0/96',
    '::ffff:10.0.0.0/8',
    'fe80::1%eth0',
    ' 10.0.0.1',
    1,
    null,
  ])('refuses the entry %j of a list, which is no range or holds all addresses', (entry) => {
    expect(() => check([entry])).toThrow('f(): expected trustProxy[0] to be an address');
  });
});
