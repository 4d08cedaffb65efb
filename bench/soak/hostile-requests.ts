// Requests that no server may take, and the status that each has to get (the rules of the handshake
// in docs/internals/decisions/handshake.md). 0 stands for a connection that is closed without a
// word.

/** One request, and the statuses that are right for it. */
export interface HostileRequest {
  readonly what: string;
  readonly bytes: Buffer;
  readonly statuses: readonly number[];
}

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

const VALID: Headers = {
  Host: 'a.example',
  Upgrade: 'websocket',
  Connection: 'Upgrade',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

function request(changes: Headers, line = 'GET / HTTP/1.1', body = ''): Buffer {
  const lines = Object.entries({ ...VALID, ...changes }).flatMap(([name, value]) =>
    [value ?? []].flat().map((text) => `${name}: ${text}`),
  );
  return Buffer.from(`${[line, ...lines].join('\r\n')}\r\n\r\n${body}`, 'latin1');
}

/** The same request with one header that has each of the values. */
function withHeader(
  name: string,
  values: ReadonlyArray<string | readonly string[] | undefined>,
  ...statuses: readonly number[]
): readonly HostileRequest[] {
  return values.map((value) => ({
    what: `${name}: ${value === undefined ? 'none' : [value].flat().join(' | ').slice(0, 40)}`,
    bytes: request({ [name]: value }),
    statuses,
  }));
}

function withTarget(targets: readonly string[], ...statuses: readonly number[]): readonly HostileRequest[] {
  return targets.map((target) => ({
    what: `target ${target.slice(0, 40)}`,
    bytes: request({}, `GET ${target} HTTP/1.1`),
    statuses,
  }));
}

function withLine(lines: readonly string[], ...statuses: readonly number[]): readonly HostileRequest[] {
  return lines.map((line) => ({
    what: `line ${line.slice(0, 40)}`,
    bytes: request({}, line),
    statuses,
  }));
}

function noise(
  what: string,
  texts: readonly string[],
  ...statuses: readonly number[]
): readonly HostileRequest[] {
  return texts.map((text, index) => ({
    what: `${what} ${index + 1}`,
    bytes: Buffer.from(text, 'latin1'),
    statuses,
  }));
}

const METHODS = ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD', 'TRACE', 'PROPFIND', 'M-SEARCH'];

/** All requests: each of them breaks at least one rule. */
export const HOSTILE_REQUESTS: readonly HostileRequest[] = [
  ...withLine(
    ['GET / HTTP/1.0', 'GET / HTTP/1.2', 'GET / HTTP/0.9', 'GET / HTTP/2.0', 'GET / HTTP/9.9'],
    505,
    400,
  ),
  ...withLine(['GET', '/ HTTP/1.1', 'GET / HTTP', 'get / http/1.1', 'GET / HTTPS/1.1'], 400),
  ...withLine(
    METHODS.map((method) => `${method} / HTTP/1.1`),
    405,
  ),
  ...withLine(['GET /'], 505, 400),
  ...withLine(['CONNECT a.example:80 HTTP/1.1'], 405),
  ...withHeader(
    'Host',
    [undefined, ['a.example', 'b.example'], '', 'a b', 'a/b', 'a@b', 'a.example:', 'a.example:x'],
    400,
  ),
  ...withHeader(
    'Host',
    ['a.example:123456', '[::1', 'http://a.example', 'a,b', 'ä.example', 'a.example#', 'a?b'],
    400,
  ),
  ...withHeader(
    'Upgrade',
    ['h2c', 'websocket, h2c', 'web socket', 'websockets', 'websocket/13', ['websocket', 'websocket']],
    400,
  ),
  ...withHeader('Upgrade', [undefined, ''], 426, 400),
  ...withHeader('Connection', [undefined, 'close', 'keep-alive', ''], 426, 400),
  ...withHeader(
    'Sec-WebSocket-Version',
    [undefined, '', '0', '7', '8', '12', '14', '013', '13, 8', ['13', '13'], 'x'],
    426,
  ),
  ...withHeader(
    'Sec-WebSocket-Key',
    [undefined, '', 'short', 'dGhlIHNhbXBsZSBub25jZQ', 'dGhlIHNhbXBsZSBub25jZQ=', '='.repeat(24)],
    400,
  ),
  ...withHeader(
    'Sec-WebSocket-Key',
    [
      ['dGhlIHNhbXBsZSBub25jZQ==', 'dGhlIHNhbXBsZSBub25jZQ=='],
      'dGhlIHNhbXBsZSBub25jZQ== x',
      'dGhlIHNhbXBsZSBub25jZQ==dGhlIHNhbXBsZSBub25jZQ==',
      'dGhlIHNhbXBsZSBub2_jZQ==',
      'x'.repeat(8000),
    ],
    400,
  ),
  ...withHeader('Content-Length', ['1', '100', '-1', 'x', ['1', '2'], '99999999999999999999'], 400),
  ...withHeader('Transfer-Encoding', ['chunked', 'gzip', 'identity', 'chunked, chunked', 'xchunked'], 400),
  ...withHeader(
    'Sec-WebSocket-Protocol',
    ['', ',', 'a,', 'a,,b', 'a b', 'a;b', 'a,a', ['a', 'a'], '"a"', 'ä'],
    400,
  ),
  ...withHeader(
    'Origin',
    ['null', '', 'https://evil.example', 'http://a.example.evil.example', 'http://evila.example'],
    403,
  ),
  ...withHeader(
    'Origin',
    ['http://a.example:8080', 'http://a.example@evil.example', 'http://user@a.example', 'file://', '*'],
    403,
  ),
  ...withHeader(
    'Origin',
    [
      ['http://a.example', 'http://a.example'],
      'http://a.example/',
      'a.example',
      'http://[::1]',
      'http://127.0.0.1',
    ],
    403,
  ),
  ...withHeader(
    'Origin',
    ['http://xn--.example', 'javascript:alert(1)', 'http://a.example http://a.example', 'http://A.EXAMPLE.'],
    403,
  ),
  ...withTarget(
    [
      '//',
      '//evil.example/',
      '*',
      'http://evil.example/',
      'https://a.example.evil/',
      'ws://evil.example/',
      'a.example:80',
    ],
    400,
    404,
  ),
  ...withTarget(['/%', '/%f', '/%ff', '/%zz', '/%c0%af', '/%ed%a0%80', '/a%', '/%E0%A4%A'], 400, 404),
  ...withTarget(
    ['/..', '/../', '/./', '/a/../', '/%2e%2e/', '/.%2e/', '/%2e', '/..;/', '/%2e%2e%2f', '/..%5c'],
    400,
    404,
  ),
  ...withTarget(
    ['/\\', '/a\\b', '/#', '/nowhere', '/a/b/c', `/${'x'.repeat(8000)}`, '/%00', '/a%0d%0ab'],
    400,
    404,
  ),
  ...withTarget(['/ x', '/\u0000', '/\u007f', '/\u00e4'], 400, 404),
  { what: 'a header of 20 KiB', bytes: request({ X: 'x'.repeat(20_000) }), statuses: [431] },
  {
    what: '101 header lines',
    bytes: request(Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`X-${n}`, 'x']))),
    statuses: [431],
  },
  {
    what: '1,990 header lines',
    bytes: request(Object.fromEntries(Array.from({ length: 1990 }, (_, n) => [`X${n}`, '']))),
    statuses: [431, 400],
  },
  ...noise(
    'bytes that are no request',
    [
      '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001',
      '\u0000'.repeat(64),
      'x'.repeat(100_000),
      '\r\n\r\n\r\n!',
    ],
    400,
    431,
    0,
  ),
  ...noise(
    'a line that is broken',
    [
      'GET / HTTP/1.1\nHost: a.example\n\n',
      'GET / HTTP/1.1\r\n Host: a.example\r\n\r\n',
      'GET / HTTP/1.1\r\nHost : a.example\r\n\r\n',
      'GET / HTTP/1.1\r\nHo\u0000st: a\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: a\u0001b\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: a.example\r\nX: 1\r\n 2\r\n\r\n',
      'GET / HTTP/1.1\r\n: x\r\n\r\n',
    ],
    400,
  ),
  ...noise(
    'a preface of another protocol',
    [
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      'SSH-2.0-x\r\n',
      'EHLO a.example\r\n',
      '*1\r\n$4\r\nPING\r\n',
      '\u0003\u0000\u0000\u0013\u000e',
    ],
    400,
    505,
    0,
  ),
];
