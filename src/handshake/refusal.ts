// HTTP answers of a server that does not upgrade: all of them in one table, as bytes, and the end
// of the connection behind them. The host, upgrade.ts, serve.ts and upgrade-registry.ts call it.

import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../time/clock.ts';

/** An answer of ours other than 101. */
export interface Refusal {
  readonly status: number;
  /** One line, without anything that the peer has sent. */
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export const REFUSALS = {
  httpVersion: { status: 505, text: 'HTTP/1.1 is needed' },
  headers: { status: 431, text: 'Too many or too large header fields' },
  host: { status: 400, text: 'One valid Host is needed' },
  method: { status: 405, text: 'The method of a WebSocket handshake is GET', headers: { Allow: 'GET' } },
  body: { status: 400, text: 'A WebSocket handshake has no body' },
  upgrade: { status: 400, text: 'Upgrade has to be: websocket' },
  target: { status: 400, text: 'The request target is not valid here' },
  forwarded: { status: 400, text: 'Forwarded and X-Forwarded headers do not say the same' },
  origin: { status: 403, text: 'A page of this origin may not connect' },
  forbidden: { status: 403, text: 'This client may not connect' },
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
  brokerDown: {
    status: 503,
    text: 'The server is cut off from the others',
    headers: { 'Retry-After': '5' },
  },
  full: { status: 503, text: 'The server is full', headers: { 'Retry-After': '5' } },
  unadmitted: {
    status: 503,
    text: 'Too many clients wait to be admitted',
    headers: { 'Retry-After': '5' },
  },
  tooMany: { status: 429, text: 'Too many sockets or handshakes', headers: { 'Retry-After': '5' } },
  plainRequest: {
    status: 426,
    text: 'A WebSocket is served here. A proxy may have dropped the Upgrade header',
    headers: { Connection: 'close, Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' },
  },
  malformed: { status: 400, text: 'The request is malformed' },
  // A 401 names a scheme (RFC 9110 §15.5.2); RFC 6750 §3.1 names the error of an expired token.
  expired: {
    status: 401,
    text: 'The credential has expired',
    headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' },
  },
  tooLate: { status: 408, text: 'The request took too long' },
  failed: { status: 500, text: 'The server has failed' },
  unavailable: { status: 503, text: 'The sessions are not to be had', headers: { 'Retry-After': '5' } },
} as const;

/** What a hook has answered; the fields that belong to the connection are replaced by ours. */
export interface HookAnswer {
  /** Of status 200 or above; its body is not read. */
  readonly response: Response;
  /** All of the body; sent with its length. */
  readonly body: Uint8Array;
}

/**
 * How long a refused peer may take to hang up; what it still sends is dropped.
 *
 * @limit Time in which a refused client has to hang up | the connection is cut
 */
const LINGER_MS = 1000;

/**
 * Sends an answer and closes the connection, in a way that lets the answer arrive (no reset over
 * unread data). A stream that has had its answer is left alone: the HTTP parser objects again to
 * each piece of what it does not take.
 *
 * @param method - That of the request: the answer to HEAD has no body. Default 'GET'.
 */
export function refuse(stream: Duplex, answer: Refusal | HookAnswer, clock: Clock, method?: string): void {
  const isHooks = 'response' in answer;
  finishWith(stream, isHooks ? bytesOf(answer) : responseOf(answer, method), clock);
}

/** Gives the answer to node's `clientError`: bytes that are no request, or no request in time. */
export function refusalForClientError(error: Error): Refusal {
  const code = 'code' in error ? error.code : undefined;
  if (code === 'HPE_HEADER_OVERFLOW') return REFUSALS.headers;
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return REFUSALS.tooLate;
  return REFUSALS.malformed;
}

/** Gives a refusal as the text of an HTTP/1.1 response. */
export function responseOf(refusal: Refusal, method = 'GET'): string {
  const head = headText(refusal.status, fieldsOf(refusal));
  return method === 'HEAD' ? head : `${head}${bodyOf(refusal)}`;
}

/** Gives the body of a refusal. */
export function bodyOf({ text }: Refusal): string {
  return `${text}\n`;
}

/** A header line of an answer. */
type Field = readonly [name: string, value: string];

/** Gives the header lines of an answer, those of the connection included. */
export function fieldsOf(answer: Refusal | HookAnswer): readonly Field[] {
  if ('response' in answer) return fieldsOfHook(answer);
  const fields = {
    Connection: 'close',
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(bodyOf(answer))),
    ...answer.headers,
  };
  return Object.entries(fields);
}

/** Headers that are about the connection and not about the answer (RFC 9110 §7.6.1). */
const CONNECTION_HEADER = /^(?:connection|content-length|keep-alive|transfer-encoding|upgrade)$/u;

function bytesOf(answer: HookAnswer): Buffer {
  const head = headText(answer.response.status, fieldsOf(answer));
  return Buffer.concat([Buffer.from(head, 'latin1'), answer.body]);
}

function fieldsOfHook({ response: { status, headers }, body }: HookAnswer): readonly Field[] {
  const fields = [...headers].filter(([name]) => !CONNECTION_HEADER.test(name));
  // A response that never has a body must not have its length, either (RFC 9110 §8.6).
  const size = status === 204 ? [] : [['Content-Length', String(body.byteLength)] as const];
  return [...fields, ['Connection', 'close'], ...size];
}

function headText(status: number, fields: readonly Field[]): string {
  const lines = fields.map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, ...lines, '', ''].join('\r\n');
}

function finishWith(stream: Duplex, response: string | Buffer, clock: Clock): void {
  if (stream.writableEnded) return;
  // Node passes on each request of a chunk, also when the connection is lost: one listener does.
  stream.off('error', ignore);
  stream.on('error', ignore);
  if (!stream.writable) {
    stream.destroy();
    return;
  }
  stream.resume();
  stream.end(response);
  const timer = clock.setTimeout(() => stream.destroy(), LINGER_MS);
  stream.once('close', () => clock.clearTimeout(timer));
}

/** A function of its own: others take their listeners off again. */
function ignore(): void {}
