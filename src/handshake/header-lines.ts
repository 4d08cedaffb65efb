// Headers from the raw lines of a request, for handshake-request.ts. A socket keeps the lines and
// nothing else: a parsed set costs some 4 KiB a socket, so it is built when it is read.

import type { IncomingHttpHeaders } from 'node:http';

/** Headers of which Node keeps the first line only (`message.headers`, Node's documentation). */
const FIRST_LINE_COUNTS: ReadonlySet<string> = new Set([
  'age',
  'authorization',
  'content-length',
  'content-type',
  'etag',
  'expires',
  'from',
  'host',
  'if-modified-since',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'proxy-authorization',
  'referer',
  'retry-after',
  'server',
  'user-agent',
]);

/**
 * Builds what Node gives as `message.headers`, on an object of the same kind.
 *
 * @param lines - `message.rawHeaders`: names and values in turn, as they were sent.
 */
export function parseHeaderLines(lines: readonly string[]): IncomingHttpHeaders {
  const headers: Record<string, string | string[]> = {};
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const name = (lines[i] as string).toLowerCase();
    const before = Object.hasOwn(headers, name) ? headers[name] : undefined;
    // A text for `__proto__` has no effect, in Node as here.
    headers[name] = joined(name, before, lines[i + 1] as string);
  }
  return headers;
}

function joined(name: string, before: string | string[] | undefined, value: string): string | string[] {
  if (name === 'set-cookie') return [before ?? [], value].flat();
  if (before === undefined) return value;
  if (FIRST_LINE_COUNTS.has(name)) return before;
  return [before, value].join(name === 'cookie' ? '; ' : ', ');
}
