// Which requests may become a WebSocket, rule by rule, and what breaks first
// where several are broken. The same over real ports: spec/faults/handshake.spec.ts.

import { describe, expect, it } from 'vitest';
import { parseRequest, parseUpgrade } from '../fixtures/parsed-request.ts';
import { hasOneHost, checkHandshake, refusalForClientError, REFUSALS } from '../../src/handshake/rules.ts';
import type { HeaderChanges } from '../peers/raw-client.ts';

const lines = (count: number): HeaderChanges =>
  // Five lines are there already.
  Object.fromEntries(Array.from({ length: count - 5 }, (_, i) => [`X-${i}`, 'a']));

describe('judge', () => {
  it('gives target, host and sub-protocols of a request that keeps the rules', async () => {
    const headers = { Host: 'Example.com:8080', 'Sec-WebSocket-Protocol': ['a', 'b, c'] };
    expect(checkHandshake(await parseUpgrade({ requestLine: 'GET /chat?x=1 HTTP/1.1', headers }))).toEqual({
      target: { path: '/chat', text: '/chat?x=1' },
      host: 'Example.com:8080',
      protocols: ['a', 'b', 'c'],
    });
  });

  it.each([
    ['Upgrade in any case', { Upgrade: 'WebSocket' }],
    ['Upgrade among other things in Connection', { Connection: 'keep-alive, upgrade' }],
    ['an IPv6 address as Host', { Host: '[::1]:80' }],
    ['a Host with _ and ~', { Host: 'a_b.c~d-e' }],
    ['a body of no bytes', { 'Content-Length': '0' }],
    ['as many lines as are allowed', lines(100)],
    ['any Origin; who may connect is decided elsewhere', { Origin: 'null' }],
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
    ['a malformed list of sub-protocols', 'protocol', 'GET / HTTP/1.1', { 'Sec-WebSocket-Protocol': 'a,,b' }],
    ['a sub-protocol twice', 'protocol', 'GET / HTTP/1.1', { 'Sec-WebSocket-Protocol': ['a', 'a'] }],
  ] as const)('answers %s with REFUSALS.%s', async (_, refusal, requestLine, headers) => {
    expect(checkHandshake(await parseUpgrade({ requestLine, headers }))).toBe(REFUSALS[refusal]);
  });

  it('answers a request for no upgrade, from a server that hands over all', async () => {
    expect(checkHandshake(await parseRequest('GET / HTTP/1.1\r\nHost: a\r\n\r\n'))).toBe(REFUSALS.upgrade);
  });

  it('answers to the first rule that is broken', async () => {
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
    ['one that is none', ['a b'], false],
  ])('tells of a request with %s', async (_, hosts, expected) => {
    const lines = hosts.map((name) => `Host: ${name}\r\n`).join('');
    expect(hasOneHost(await parseRequest(`GET / HTTP/1.1\r\n${lines}\r\n`))).toBe(expected);
  });
});

describe('refusalForClientError', () => {
  it.each([
    ['headers that are too long', { code: 'HPE_HEADER_OVERFLOW' }, REFUSALS.headers],
    ['H1: a request that is too slow', { code: 'ERR_HTTP_REQUEST_TIMEOUT' }, REFUSALS.tooLate],
    ['anything else that the parser objects to', { code: 'HPE_INVALID_METHOD' }, REFUSALS.malformed],
    ['an error without a code', {}, REFUSALS.malformed],
  ])('answers %s', (_, properties, refusal) => {
    expect(refusalForClientError(Object.assign(new Error('from node'), properties))).toBe(refusal);
  });
});

describe('REFUSALS', () => {
  it('has the status and the headers that each answer needs', () => {
    const answers = Object.entries(REFUSALS).map(([name, { status, headers }]) => [name, status, headers]);
    const toUpgrade = { Connection: 'close, Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' };
    expect(answers).toEqual([
      ['httpVersion', 505, undefined],
      ['headers', 431, undefined],
      ['host', 400, undefined],
      ['method', 405, { Allow: 'GET' }],
      ['body', 400, undefined],
      ['upgrade', 400, undefined],
      ['target', 400, undefined],
      ['route', 404, undefined],
      ['version', 426, toUpgrade],
      ['key', 400, undefined],
      ['protocol', 400, undefined],
      ['extensions', 400, undefined],
      ['closing', 503, { 'Retry-After': '5' }],
      ['plainRequest', 426, toUpgrade],
      ['malformed', 400, undefined],
      ['tooLate', 408, undefined],
      ['failed', 500, undefined],
      ['unavailable', 503, { 'Retry-After': '5' }],
    ]);
  });
});
