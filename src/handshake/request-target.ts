// The request target of an upgrade: what is a path and what is refused. A pure
// function over the text as it was sent; nothing is normalised, so that no
// spelling reaches a route that it does not name.

/** A target that keeps the rules. */
export interface RequestTarget {
  /** As it was sent, percent-encoding and all. */
  readonly path: string;
  /** Path and query, as they were sent. */
  readonly text: string;
}

/** A path of words, in which there is nothing to look for. */
const PLAIN_TARGET = /^(?:\/[\w-]*)+$/u;
/** What no user agent sends unescaped: controls, space, what is not ASCII, `\`, `#`, `<`, `>`, `"`. */
const FORBIDDEN = /[^\u0021-\u007e]|[\\#<>"]/u;
const BAD_ESCAPE = /%(?![0-9a-f]{2})/iu;
/** `.` and `..`, also percent-encoded. */
const DOT_SEGMENT = /^(?:\.|%2e){1,2}$/iu;
/** RFC 9112 §3.2.2, with the schemes of RFC 6455 §3. */
const ABSOLUTE_FORM = /^(?:https?|wss?):\/\/([^/?]*)(.*)$/iu;
/** A name whose last label begins with a letter, or four decimal numbers, and a port: no URL parser need be asked. */
const PLAIN_AUTHORITY =
  /^(?!.*xn--)(?:(?:[a-z\d-]+\.)*[a-z][a-z\d-]*|(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$|:)|(?=$|:))){4})(?::\d{1,4})?$/iu;

/**
 * Reads a request target in origin form, or in absolute form for our own host.
 *
 * @param text - The target of the request line.
 * @param host - The one Host header.
 * @returns undefined for what is answered with 400: another form, another
 *   authority, a character or escape that is none, a dot segment.
 */
export function parseTarget(text: string, host: string): RequestTarget | undefined {
  if (PLAIN_TARGET.test(text)) return isAuthority(host) ? { path: text, text } : undefined;
  if (FORBIDDEN.test(text)) return undefined;
  const origin = toOriginForm(text, host);
  if (origin === undefined || !isAuthority(host)) return undefined;
  const path = origin.split('?', 1)[0] as string;
  if (BAD_ESCAPE.test(path)) return undefined;
  if (path.split('/').some((segment) => DOT_SEGMENT.test(segment))) return undefined;
  return { path, text: origin };
}

/** Whether a URL can be made of it; any path can follow. */
function isAuthority(host: string): boolean {
  return PLAIN_AUTHORITY.test(host) || URL.canParse(`ws://${host}`);
}

function toOriginForm(text: string, host: string): string | undefined {
  if (text.startsWith('/')) return text;
  const [, authority, rest] = ABSOLUTE_FORM.exec(text) ?? [];
  if (authority === undefined || rest === undefined) return undefined;
  if (authority.toLowerCase() !== host.toLowerCase()) return undefined;
  return rest.startsWith('/') ? rest : `/${rest}`;
}
