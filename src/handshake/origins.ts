// Which pages may connect: the option `origins`, and its rule over one request. A browser sends the
// Origin of the page with each handshake, and the cookies of this site, whatever the page. The host
// asks the rule before the route counts; a client without Origin is no browser, and is let in.

import { types } from 'node:util';
import type { ArrivedRequest, HandshakeRequest } from './handshake-request.ts';
import { REFUSALS } from './refusal.ts';
import type { Refusal } from './refusal.ts';
import { badArgument } from '../core/arguments.ts';
import { UsageError } from '../core/errors.ts';
import { unattended } from '../waiting/abortable.ts';

type OriginFunction = (origin: string, request: HandshakeRequest) => boolean;

/** The option `origins` of a host. */
export type Origins = 'same' | 'any' | ReadonlyArray<string | RegExp> | OriginFunction;

/** Tells whether the page of a request may connect. @throws What a function of the user throws. */
export type OriginRule = (request: ArrivedRequest) => boolean;

/**
 * Far above scheme, the longest name of DNS (253) and port.
 *
 * @limit Length of an Origin header | HTTP 403
 */
const MAX_ORIGIN_LENGTH = 512;
/** RFC 6454 §6.2, in ASCII: no user information, no path, and one origin only. */
const ORIGIN = /^([A-Za-z][\w+.-]*):\/\/([\w.~-]*|\[[\dA-Fa-f:.]+\])(?::(\d{1,5}))?$/u;
/** An origin as people write it, also in letters beyond ASCII. */
const ENTRY = /^([A-Za-z][\w+.-]*):\/\/[^/?#@\\*%\s]*$/u;
const AUTHORITY = /^(.*?)(?::(\d{1,5}))?$/u;
/** The schemes of a page on a server, and of a client that names our own URL. */
const DEFAULT_PORTS: ReadonlyMap<string, number> = new Map([
  ['http', 80],
  ['https', 443],
  ['ws', 80],
  ['wss', 443],
]);

interface ParsedOrigin {
  readonly scheme: string;
  readonly host: string;
  /** Undefined for the default port of the scheme. */
  readonly port: number | undefined;
}

/** Makes the rule of an option that {@link checkOrigins} has let pass. */
export function originRule(origins: Origins): OriginRule {
  if (origins === 'any') return () => true;
  if (typeof origins === 'function') return ruleOf((origin, request) => asked(origins, origin, request));
  if (origins === 'same') return ruleOf((origin, request) => isOwn(parseOrigin(origin), request));
  const exact = new Set(origins.map((entry) => (typeof entry === 'string' ? normalEntry(entry) : undefined)));
  const patterns = origins.filter((entry) => typeof entry !== 'string').map(wholly);
  return ruleOf((origin) => {
    const normal = normalOrigin(origin);
    if (normal === undefined) return false;
    return exact.has(normal) || patterns.some((pattern) => pattern.test(normal));
  });
}

/** Where rules that fail are reported: limited, because any client makes them fail again. */
interface OriginFaults {
  report(kind: string, where: { readonly phase: string }, makeError: () => unknown): void;
}

/** Gives the refusal of a foreign page, or of a rule that fails, which is then reported. */
export function originRefusal(
  rule: OriginRule,
  request: ArrivedRequest,
  faults: OriginFaults,
): Refusal | undefined {
  try {
    return rule(request) ? undefined : REFUSALS.origin;
  } catch (error) {
    faults.report('origins: the function has failed', { phase: 'origins' }, () => error);
    return REFUSALS.failed;
  }
}

/** Refuses what is no {@link Origins}, and entries of a list that no page can have. */
export function checkOrigins(call: string, name: string, origins: unknown): void {
  if (origins === 'same' || origins === 'any' || typeof origins === 'function') return;
  if (!Array.isArray(origins)) {
    throw badArgument(call, `${name} to be 'same', 'any', a list of origins or a function`, origins);
  }
  for (const [at, entry] of origins.entries()) {
    if (types.isRegExp(entry) || (typeof entry === 'string' && normalEntry(entry) !== undefined)) continue;
    const expected = `${name}[${at}] to be an origin such as 'https://a.example', or a RegExp`;
    throw badArgument(call, expected, entry);
  }
}

/**
 * Makes the error for `'any'` together with sessions: browsers send the cookie with a handshake of
 * any page (cross-site WebSocket hijacking).
 */
export function anyOriginError(call: string): UsageError {
  const text = `${call}: expected origins to be checked where a cookie opens a session, got 'any'`;
  return new UsageError('COROSOCK_ANY_ORIGIN', text);
}

/** A client without an Origin is let in, whatever the rule. */
function ruleOf(isAllowed: (origin: string, request: ArrivedRequest) => boolean): OriginRule {
  return (request) => {
    const { origin } = request.headers;
    return origin === undefined || isAllowed(origin, request);
  };
}

/**
 * Asks the function of a user about one origin, in the form of browsers.
 *
 * @param origin - `null` is passed on: a page in a sandbox or a file. What is no origin is refused
 *   without asking.
 */
function asked(isAllowed: OriginFunction, origin: string, request: HandshakeRequest): boolean {
  const normal = origin === 'null' ? origin : normalOrigin(origin);
  if (normal === undefined) return false;
  const answer: unknown = isAllowed(normal, request);
  if (typeof answer === 'boolean') return answer;
  // A promise is truthy: taken for an answer, it would let every page in.
  void unattended(Promise.resolve(answer));
  throw badArgument('origins()', 'true or false', answer);
}

/**
 * Tells whether an origin is that of the request's own host. The scheme does not count: behind a
 * proxy that ends TLS, our link has another one than the page.
 */
function isOwn(origin: ParsedOrigin | undefined, { authority, isSecure }: ArrivedRequest): boolean {
  if (origin === undefined) return false;
  const defaultPort = DEFAULT_PORTS.get(origin.scheme);
  if (defaultPort === undefined) return false;
  const [, host, port] = AUTHORITY.exec(authority.toLowerCase()) as unknown as [string, string, string?];
  if (host !== origin.host) return false;
  if (port === undefined && origin.port === undefined) return true;
  const ownPort = Number(port ?? (isSecure ? 443 : 80));
  return ownPort === (origin.port ?? defaultPort);
}

function parseOrigin(text: string): ParsedOrigin | undefined {
  if (text.length > MAX_ORIGIN_LENGTH) return undefined;
  const [, scheme, host, digits] = ORIGIN.exec(text) ?? [];
  if (scheme === undefined || host === undefined) return undefined;
  const lower = scheme.toLowerCase();
  const port = digits === undefined ? DEFAULT_PORTS.get(lower) : Number(digits);
  if (port !== undefined && port > 65_535) return undefined;
  // Only schemes without a host of their own have none: `file://`.
  if (host === '' && DEFAULT_PORTS.has(lower)) return undefined;
  return {
    scheme: lower,
    host: host.toLowerCase(),
    port: port === DEFAULT_PORTS.get(lower) ? undefined : port,
  };
}

/** Gives an origin as browsers write it: lower case, without the default port. */
function normalOrigin(text: string): string | undefined {
  const origin = parseOrigin(text);
  if (origin === undefined) return undefined;
  const { scheme, host, port } = origin;
  return `${scheme}://${host}${port === undefined ? '' : `:${port}`}`;
}

/**
 * Gives an entry of a list as browsers write it: names in punycode, IPv6 addresses in short form.
 *
 * @returns undefined for what is no origin of a page: it has a path, a user, a wildcard, no scheme,
 *   or the scheme of a WebSocket.
 */
function normalEntry(entry: string): string | undefined {
  const [, scheme = ''] = ENTRY.exec(entry) ?? [];
  switch (scheme.toLowerCase()) {
    case '':
    case 'ws':
    case 'wss':
      return undefined;
    case 'http':
    case 'https':
      return URL.canParse(entry) ? normalOrigin(new URL(entry).origin) : undefined;
    default:
      return normalOrigin(entry);
  }
}

/** Copies a pattern, so that it keeps no state and matches whole texts only. */
function wholly({ source, flags }: RegExp): RegExp {
  return new RegExp(`^(?:${source})$`, flags.replaceAll(/[gmy]/gu, ''));
}
