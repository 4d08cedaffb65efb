// Headers of proxies, from the right: what each proxy says, and that no client can change how the
// part of the next proxy is read.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forwardedChain, xForwardedChain } from '../../src/handshake/forwarded-header.ts';
import type { Hop } from '../../src/handshake/forwarded-header.ts';

/** What a proxy says: address, whether it has TLS, host. */
const said = (hop: Hop | undefined): unknown => hop && [hop.address, hop.isSecure, hop.host];

/** All that is said by a `Forwarded` header, the nearest proxy first. */
function forwarded(header: string, most = 9): readonly unknown[] {
  const chain = forwardedChain({ forwarded: header }, most);
  return Array.from({ length: 4 }, (_, distance) => said(chain?.hop(distance)));
}

const [u] = [undefined];

describe('forwardedChain', () => {
  it.each([
    ['for=192.0.2.1', ['192.0.2.1', u, u]],
    ['For=192.0.2.1;PROTO=HTTPS;Host=a.example;by=203.0.113.1', ['192.0.2.1', true, 'a.example']],
    ['for="[2001:DB8::1]:4711";proto=http', ['2001:db8::1', false, u]],
    ['for="192.0.2.1:80";host="a.example:8080"', ['192.0.2.1', u, 'a.example:8080']],
    ['for=192.0.2.1:80;host=[::1]:8080', ['192.0.2.1', u, '[::1]:8080']],
    ['for="192.0.2\\.1"', ['192.0.2.1', u, u]],
    ['for=192.0.2.1 ; proto=https', ['192.0.2.1', true, u]],
    ['proto=wss;host=a', [u, true, 'a']],
    ['for=unknown;proto=ws', [u, false, u]],
    ['for=_hidden;host=a', [u, u, 'a']],
    ['for="_a,b;c";host=a', [u, u, 'a']],
    ['host=a;for="_a,\\"b;c\\\\"', [u, u, 'a']],
    ['for=192.0.2.1;proto=gopher;host="a b"', ['192.0.2.1', u, u]],
    ['for=192.0.2.1;host=a/b', ['192.0.2.1', u, u]],
    ['for=192.0.2.1;host=a:99999', ['192.0.2.1', u, u]],
    ['for=192.0.2.1;host=me@a', ['192.0.2.1', u, u]],
    ['for=192.0.2.1;__proto__=x;constructor=y', ['192.0.2.1', u, u]],
  ])('reads %s', (header, hop) => {
    expect(forwarded(header)).toEqual([hop, u, u, u]);
  });

  it.each([
    '',
    'for',
    'for=',
    'for=192.0.2.1;',
    'for=192.0.2.1;;proto=http',
    'for=192.0.2.1;for=192.0.2.2',
    'for=192.0.2.1;For=192.0.2.1',
    'for="192.0.2.1',
    'for=192.0.2.1"',
    'for="192.0.2.1"x',
    'for="192.0.2.1\\"',
    'for =192.0.2.1',
    '=192.0.2.1',
    'for==192.0.2.1;"',
    '192.0.2.1',
    '"',
    ';',
  ])('reads no address in the malformed %j', (header) => {
    expect((forwarded(header)[0] as readonly unknown[] | undefined)?.[0]).toBe(undefined);
  });

  it('reads the nearest proxy first', () => {
    expect(forwarded('for=192.0.2.1, for="[::1]";proto=https ,for=192.0.2.3')).toEqual([
      ['192.0.2.3', u, u],
      ['::1', true, u],
      ['192.0.2.1', u, u],
      u,
    ]);
  });

  it('looks at no more proxies than it is told', () => {
    expect(forwarded('for=192.0.2.1,for=192.0.2.2,for=192.0.2.3', 2)).toEqual([
      ['192.0.2.3', u, u],
      ['192.0.2.2', u, u],
      u,
      u,
    ]);
  });

  it('is missing where the header is', () => {
    expect(forwardedChain({}, 9)).toBe(undefined);
  });

  it('H16: reads the last part as it is, whatever a client has written before it', () => {
    const piece = fc.constantFrom(
      '"',
      '\\',
      ',',
      ';',
      '=',
      'for=10.0.0.1',
      'proto=https',
      ' ',
      'host="a',
      'x',
    );
    const left = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
    const last = fc.constantFrom('for=192.0.2.1', 'for="[2001:db8::1]:1";proto=http', 'for="_a,\\"b";host=a');
    fc.assert(
      fc.property(left, last, (before, part) => {
        const [first] = forwarded(part);
        expect(forwarded(`${before}, ${part}`)[0]).toEqual(first);
      }),
      { numRuns: 2000 },
    );
  });

  it('H16: reads the last 4,096 characters, and no part that is cut off at its left', () => {
    const space = ' '.repeat(4096 - 'for=192.0.2.2,for=192.0.2.1'.length);
    expect(forwarded(`for=192.0.2.2,${space}for=192.0.2.1`)).toEqual([
      ['192.0.2.1', u, u],
      ['192.0.2.2', u, u],
      u,
      u,
    ]);
    expect(forwarded(`;for=192.0.2.2,${space}for=192.0.2.1`)).toEqual([['192.0.2.1', u, u], u, u, u]);
    const long = xForwardedChain(
      { 'x-forwarded-for': `2192.0.2.1${' '.repeat(4096 - '192.0.2.1'.length)}` },
      9,
    );
    expect([long?.hasAddresses, long?.hop(0)?.address]).toEqual([true, undefined]);
  });

  it('H16: takes time that grows with the length, not with its square', () => {
    for (const piece of ['\\', '"', ',', ';', 'for=1;', '"\\', 'a="', ' ']) {
      const header = piece.repeat(200_000 / piece.length);
      expect(forwarded(`${header},for=192.0.2.1`)[0]).toEqual(['192.0.2.1', u, u]);
      expect(() => forwarded(header)).not.toThrow();
    }
  });
});

describe('xForwardedChain', () => {
  /** What the nearest proxies say. */
  function chain(fors?: string, protos?: string, hosts?: string): readonly unknown[] {
    const headers = { 'x-forwarded-for': fors, 'x-forwarded-proto': protos, 'x-forwarded-host': hosts };
    const given = Object.entries(headers).filter(([, value]) => value !== undefined);
    const read = xForwardedChain(Object.fromEntries(given), 3);
    return [read?.hasAddresses, ...[0, 1, 2, 3].map((distance) => said(read?.hop(distance)))];
  }

  it('reads each header from the right', () => {
    expect(chain('192.0.2.1, [::2]:80,::3', 'https,http, https', 'a, b,c:1')).toEqual([
      true,
      ['::3', true, 'c:1'],
      ['::2', false, 'b'],
      ['192.0.2.1', true, 'a'],
      [u, true, 'a'],
    ]);
  });

  it('takes one value of scheme and host for all proxies', () => {
    expect(chain('192.0.2.1, 192.0.2.2', 'https', 'a')).toEqual([
      true,
      ['192.0.2.2', true, 'a'],
      ['192.0.2.1', true, 'a'],
      [u, true, 'a'],
      [u, true, 'a'],
    ]);
  });

  it('says that no address is said', () => {
    expect(chain(u, 'https')).toEqual([false, ...Array.from({ length: 4 }, () => [u, true, u])]);
    expect(chain(u, u, 'a')[0]).toBe(false);
  });

  it('is missing where all headers are', () => {
    expect(chain()).toEqual([u, u, u, u, u]);
  });

  it.each(['', 'unknown', 'a.example', '192.0.2.1;', '"192.0.2.1"', '192.0.2.1,'])(
    'reads no nearest address in %j',
    (fors) => {
      expect(chain(fors)).toEqual([true, ...Array.from({ length: 4 }, () => expect.anything() as unknown)]);
      expect((chain(fors)[1] as readonly unknown[])[0]).toBe(undefined);
    },
  );

  it('takes headers of a test, which may be lists', () => {
    const read = xForwardedChain({ 'x-forwarded-for': ['192.0.2.1', '192.0.2.2'] }, 9);
    expect(said(read?.hop(0))).toEqual(['192.0.2.2', u, u]);
  });
});
