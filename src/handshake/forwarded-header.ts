// The headers in which proxies say for whom they connect: `Forwarded` (RFC 7239) and
// `X-Forwarded-*`. Pure. Both are read from the right: each proxy appends to what it was sent, so a
// client can write the left end only, and nothing there changes how the rest is read.
// trusted-proxies.ts says how much of it is believed.

import type { IncomingHttpHeaders } from 'node:http';
import { isHost } from './check-handshake.ts';
import { nodeAddress } from './ip-address.ts';

/** What one proxy says of the request that it has got. */
export interface Hop {
  /** The other end of its link; undefined where it is hidden, or not said. */
  readonly address: string | undefined;
  /** Whether the other end is said, also where it is hidden. */
  readonly hasNode: boolean;
  /** Whether that link has TLS. */
  readonly isSecure: boolean | undefined;
  /** The Host that it was sent. */
  readonly host: string | undefined;
}

/** What proxies say, the nearest first. */
export interface ForwardedChain {
  /** Whether an address is said at all. */
  readonly hasAddresses: boolean;
  /** Gives what one of them says. @param distance - 0 for the nearest. */
  hop(distance: number): Hop | undefined;
}

/**
 * Enough for the proxies that are believed, and far below what Node takes.
 *
 * @limit Characters of a header of proxies that are read, from its right end | the rest is not read
 */
const MAX_CHARACTERS = 4096;
const [QUOTE, BACKSLASH, COMMA, SEMICOLON] = [0x22, 0x5c, 0x2c, 0x3b];

const PAIR = /^([\w!#$%&'*+.^`|~-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s",;]*))$/u;
const X_HEADERS = ['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host'] as const;
const NO_HOPS: readonly string[] = Object.freeze([]);

/** Reads `Forwarded`; undefined where it is missing. @param most - Proxies that are looked at. */
export function forwardedChain({ forwarded }: IncomingHttpHeaders, most: number): ForwardedChain | undefined {
  if (forwarded === undefined) return undefined;
  const hops = lastParts(forwarded, COMMA, most).map(parseElement);
  return { hasAddresses: true, hop: (distance) => hops[distance] };
}

/**
 * Reads `X-Forwarded-For`, `-Proto` and `-Host`; undefined where all are missing. Each is a list
 * of its own: a proxy that replaces the latter two has only one value in them, which then counts
 * for all.
 *
 * @param most - Proxies that are looked at.
 */
export function xForwardedChain(headers: IncomingHttpHeaders, most: number): ForwardedChain | undefined {
  const sent = X_HEADERS.map((name) => headers[name]);
  if (sent.every((header) => header === undefined)) return undefined;
  const [fors, protos, hosts] = sent.map((header) => listOf(header, most)) as [List, List, List];
  return {
    hasAddresses: sent[0] !== undefined,
    hop: (distance) => ({
      address: addressOf(fors[distance]),
      hasNode: fors[distance] !== undefined,
      isSecure: isSecure(protos[distance] ?? protos.at(-1)),
      host: hostOf(hosts[distance] ?? hosts.at(-1)),
    }),
  };
}

type List = readonly string[];

/** @param header - In tests maybe several lines. */
function listOf(header: string | readonly string[] | undefined, most: number): List {
  return header === undefined ? NO_HOPS : lastParts(String(header), COMMA, most);
}

/** Reads one element of `Forwarded`; undefined for a malformed one. */
function parseElement(element: string): Hop | undefined {
  const values = new Map<string, string>();
  for (const pair of lastParts(element, SEMICOLON, Infinity)) {
    const [, name = '', quoted, plain] = PAIR.exec(pair) ?? [];
    const value = quoted?.replaceAll(/\\(.)/gu, '$1') ?? plain;
    if (value === undefined || values.has(name.toLowerCase())) return undefined;
    values.set(name.toLowerCase(), value);
  }
  return {
    address: addressOf(values.get('for')),
    hasNode: values.has('for'),
    isSecure: isSecure(values.get('proto')),
    host: hostOf(values.get('host')),
  };
}

function addressOf(node: string | undefined): string | undefined {
  return node === undefined ? undefined : nodeAddress(node);
}

const SECURE: ReadonlyMap<string | undefined, boolean> = new Map([
  ['https', true],
  ['wss', true],
  ['http', false],
  ['ws', false],
]);

function isSecure(proto: string | undefined): boolean | undefined {
  return SECURE.get(proto?.toLowerCase());
}

function hostOf(host: string | undefined): string | undefined {
  return host !== undefined && isHost(host) ? host : undefined;
}

/**
 * Splits the end of a text at a separator, from the right, and not inside of quoted strings. What
 * is left of a part does not change it, as long as the part itself is well-formed.
 *
 * @param most - Of several parts the last ones.
 * @returns The parts, the last one first, without white space around.
 */
function lastParts(text: string, separator: number, most: number): readonly string[] {
  const parts: string[] = [];
  const first = Math.max(text.length - MAX_CHARACTERS, 0);
  let isQuoted = false;
  let end = text.length;
  for (let at = end - 1; at >= first && parts.length < most; at -= 1) {
    const character = text.charCodeAt(at);
    if (character === QUOTE && !(isQuoted && isEscaped(text, at))) isQuoted = !isQuoted;
    if (isQuoted || character !== separator) continue;
    parts.push(text.slice(at + 1, end).trim());
    end = at;
  }
  // A part that is cut off at its left may look like a whole one.
  if (parts.length < most && first === 0) parts.push(text.slice(0, end).trim());
  return parts;
}

/** Whether an odd number of backslashes stands before a place. */
function isEscaped(text: string, place: number): boolean {
  let at = place;
  while (at > 0 && text.charCodeAt(at - 1) === BACKSLASH) at -= 1;
  return (place - at) % 2 === 1;
}
