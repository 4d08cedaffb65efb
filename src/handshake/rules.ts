// The rules of the opening handshake (RFC 6455 §4.2.1, RFC 9112 §3.2): a request
// in, the first broken rule out. Pure, and every answer in one place. Which
// route it is for is routes.ts's.

import type { IncomingMessage } from 'node:http';
import { countHeaderLines } from './header-lines.ts';
import type { Refusal } from './refusal.ts';
import type { RequestTarget } from './request-target.ts';
import { parseTarget } from './request-target.ts';
import { parseSubprotocols } from './subprotocol.ts';

/** What the server needs of a request that keeps the rules. */
export interface JudgedRequest {
  readonly target: RequestTarget;
  readonly host: string;
  /** Sub-protocols that were offered. */
  readonly protocols: readonly string[];
}

/**
 * Far above what a browser sends, far below what Node takes (2000).
 *
 * @limit Header lines of a handshake | HTTP 431
 */
const MAX_HEADER_LINES = 100;
/** 16 bytes in base64; two keys come joined by a comma. */
const KEY = /^[+/0-9A-Za-z]{22}==$/u;
/** A host name, an IPv4 address or an IPv6 address in brackets, and a port. */
const HOST = /^(?:[\w.~-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/iu;

export const REFUSALS: {
  readonly httpVersion: Refusal;
  readonly headers: Refusal;
  readonly host: Refusal;
  readonly method: Refusal;
  readonly body: Refusal;
  readonly upgrade: Refusal;
  readonly target: Refusal;
  readonly route: Refusal;
  readonly version: Refusal;
  readonly key: Refusal;
  readonly protocol: Refusal;
  readonly extensions: Refusal;
  readonly closing: Refusal;
  readonly plainRequest: Refusal;
  readonly malformed: Refusal;
  readonly tooLate: Refusal;
  readonly failed: Refusal;
  readonly unavailable: Refusal;
} = Object.freeze({
  httpVersion: { status: 505, text: 'HTTP/1.1 is needed' },
  headers: { status: 431, text: 'Too many or too large header fields' },
  host: { status: 400, text: 'One valid Host is needed' },
  method: { status: 405, text: 'The method of a WebSocket handshake is GET', headers: { Allow: 'GET' } },
  body: { status: 400, text: 'A WebSocket handshake has no body' },
  upgrade: { status: 400, text: 'Upgrade has to be: websocket' },
  target: { status: 400, text: 'The request target is not valid here' },
  route: { status: 404, text: 'Nothing is served here' },
  version: {
    status: 426,
    text: 'WebSocket version 13 is spoken here',
    headers: { Connection: 'close, Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' },
  },
  key: { status: 400, text: 'One valid Sec-WebSocket-Key is needed' },
  protocol: { status: 400, text: 'Sec-WebSocket-Protocol is malformed' },
  extensions: { status: 400, text: 'Sec-WebSocket-Extensions is malformed' },
  closing: { status: 503, text: 'The server is shutting down', headers: { 'Retry-After': '5' } },
  plainRequest: {
    status: 426,
    text: 'A WebSocket is served here',
    headers: { Connection: 'close, Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' },
  },
  malformed: { status: 400, text: 'The request is malformed' },
  tooLate: { status: 408, text: 'The request took too long' },
  failed: { status: 500, text: 'The server has failed' },
  unavailable: { status: 503, text: 'The sessions are not to be had', headers: { 'Retry-After': '5' } },
});

/**
 * Judges a request with an Upgrade header.
 *
 * @returns What the server goes on with, or the answer to the first rule that is broken.
 */
export function checkHandshake(request: IncomingMessage): JudgedRequest | Refusal {
  const { headers } = request;
  const broken = brokenRequestRule(request);
  if (broken !== undefined) return broken;
  const host = headers.host as string;
  const target = parseTarget(request.url ?? '', host);
  if (target === undefined) return REFUSALS.target;
  if (headers['sec-websocket-version'] !== '13') return REFUSALS.version;
  if (!KEY.test(headers['sec-websocket-key'] ?? '')) return REFUSALS.key;
  const protocols = parseSubprotocols(headers['sec-websocket-protocol']);
  return protocols === undefined ? REFUSALS.protocol : { target, host, protocols };
}

/** Says what node's `clientError` is answered with: bytes that are no request, or none in time. */
export function refusalForClientError(error: Error): Refusal {
  const code = 'code' in error ? error.code : undefined;
  if (code === 'HPE_HEADER_OVERFLOW') return REFUSALS.headers;
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return REFUSALS.tooLate;
  return REFUSALS.malformed;
}

/** Tells whether a request names one host, as every one has to (RFC 9112 §3.2). */
export function hasOneHost({ headers, rawHeaders }: IncomingMessage): boolean {
  return countHeaderLines(rawHeaders, 'host') === 1 && HOST.test(headers.host ?? '');
}

/** What any HTTP/1.1 request with an upgrade has to keep. */
function brokenRequestRule(request: IncomingMessage): Refusal | undefined {
  const { httpVersion, headers, rawHeaders, method } = request;
  if (httpVersion !== '1.1') return REFUSALS.httpVersion;
  if (rawHeaders.length / 2 > MAX_HEADER_LINES) return REFUSALS.headers;
  if (!hasOneHost(request)) return REFUSALS.host;
  if (method !== 'GET') return REFUSALS.method;
  if (hasBody(headers)) return REFUSALS.body;
  if (headers.upgrade?.toLowerCase() !== 'websocket') return REFUSALS.upgrade;
  return undefined;
}

function hasBody(headers: IncomingMessage['headers']): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}
