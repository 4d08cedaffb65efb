// The target of a request line: what is a path, and what is refused. A pure function over the text
// as it was sent. Nothing is normalised, so that no spelling reaches a route that it does not name.
// Called by check-handshake.ts, serve.ts and upgrade-registry.ts.

import type { IncomingMessage } from 'node:http';

/** A target that keeps the rules. */
export interface RequestTarget {
  /** As it was sent, percent-encoding and all. */
  readonly path: string;
  /** Path and query, as they were sent. */
  readonly text: string;
}

/** The request line and headers of node:http, as far as a target needs them. */
type TargetSource = Pick<IncomingMessage, 'url' | 'headers'>;

/** Never sent unescaped by a user agent: controls, space, not ASCII, `\`, `#`, `<`, `>`, `"`. */
const FORBIDDEN = /[^\u0021-\u007e]|[\\#<>"]/u;
const BAD_ESCAPE = /%(?![0-9a-f]{2})/iu;
/** `.` or `..` between two slashes or at the end, also percent-encoded. */
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:\/|$)/iu;
/** RFC 9112 §3.2.2, with the schemes of RFC 6455 §3. */
const ABSOLUTE_FORM = /^(?:https?|wss?):\/\/([^/?]*)(.*)$/iu;

/**
 * Of these hosts a URL can be made for certain: names whose last label begins with a letter, and
 * IPv4 addresses. Two hyphens may be those of punycode, which can be wrong.
 */
const PLAIN_NAME = /^(?:[A-Za-z\d-]+\.)*[A-Za-z][A-Za-z\d-]*(?::\d{1,4})?$/u;
const PLAIN_IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.|(?=:|$))){4}(?::\d{1,4})?$/u;

/** Reads the target of a request; see {@link parseTarget}. A request without Host has none. */
export function targetOf({ url = '', headers: { host = '' } }: TargetSource): RequestTarget | undefined {
  return parseTarget(url, host);
}

/**
 * Reads a request target in origin form, or in absolute form for our own host.
 *
 * @param text - The target of the request line.
 * @param host - The one Host header.
 * @returns undefined for what is answered with 400: another form, another authority, a character
 *   or escape that is none, a dot segment, a host of which no URL can be made.
 */
export function parseTarget(text: string, host: string): RequestTarget | undefined {
  if (FORBIDDEN.test(text)) return undefined;
  const origin = toOriginForm(text, host);
  // A URL can be made of it, whatever the path.
  if (origin === undefined || !canBeInUrl(host)) return undefined;
  const path = pathOf(origin);
  if (BAD_ESCAPE.test(path) || DOT_SEGMENT.test(path)) return undefined;
  return { path, text: origin };
}

function toOriginForm(text: string, host: string): string | undefined {
  if (text.startsWith('/')) return text;
  const [, authority, rest] = ABSOLUTE_FORM.exec(text) ?? [];
  if (authority === undefined || rest === undefined) return undefined;
  if (authority.toLowerCase() !== host.toLowerCase()) return undefined;
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** `URL.canParse` about each host was a hundredth of a handshake (row: handshakes to a handler). */
function canBeInUrl(host: string): boolean {
  const isPlain = (PLAIN_NAME.test(host) && !host.includes('--')) || PLAIN_IPV4.test(host);
  return isPlain || URL.canParse(`ws://${host}`);
}

function pathOf(origin: string): string {
  const query = origin.indexOf('?');
  return query < 0 ? origin : origin.slice(0, query);
}
