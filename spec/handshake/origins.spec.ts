// Which pages may connect, rule by rule, and which values of the option are refused. The same over
// real ports, and before which other answers: spec/faults/origins.spec.ts.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ArrivedRequest, HandshakeRequest } from '../../src/handshake/handshake-request.ts';
import { anyOriginError, checkOrigins, originRefusal, originRule } from '../../src/handshake/origins.ts';
import type { Origins } from '../../src/handshake/origins.ts';
import { REFUSALS } from '../../src/handshake/refusal.ts';

/** A request of a page, to `wss://` or `ws://` and an authority. */
function requestOf(origin: string | undefined, own = 'ws://a.example'): ArrivedRequest {
  const [scheme, authority = ''] = own.split('://');
  return {
    url: new URL(own),
    headers: origin === undefined ? {} : { origin },
    params: {},
    protocols: [],
    remoteAddress: undefined,
    raw: undefined,
    authority,
    isSecure: scheme === 'wss',
  };
}

const allows = (origins: Origins, origin: string | undefined, own?: string): boolean =>
  originRule(origins)(requestOf(origin, own));

/** What no rule takes for an origin: each is a trick, or no origin at all. */
const MALFORMED = [
  '',
  ' ',
  '*',
  'a.example',
  '//a.example',
  'http:a.example',
  'http:/a.example',
  'http://',
  'http://a.example/',
  'http://a.example/path',
  'http://a.example?x',
  'http://a.example#x',
  'http://a.example:',
  'http://a.example:x',
  'http://a.example:65536',
  'http://a.example:999999',
  'http://me@a.example',
  'http://me:secret@a.example',
  'http://a.example@evil.example',
  'http://evil.example\\a.example',
  'http://evil.example\\@a.example',
  'http://a.example, http://a.example',
  'http://evil.example, http://a.example',
  'http://a.example http://a.example',
  'http://a.example\u0000',
  'http://a.example%2eevil.example',
  'http://b\u00fccher.example',
  'http://\u0430.example',
  'http://\u212a.example',
  '\u017f://a.example',
  'http://[::1',
  'http://::1',
  'http://[::1]x',
  `http://${'a'.repeat(600)}`,
];

describe("origins: 'same'", () => {
  it.each([
    ['ws://a.example', undefined],
    ['ws://a.example', 'http://a.example'],
    ['ws://a.example', 'https://a.example'],
    ['ws://a.example', 'ws://a.example'],
    ['wss://a.example', 'https://a.example'],
    ['wss://a.example', 'wss://a.example'],
    ['wss://a.example', 'http://a.example'],
    ['ws://a.example', 'HTTP://A.Example'],
    ['ws://A.EXAMPLE', 'http://a.example'],
    ['ws://a.example', 'http://a.example:80'],
    ['ws://a.example:80', 'http://a.example'],
    ['wss://a.example:443', 'https://a.example'],
    ['ws://a.example:443', 'https://a.example'],
    ['wss://a.example', 'https://a.example:443'],
    ['wss://a.example', 'http://a.example:443'],
    ['ws://a.example:8080', 'http://a.example:8080'],
    ['ws://xn--bcher-kva.example', 'http://xn--bcher-kva.example'],
    ['ws://127.0.0.1:80', 'http://127.0.0.1'],
    ['ws://[::1]:8080', 'http://[::1]:8080'],
    ['ws://[2001:db8::A]', 'https://[2001:DB8::a]'],
    ['ws://a.example.', 'http://a.example.'],
  ])('H5: lets into %s a page of %s', (own, origin) => {
    expect(allows('same', origin, own)).toBe(true);
  });

  it.each([
    ['ws://a.example', 'null'],
    ['ws://a.example', 'http://b.example'],
    ['ws://a.example', 'http://a.example.evil.example'],
    ['ws://a.example', 'http://evil-a.example'],
    ['ws://a.example', 'http://evila.example'],
    ['ws://a.example', 'http://www.a.example'],
    ['ws://www.a.example', 'http://a.example'],
    ['ws://a.example', 'http://a.exampl'],
    ['ws://a.example', 'http://a.example.'],
    ['ws://a.example', 'http://a-example'],
    ['ws://a.example', 'http://a.example:8080'],
    ['wss://a.example', 'https://a.example:8443'],
    ['wss://a.example', 'https://a.example:80'],
    ['ws://a.example:8080', 'http://a.example'],
    ['ws://a.example:8080', 'http://a.example:8081'],
    ['ws://a.example:80', 'https://a.example'],
    ['wss://a.example:443', 'http://a.example'],
    ['ws://localhost', 'http://127.0.0.1'],
    ['ws://[::1]', 'http://[::2]'],
    ['ws://[::1]:1', 'http://[::1]'],
    ['ws://a.example', 'ftp://a.example'],
    ['ws://a.example', 'file://'],
    ['ws://a.example', 'chrome-extension://a.example'],
    ['ws://a.example', 'constructor://a.example'],
    ...MALFORMED.map((origin): [string, string] => ['ws://a.example', origin]),
  ])('H5: keeps out of %s a page of %s', (own, origin) => {
    expect(allows('same', origin, own)).toBe(false);
  });

  it('lets in no text but one that a URL has the same host of', () => {
    const piece = fc.constantFrom('http', 's', '://', 'a.example', 'evil', '.', ':', '80', '443', '@');
    const more = fc.constantFrom('/', '\\', '#', '?', ',', ' ', 'null', '[::1]', '%2e', '\t', 'A');
    const text = fc.array(fc.oneof(piece, more), { maxLength: 7 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(text, (origin) => {
        const isIn = allows('same', origin);
        expect(isIn && new URL(origin).hostname !== 'a.example').toBe(false);
      }),
      { numRuns: 3000, examples: [['http://a.example'], ['https://a.example']] },
    );
  });
});

describe("origins: 'any'", () => {
  it.each([undefined, 'null', 'https://evil.example', ...MALFORMED])('H5: lets in %s', (origin) => {
    expect(allows('any', origin)).toBe(true);
  });
});

describe('origins: a list', () => {
  const list = [
    'https://a.example',
    'https://B.example:8443',
    'https://b\u00fccher.example',
    'https://[0:0::1]',
  ];
  const more = [
    'https://c.example:443',
    'http://d.example:80',
    'chrome-extension://abcd',
    'file://',
    'app://x',
  ];

  it.each([
    undefined,
    'https://a.example',
    'https://a.example:443',
    'HTTPS://A.EXAMPLE',
    'https://b.example:8443',
    'https://xn--bcher-kva.example',
    'https://[::1]',
    'https://c.example',
    'http://d.example',
    'chrome-extension://abcd',
    'file://',
    'app://x',
  ])('H5: lets in %s, which is on it', (origin) => {
    expect(allows([...list, ...more], origin)).toBe(true);
  });

  it.each<[string, string]>([
    ['the own host, where the list does not have it', 'http://own.example'],
    ['another scheme', 'http://a.example'],
    ['the scheme of a WebSocket', 'wss://a.example'],
    ['another port', 'https://a.example:8443'],
    ['no port', 'https://b.example'],
    ['a sub-domain', 'https://www.a.example'],
    ['a longer name', 'https://a.example.evil.example'],
    ['a null', 'null'],
    ...MALFORMED.map((origin): [string, string] => ['what is malformed', origin]),
  ])('H5: keeps out %s', (_, origin) => {
    expect(allows([...list, ...more], origin, 'ws://own.example')).toBe(false);
  });

  it('keeps out all pages, and lets in all other clients, where it is empty', () => {
    expect([allows([], 'http://a.example'), allows([], undefined)]).toEqual([false, true]);
  });

  it('H5: counts as it was when the rule was made', () => {
    const changing: Array<string | RegExp> = ['https://a.example'];
    const rule = originRule(changing);
    changing.push('https://evil.example');
    expect(rule(requestOf('https://evil.example'))).toBe(false);
  });
});

describe('origins: a regular expression', () => {
  it.each([
    [/https:\/\/\w+\.example/, 'https://a.example', true],
    [/https:\/\/\w+\.example/, 'https://a.example.evil.test', false],
    [/https:\/\/\w+\.example/, 'https://evil.test:1', false],
    [/a\.example/, 'https://a.example', false],
    [/https:\/\/a\.example|https:\/\/b\.example/, 'https://b.example.evil.test', false],
    [/https:\/\/a\.example|https:\/\/b\.example/, 'https://b.example', true],
    [/^https:\/\/a\.example$/, 'https://a.example', true],
    [/HTTPS:\/\/A\.EXAMPLE/i, 'https://a.example', true],
    [/https:\/\/a\.example/, 'HTTPS://A.EXAMPLE:443', true],
    [/(?<name>https:\/\/[ab]\.example)/u, 'https://b.example', true],
    [/.*/, 'null', false],
    [/.*/s, 'https://a.example, https://evil.example', false],
    [/.*/, 'https://anything.example', true],
  ])('H5: %s and a page of %s: %s', (pattern, origin, isIn) => {
    expect(allows([pattern], origin)).toBe(isIn);
  });

  it.each(['g', 'y', 'gy', 'gm'])('H5: keeps no state, whatever its flags: %s', (flags) => {
    const pattern = new RegExp('https://a\\.example', flags);
    pattern.lastIndex = 5;
    const rule = originRule([pattern]);
    const answers = Array.from({ length: 4 }, () => rule(requestOf('https://a.example')));
    expect([...answers, rule(requestOf('https://b.example'))]).toEqual([true, true, true, true, false]);
    expect(pattern.lastIndex).toBe(5);
  });
});

describe('origins: a function', () => {
  it('gets the origin in the form of browsers, and the request', () => {
    const asked: Array<readonly [string, HandshakeRequest]> = [];
    const rule = originRule((origin, request) => {
      asked.push([origin, request]);
      return origin.endsWith('.example');
    });
    const requests = ['HTTPS://A.Example:443', 'https://a.test', 'null'].map((origin) => requestOf(origin));
    expect(requests.map(rule)).toEqual([true, false, false]);
    expect(asked).toEqual([
      ['https://a.example', requests[0]],
      ['https://a.test', requests[1]],
      ['null', requests[2]],
    ]);
  });

  it.each([undefined, ...MALFORMED])('is not asked about %s', (origin) => {
    const isIn = allows(() => {
      throw new Error('asked');
    }, origin);
    expect(isIn).toBe(origin === undefined);
  });

  it.each([
    ['a promise', async () => true, 'an object'],
    ['a promise that rejects', () => Promise.reject(new Error('no')), 'an object'],
    ['nothing', () => {}, 'undefined'],
    ['1', () => 1, '1'],
  ])('lets no page in by %s', (_, answer, got) => {
    const faults: unknown[] = [];
    const rule = originRule(answer as unknown as Origins);
    const report = (kind: string, where: object, makeError: () => unknown): number =>
      faults.push([kind, where, (makeError() as Error).message]);
    expect(originRefusal(rule, requestOf('https://a.example'), { report })).toBe(REFUSALS.failed);
    expect(faults).toEqual([
      [
        'origins: the function has failed',
        { phase: 'origins' },
        `origins(): expected true or false, got ${got}`,
      ],
    ]);
  });
});

describe('originRefusal', () => {
  it('is none for a page that may connect, and 403 for a foreign one', () => {
    const report = (): never => {
      throw new Error('reported');
    };
    const refusals = ['https://a.example', 'https://b.example', undefined].map((origin) =>
      originRefusal(originRule('same'), requestOf(origin), { report }),
    );
    expect(refusals).toEqual([undefined, REFUSALS.origin, undefined]);
  });
});

describe('checkOrigins', () => {
  const check = (origins: unknown): void => checkOrigins('f()', 'origins', origins);

  it.each([
    ['same'],
    ['any'],
    [[]],
    [['https://a.example', /b/, 'http://localhost:5173', 'chrome-extension://abcd']],
    [() => true],
  ])('takes %s', (origins) => {
    expect(check(origins)).toBe(undefined);
  });

  it.each([undefined, null, true, '*', 'none', 'https://a.example', /a/, {}, 1])('refuses %s', (origins) => {
    expect(() => check(origins)).toThrow(
      "f(): expected origins to be 'same', 'any', a list of origins or a function, got ",
    );
  });

  it.each([
    'a.example',
    'https://a.example/',
    'https://a.example/path',
    'https://a.example?x',
    'https://a.example#x',
    'https://me@a.example',
    'https://*.a.example',
    'https://a.example\\b',
    'https://a%2eexample',
    'https://a example',
    'https://a.example:99999',
    'https://256.256.256.256',
    'https://',
    'http://\u0000',
    'wss://a.example',
    'WS://a.example',
    'app://b\u00fccher',
    '*',
    'null',
    'same',
    '',
    1,
    null,
    {},
  ])('refuses the entry %s of a list', (entry) => {
    expect(() => check(['https://a.example', entry])).toThrow(
      "f(): expected origins[1] to be an origin such as 'https://a.example', or a RegExp, got ",
    );
  });
});

describe('anyOriginError', () => {
  it('C3: names the call and what it should check', () => {
    expect(anyOriginError('f()')).toMatchObject({
      code: 'COROSOCK_ANY_ORIGIN',
      message: `f(): expected origins to be checked where a cookie opens a session, got 'any'`,
    });
  });
});
