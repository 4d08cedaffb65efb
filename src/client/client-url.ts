// Where a client connects to: which URLs are taken, and what becomes of them. Errors
// never show a URL, for it may carry a token.

import { badArgument } from '../core/arguments.ts';

const SCHEMES: Readonly<Record<string, string>> = Object.freeze({
  'ws:': 'ws:',
  'wss:': 'wss:',
  'http:': 'ws:',
  'https:': 'wss:',
});

/**
 * Checks a URL and gives its WebSocket form: `ws:` for `http:`, `wss:` for `https:`.
 *
 * @param call - Named in errors.
 * @throws UsageError `COROSOCK_ARGUMENT` for another scheme, a fragment (RFC 6455 §3), and what is no absolute URL.
 */
export function clientUrl(call: string, url: unknown): URL {
  const text = url instanceof URL ? url.href : url;
  if (typeof text !== 'string') throw badArgument(call, 'url to be a string or a URL', url);
  if (!URL.canParse(text)) throw badArgument(call, 'url to be an absolute URL', typeof url);
  const scheme = /^\w[\w+.-]*:/.exec(text.trim())?.[0] ?? '';
  const target = SCHEMES[scheme.toLowerCase()];
  if (target === undefined) throw badArgument(call, 'url to begin with ws:, wss:, http: or https:', scheme);
  const parsed = new URL(text);
  if (text.includes('#')) throw badArgument(call, 'url to have no fragment', '#');
  parsed.protocol = target;
  return parsed;
}
