// The answer of `host.health` to a health check: a plain answer of node:http, which every framework
// on it can give. The host calls it, and says whether it is ready.

import { badArgument } from '../core/arguments.ts';
import { isObjectLike, propertyOf } from '../core/object-like.ts';

/** What an answer needs of the response of node:http or node:http2. */
interface Response {
  readonly headersSent?: boolean;
  statusCode: number;
  setHeader(name: string, value: string | number): unknown;
  end(body: string): unknown;
}

/**
 * Answers 200 or 503 with a line of text. Leaves a response alone that is answered already: an
 * error in a listener of requests would end the process.
 *
 * @param response - Of node:http or node:http2, or what a framework keeps it in as `raw`.
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function answerHealth(health: 'ready' | 'closing' | 'broker down', response: unknown): void {
  const raw = propertyOf(response, 'raw') ?? response;
  if (!isResponse(raw)) throw badArgument('host.health()', 'the response of a node:http request', response);
  if (raw.headersSent === true) return;
  const body = `${health}\n`;
  raw.statusCode = health === 'ready' ? 200 : 503;
  raw.setHeader('Content-Type', 'text/plain; charset=utf-8');
  raw.setHeader('Content-Length', body.length);
  raw.setHeader('Cache-Control', 'no-store');
  raw.end(body);
}

function isResponse(value: unknown): value is Response {
  return (
    isObjectLike(value) &&
    typeof propertyOf(value, 'setHeader') === 'function' &&
    typeof propertyOf(value, 'end') === 'function'
  );
}
