// Which requests may become a WebSocket, rule by rule, which broken rule is answered first, and
// which subprotocol is chosen. The same over real ports: spec/faults/handshake.spec.ts.

import fc from 'fast-check';
import * as wsModule from 'ws';
import { describe, expect, it } from 'vitest';
import { parseRequest, parseUpgrade } from '../fixtures/parsed-request.ts';
import {
  checkHandshake,
  chooseSubprotocol,
  countHeaderLines,
  hasOneHost,
  parseSubprotocols,
} from '../../src/handshake/check-handshake.ts';
import { REFUSALS } from '../../src/handshake/refusal.ts';
import type { HeaderChanges } from '../peers/raw-client.ts';

const lines = (count: number): HeaderChanges =>
  // Five lines are there already.
  Object.fromEntries(Array.from({ length: count - 5 }, (_, i) => [`X-${i}`, 'a']));

describe('checkHandshake', () => {
  it('gives target and subprotocols of a request that keeps the rules', async () => {
    const headers = { Host: 'Example.com:8080', 'Sec-WebSocket-Protocol': ['a', 'b, c'] };
    const request = await parseUpgrade({ requestLine: 'GET /chat?x=1 HTTP/1.1', headers });
    expect(checkHandshake(request)).toEqual({
      target: { path: '/chat', text: '/chat?x=1' },
      protocols: ['a', 'b', 'c'],
      protocol: '',
    });
    expect(checkHandshake(request, ['x', 'c', 'b'])).toMatchObject({ protocol: 'c' });
  });

  it.each([
    ['Upgrade in any case', { Upgrade: 'WebSocket' }],
    ['Upgrade among other things in Connection', { Connection: 'keep-alive, upgrade' }],
    ['an IPv6 address as Host', { Host: '[::1]:80' }],
    ['a Host with _ and ~', { Host: 'a_b.c~d-e' }],
    ['a body of no bytes', { 'Content-Length': '0' }],
    ['as many lines as are allowed', lines(100)],
    ['any Origin: checking it is left to the hook', { Origin: 'null' }],
  ])('takes %s', async (_, headers) => {
    expect(checkHandshake(await parseUpgrade({ headers }))).toHaveProperty('target.path', '/');
  });

  it.each([
    ['HTTP/1.0', 'httpVersion', 'GET / HTTP/1.0', {}],
    ['101 lines', 'headers', 'GET / HTTP/1.1', lines(101)],
    ['no Host', 'host', 'GET / HTTP/1.1', { Host: undefined }],
    ['two Hosts', 'host', 'GET / HTTP/1.1', { Host: ['a', 'b'] }],
    ['the same Host twice', 'host', 'GET / HTTP/1.1', { Host: ['a', 'a'] }],
    ['an empty Host', 'host', 'GET / HTTP/1.1', { Host: '' }],
    ['a Host with user information', 'host', 'GET / HTTP/1.1', { Host: 'me@a' }],
    ['a Host with a path', 'host', 'GET / HTTP/1.1', { Host: 'a/b' }],
    ['a Host that is a list', 'host', 'GET / HTTP/1.1', { Host: 'a, b' }],
    ['POST', 'method', 'POST / HTTP/1.1', {}],
    ['HEAD', 'method', 'HEAD / HTTP/1.1', {}],
    ['a body by length', 'body', 'GET / HTTP/1.1', { 'Content-Length': '5' }],
    ['a body in chunks', 'body', 'GET / HTTP/1.1', { 'Transfer-Encoding': 'chunked' }],
    ['another upgrade', 'upgrade', 'GET / HTTP/1.1', { Upgrade: 'h2c' }],
    ['a list of upgrades', 'upgrade', 'GET / HTTP/1.1', { Upgrade: 'websocket, h2c' }],
    ['the asterisk form', 'target', 'GET * HTTP/1.1', {}],
    ['the absolute form of another host', 'target', 'GET http://evil.example/ HTTP/1.1', {}],
    ['a port beyond all ports', 'target', 'GET / HTTP/1.1', { Host: 'a:99999' }],
    ['version 8', 'version', 'GET / HTTP/1.1', { 'Sec-WebSocket-Version': '8' }],
    ['version 12', 'version', 'GET / HTTP/1.1', { 'Sec-WebSocket-Version': '12' }],
    ['no version', 'version', 'GET / HTTP/1.1', { 'Sec-WebSocket-Version': undefined }],
    ['two versions', 'version', 'GET / HTTP/1.1', { 'Sec-WebSocket-Version': ['13', '13'] }],
    ['a version with a zero', 'version', 'GET / HTTP/1.1', { 'Sec-WebSocket-Version': '013' }],
    ['no key', 'key', 'GET / HTTP/1.1', { 'Sec-WebSocket-Key': undefined }],
    ['a short key', 'key', 'GET / HTTP/1.1', { 'Sec-WebSocket-Key': 'c2hvcnQ=' }],
    ['a key of 17 bytes', 'key', 'GET / HTTP/1.1', { 'Sec-WebSocket-Key': 'YWFhYWFhYWFhYWFhYWFhYWE=' }],
    ['two keys', 'key', 'GET / HTTP/1.1', { 'Sec-WebSocket-Key': Array(2).fill('dGhlIHNhbXBsZSBub25jZQ==') }],
    ['a malformed list of subprotocols', 'protocol', 'GET / HTTP/1.1', { 'Sec-WebSocket-Protocol': 'a,,b' }],
    ['a subprotocol twice', 'protocol', 'GET / HTTP/1.1', { 'Sec-WebSocket-Protocol': ['a', 'a'] }],
  ] as const)('answers %s with REFUSALS.%s', async (_, refusal, requestLine, headers) => {
    expect(checkHandshake(await parseUpgrade({ requestLine, headers }))).toBe(REFUSALS[refusal]);
  });

  it('answers a request without Upgrade, from a server that passes on every request', async () => {
    expect(checkHandshake(await parseRequest('GET / HTTP/1.1\r\nHost: a\r\n\r\n'))).toBe(REFUSALS.upgrade);
  });

  it('answers for the first rule that is broken', async () => {
    const headers = { Host: undefined, Upgrade: 'h2c', 'Sec-WebSocket-Version': '8' };
    expect(checkHandshake(await parseUpgrade({ requestLine: 'POST * HTTP/1.0', headers }))).toBe(
      REFUSALS.httpVersion,
    );
    expect(checkHandshake(await parseUpgrade({ requestLine: 'POST * HTTP/1.1', headers }))).toBe(
      REFUSALS.host,
    );
  });
});

describe('hasOneHost', () => {
  it.each([
    ['one', ['a'], true],
    ['none', [], false],
    ['two', ['a', 'b'], false],
    ['one that is malformed', ['a b'], false],
  ])('says whether a request with %s names one host', async (_, hosts, expected) => {
    const lines = hosts.map((name) => `Host: ${name}\r\n`).join('');
    expect(hasOneHost(await parseRequest(`GET / HTTP/1.1\r\n${lines}\r\n`))).toBe(expected);
  });
});

describe('parseSubprotocols', () => {
  it.each([
    ['no header', undefined, []],
    ['one name', 'chat', ['chat']],
    ['several, with white space', 'a, b ,\tc,d', ['a', 'b', 'c', 'd']],
    ['names of properties', '__proto__, constructor', ['__proto__', 'constructor']],
  ])('reads %s', (_, header, names) => {
    expect(parseSubprotocols(header)).toEqual(names);
  });

  it.each([
    ['nothing', ''],
    ['an empty element', 'a,,b'],
    ['a comma at the end', 'a,'],
    ['a name twice', 'a, a'],
    ['white space inside', 'a b'],
    ['white space that HTTP does not know', '\u00a0a'],
    ['quotes', '"a"'],
  ])('refuses %s', (_, header) => {
    expect(parseSubprotocols(header)).toBe(undefined);
  });

  it('decides as the parser of ws does', () => {
    const piece = fc.constantFrom(
      'a',
      'b',
      'chat',
      ',',
      ', ',
      ' ',
      '\t',
      '\u00a0',
      '\u000b',
      ';',
      '"',
      'é',
      '=',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        // Node's parser has taken the white space from both ends.
        const header = pieces.join('').replaceAll(/^[ \t]+|[ \t]+$/g, '');
        expect(parseSubprotocols(header)).toEqual(parsedByWs(header));
      }),
      { numRuns: 2000 },
    );
  });

  it('takes time that grows with the length, not with its square', () => {
    const header = Array.from({ length: 5000 }, (_, i) => `p${i}`).join(`,${' '.repeat(8)}`);
    expect(parseSubprotocols(header)).toHaveLength(5000);
    expect(parseSubprotocols(`${' '.repeat(60_000)}x${' '.repeat(60_000)}y`)).toBe(undefined);
  });
});

describe('chooseSubprotocol', () => {
  it.each([
    ['the first of ours, whatever the order of the offer', ['a', 'b'], ['b', 'a'], 'a'],
    ['what both have', ['a', 'b'], ['x', 'b'], 'b'],
    ['none when nothing is in common', ['a'], ['b'], ''],
    ['none when nothing is offered', ['a'], [], ''],
    ['none when we speak none', [], ['a'], ''],
    ['by exact name', ['Chat'], ['chat'], ''],
  ])('chooses %s', (_, ours, offered, chosen) => {
    expect(chooseSubprotocol(ours, offered)).toBe(chosen);
  });
});

describe('countHeaderLines', () => {
  it('counts names in any case, and not values', () => {
    const lines = ['Host', 'a', 'HOST', 'b', 'X', 'host'];
    expect(countHeaderLines(lines, 'host')).toBe(2);
    expect(countHeaderLines(lines, 'upgrade')).toBe(0);
  });
});

function parsedByWs(header: string): readonly string[] | undefined {
  const { subprotocol } = wsModule as unknown as {
    readonly subprotocol: { parse(header: string): ReadonlySet<string> };
  };
  try {
    return [...subprotocol.parse(header)];
  } catch {
    return undefined;
  }
}
