// What is wrong with an upgrade (spec/faults/README.md, "Handshake"), over real ports. Each
// refusal is one complete answer, the connection closes, and no handler hears of it. Targets
// (H11): handshake-targets.spec.ts; hosts on one server (H20): ../server/attach.spec.ts.

import { serve } from 'corosock';
import type { Host } from 'corosock';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MARK, refused } from '../fixtures/refused.ts';
import type { HttpAnswer } from '../peers/http-answer.ts';
import { upgradeRequest } from '../peers/raw-client.ts';
import type { HeaderChanges } from '../peers/raw-client.ts';

let host: Host;
/** Handlers that were started. */
let started = 0;
const reports: unknown[] = [];

beforeAll(async () => {
  host = await serve(() => void (started += 1), {
    protocols: ['ours'],
    compression: true,
    report: (error) => reports.push(error),
  });
});
afterAll(() => host.close());

/** The one answer to a refused request, of which nobody else has heard. */
async function ask(request: string): Promise<HttpAnswer> {
  const answer = await refused(host.port, Buffer.from(request, 'latin1'));
  if (started + reports.length + host.sockets.size > 0) throw new Error('Somebody has heard of it');
  return answer;
}

/** The status that an upgrade is refused with. */
async function statusOf(headers: HeaderChanges, requestLine = 'GET / HTTP/1.1'): Promise<number> {
  return (await ask(upgradeRequest({ requestLine, headers }))).status;
}

const extraLines = (count: number): HeaderChanges =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`X-${i}`, MARK]));

describe('an upgrade', () => {
  it('H6: gets 505 in HTTP/1.0', async () => {
    expect(await statusOf({}, 'GET / HTTP/1.0')).toBe(505);
  });

  it.each([
    ['no Host', undefined],
    ['two Hosts', ['a', 'b']],
    ['the same Host twice', ['a', 'a']],
    ['an empty Host', ''],
    ['a Host that is none', `a b ${MARK}`],
    ['a Host with user information', `${MARK}@a`],
    ['a Host with a path', `a/${MARK}`],
  ])('H7: gets 400 with %s', async (_, value) => {
    expect(await statusOf({ Host: value })).toBe(400);
  });

  it.each([
    ['a length', { 'Content-Length': '5' }, 'hello'],
    ['a length of many digits', { 'Content-Length': '00005' }, 'hello'],
    ['chunks', { 'Transfer-Encoding': 'chunked' }, '5\r\nhello\r\n0\r\n\r\n'],
    ['another encoding', { 'Transfer-Encoding': 'gzip, chunked' }, '5\r\nhello\r\n0\r\n\r\n'],
    ['both', { 'Transfer-Encoding': 'chunked', 'Content-Length': '5' }, '5\r\nhello\r\n0\r\n\r\n'],
    ['two lengths', { 'Content-Length': ['5', '6'] }, 'hello!'],
    ['a length that is none', { 'Content-Length': '-1' }, ''],
  ])('H8: gets 400 with a body announced by %s', async (_, headers: HeaderChanges, body) => {
    expect(await ask(upgradeRequest({ headers }) + body)).toMatchObject({ status: 400 });
  });

  it.each(['8', '12', '0', '14', '013', '13.0', '13, 8', '', undefined, ['13', '8']])(
    'H9: gets 426 with version %j, and hears which one is spoken',
    async (version) => {
      const request = upgradeRequest({ headers: { 'Sec-WebSocket-Version': version } });
      const { status, headers } = await ask(request);
      expect(status).toBe(426);
      expect(headers).toMatchObject({ upgrade: 'websocket', 'sec-websocket-version': '13' });
    },
  );

  it.each(['POST', 'PUT', 'HEADER', 'OPTIONS', 'DELETE', 'PATCH', 'TRACE'])(
    'H10: gets 405 or 400 by %s, and hears what is allowed',
    async (method) => {
      const { status, headers } = await ask(upgradeRequest({ requestLine: `${method} / HTTP/1.1` }));
      // A method that HTTP does not know is refused before there is a request.
      expect([status, headers['allow']]).toEqual(method === 'HEADER' ? [400, undefined] : [405, 'GET']);
    },
  );

  it.each([
    ['no key', { 'Sec-WebSocket-Key': undefined }],
    ['an empty key', { 'Sec-WebSocket-Key': '' }],
    ['a short key', { 'Sec-WebSocket-Key': 'c2hvcnQ=' }],
    ['a long key', { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZSE0Nw==' }],
    ['a key that is no base64', { 'Sec-WebSocket-Key': `${'*'.repeat(22)}==` }],
    ['a key twice', { 'Sec-WebSocket-Key': Array(2).fill('dGhlIHNhbXBsZSBub25jZQ==') }],
    ['Upgrade: h2c', { Upgrade: 'h2c' }],
    ['a list in Upgrade', { Upgrade: 'websocket, h2c' }],
    ['Upgrade twice', { Upgrade: ['websocket', 'websocket'] }],
    ['a version of the protocol in Upgrade', { Upgrade: 'websocket/13' }],
  ] as ReadonlyArray<readonly [string, HeaderChanges]>)('H10: gets 400 with %s', async (_, headers) => {
    expect(await statusOf(headers)).toBe(400);
  });

  it.each<{ readonly what: string; readonly headers: HeaderChanges; readonly requestLine?: string }>([
    { what: '101 header lines', headers: extraLines(96) },
    { what: '1,990 header lines', headers: extraLines(1985) },
    { what: '2,001 header lines', headers: extraLines(1996) },
    { what: 'a header of 20 KiB', headers: { 'X-Long': MARK.repeat(2048) } },
    { what: 'a target of 20 KiB', headers: {}, requestLine: `GET /${'a'.repeat(20_480)} HTTP/1.1` },
  ])('H12: gets 431 with $what', async ({ headers, requestLine }) => {
    expect(await statusOf(headers, requestLine)).toBe(431);
  });

  it('H12: gets 431 with 2,000 lines before those that count', async () => {
    const [requestLine = '', ...lines] = upgradeRequest().split('\r\n');
    const others = Object.keys(extraLines(2000)).map((name) => `${name}: ${MARK}`);
    expect(await ask([requestLine, ...others, ...lines].join('\r\n'))).toMatchObject({ status: 431 });
  });

  it.each(['a,,b', 'a, a', '"a"', 'a b', ' , ', 'a;q=1', `${MARK}/1`, '\u00a0a'])(
    'H13: gets 400 with the sub-protocols %j',
    async (protocols) => {
      const request = upgradeRequest({ headers: { 'Sec-WebSocket-Protocol': protocols } });
      const { status, body } = await ask(request);
      expect([status, body]).toEqual([400, 'Sec-WebSocket-Protocol is malformed\n']);
    },
  );

  it.each([
    ';',
    'permessage-deflate; server_max_window_bits=99',
    'permessage-deflate; server_max_window_bits',
  ])('H14: gets 400 with the extensions %j', async (extensions) => {
    expect(await statusOf({ 'Sec-WebSocket-Extensions': extensions })).toBe(400);
  });

  it.each([
    ['a TLS hello', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003'],
    ['bare LF', upgradeRequest().replaceAll('\r\n', '\n')],
    ['a folded header', upgradeRequest({ headers: { 'X-Folded': 'a\r\n b' } })],
    ['NUL in a header', upgradeRequest({ headers: { 'X-Nul': 'a\0b' } })],
    ['NUL in the target', upgradeRequest({ requestLine: 'GET /\0 HTTP/1.1' })],
    ['a header without a name', upgradeRequest({ headers: { '': MARK } })],
    ['white space before a colon', upgradeRequest({ headers: { 'X-Space ': MARK } })],
    ['a name that is no token', upgradeRequest({ headers: { 'X(Y)': MARK } })],
    ['a version that HTTP does not know', upgradeRequest({ requestLine: 'GET / HTTP/1.7' })],
    ['another protocol', upgradeRequest({ requestLine: `GET / ${MARK}/1.1` })],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a method in lower case', upgradeRequest({ requestLine: 'get / HTTP/1.1' })],
  ])('H19: gets 400 with %s', async (_, request) => {
    expect(await ask(request)).toMatchObject({ status: 400 });
  });

  it.each([
    ['the path', `GET /${MARK}\u00e9 HTTP/1.1`, {}],
    ['the query', `GET /?${MARK}\u00e9 HTTP/1.1`, {}],
    ['the method', `${MARK} / HTTP/1.1`, {}],
    ['a header', 'GET * HTTP/1.1', { [`X-${MARK}`]: `${MARK}\u00e9` }],
    [
      'a header that looks like a response',
      'GET * HTTP/1.1',
      { Location: `http://${MARK}/\r\nSet-Cookie: ${MARK}` },
    ],
    ['the Host', 'GET / HTTP/1.1', { Host: `${MARK}\u00e9` }],
    ['the key', 'GET / HTTP/1.1', { 'Sec-WebSocket-Key': `${MARK}\u00e9` }],
    ['the version', 'GET / HTTP/1.1', { 'Sec-WebSocket-Version': `${MARK}\u00e9` }],
    ['the sub-protocol', 'GET / HTTP/1.1', { 'Sec-WebSocket-Protocol': `${MARK}\u00e9` }],
    ['the extensions', 'GET / HTTP/1.1', { 'Sec-WebSocket-Extensions': `${MARK}\u00e9` }],
  ])(
    'H22: never finds its own bytes in the answer, sent in %s',
    async (_, requestLine, headers: HeaderChanges) => {
      expect(await statusOf(headers, requestLine)).toBeGreaterThanOrEqual(400);
    },
  );
});
