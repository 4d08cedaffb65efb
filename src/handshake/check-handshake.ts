// The rules of the opening handshake (RFC 6455 §4.2.1, RFC 9112 §3.2): a request in; the first
// broken rule out, or what the server goes on with. Pure. serving-host.ts calls it for upgrades,
// upgrade-registry.ts for what no host serves; which route a path has is routes.ts's.

import type { IncomingMessage } from 'node:http';
import { REFUSALS } from './refusal.ts';
import type { Refusal } from './refusal.ts';
import { targetOf } from './request-target.ts';
import type { RequestTarget } from './request-target.ts';
import { isToken } from '../core/token.ts';

/** A request that keeps the rules. */
export interface CheckedRequest {
  readonly target: RequestTarget;
  /** The subprotocols that the client offers, in its order. */
  readonly protocols: readonly string[];
  /** The first subprotocol of ours that is offered; '' for none in common. */
  readonly protocol: string;
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
/** What is never in a list of subprotocols; `trim` would take some of it for white space. */
const FOREIGN = /[^\t\u0020-\u007e]/u;

const NONE: readonly string[] = Object.freeze([]);

/**
 * Checks a request with an Upgrade header.
 *
 * @param protocols - The subprotocols that we speak, the preferred first. Default none.
 * @returns The answer to the first rule that is broken, where one is.
 */
export function checkHandshake(
  request: IncomingMessage,
  protocols: readonly string[] = NONE,
): CheckedRequest | Refusal {
  const { headers } = request;
  const broken = brokenRequestRule(request);
  if (broken !== undefined) return broken;
  const target = targetOf(request);
  if (target === undefined) return REFUSALS.target;
  if (headers['sec-websocket-version'] !== '13') return REFUSALS.version;
  if (!KEY.test(headers['sec-websocket-key'] ?? '')) return REFUSALS.key;
  const offered = parseSubprotocols(headers['sec-websocket-protocol']);
  if (offered === undefined) return REFUSALS.protocol;
  return { target, protocols: offered, protocol: chooseSubprotocol(protocols, offered) };
}

/** Tells whether a text is a name or an address, maybe with a port, of which a URL can be made. */
export function isHost(text: string): boolean {
  return HOST.test(text) && URL.canParse(`ws://${text}`);
}

/** Tells whether a request names one host, as every request has to (RFC 9112 §3.2). */
export function hasOneHost({ headers, rawHeaders }: IncomingMessage): boolean {
  return countHeaderLines(rawHeaders, 'host') === 1 && HOST.test(headers.host as string);
}

/**
 * Reads the header that offers subprotocols.
 *
 * @returns undefined for a malformed header: an element that is no token, or the same twice.
 */
export function parseSubprotocols(header: string | undefined): readonly string[] | undefined {
  if (header === undefined) return NONE;
  if (FOREIGN.test(header)) return undefined;
  const names = header.split(',').map((name) => name.trim());
  const distinct = new Set(names);
  return distinct.size === names.length && names.every(isToken) ? names : undefined;
}

/** Picks the first of ours that is offered (RFC 6455 §4.2.2); '' for none in common. */
export function chooseSubprotocol(ours: readonly string[], offered: readonly string[]): string {
  if (ours.length === 0) return '';
  const distinct = new Set(offered);
  return ours.find((name) => distinct.has(name)) ?? '';
}

/** Counts the lines of one header, as they were sent. */
export function countHeaderLines(rawHeaders: readonly string[], name: string): number {
  let count = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const line = rawHeaders[i] as string;
    if (line.length === name.length && line.toLowerCase() === name) count += 1;
  }
  return count;
}

/** What every HTTP/1.1 request with an upgrade has to keep. */
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
