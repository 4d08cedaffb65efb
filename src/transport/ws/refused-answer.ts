// The HTTP answer of a server that refuses a client: status, header lines, the beginning of the
// body, and the wait that it asks for; or a 101 that opens no WebSocket. `connector.ts` reads it.

import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { finished } from 'node:stream';
import { ConnectError } from '../../core/errors.ts';
import type { Clock } from '../../time/clock.ts';
import { wallTimeOf } from '../../time/real-clock.ts';

/**
 * Most bytes of the body that are read.
 *
 * @limit Body of a refusal, in a client's `ConnectError` | the rest is left out
 */
export const MAX_BODY_BYTES = 65_536;

/**
 * Reads an answer.
 *
 * @param onRead - Called when the body has ended, or enough of it has come; perhaps again later.
 * @returns Makes the error of the answer, with so much of the body as has come.
 */
export function readRefusal(response: IncomingMessage, clock: Clock, onRead: () => void): () => ConnectError {
  const body = Buffer.allocUnsafe(MAX_BODY_BYTES);
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.copy(body, bytes);
    if (bytes === MAX_BODY_BYTES) onRead();
  });
  finished(response, onRead);
  return () => refusedError(response, body.subarray(0, bytes), clock);
}

/**
 * Makes the error of a client that gets an answer.
 *
 * @param body - What has come of it, {@link MAX_BODY_BYTES} at most.
 */
export function refusedError(
  { statusCode, headers }: Pick<IncomingMessage, 'statusCode' | 'headers'>,
  body: Uint8Array,
  clock: Clock,
): ConnectError {
  return new ConnectError(statusCode, {
    ...(statusCode === 101 ? { problem: `${NO_WEBSOCKET}: ${NO_UPGRADE}` } : undefined),
    headers: linesOf(headers),
    // In a stream: a character that the limit cuts is left out.
    body: new TextDecoder().decode(body, { stream: true }),
    ...retryAfterOf(headers, clock),
  });
}

const NO_WEBSOCKET = 'that opens no WebSocket';
/** Node knows an upgrade by these two. */
const NO_UPGRADE = 'Upgrade or Connection is missing, which a proxy may have dropped';

/** @param cause - What `ws` finds wrong with a 101 that is an upgrade. */
export function brokenUpgrade({ statusCode, headers }: IncomingMessage, cause: Error): ConnectError {
  return new ConnectError(statusCode, {
    problem: `${NO_WEBSOCKET}: ${cause.message}`,
    cause,
    headers: linesOf(headers),
  });
}

function linesOf(headers: IncomingHttpHeaders): Record<string, string> {
  const lines = Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')]);
  return Object.fromEntries(lines) as Record<string, string>;
}

/** The three forms of a date in HTTP (RFC 9110 §5.6.7). `Date.parse` takes much else for a date. */
const HTTP_DATE =
  /^[A-Z][a-z]{2,8}(?:, \d\d[ -][A-Z][a-z]{2}[ -]\d{2,4} \d\d:\d\d:\d\d GMT| [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4})$/;

/**
 * Gives the wait of `Retry-After` (RFC 9110 §10.2.3). A date counts from the `Date` of the same
 * answer, so that a wrong clock of this machine does not matter.
 */
function retryAfterOf(headers: IncomingHttpHeaders, clock: Clock): { readonly retryAfterMs?: number } {
  const wait = headers['retry-after'] ?? '';
  if (/^\d+$/.test(wait)) return { retryAfterMs: Math.min(Number(wait) * 1000, Number.MAX_SAFE_INTEGER) };
  const untilMs = timeOf(wait);
  if (Number.isNaN(untilMs)) return {};
  const sentMs = timeOf(headers.date ?? '');
  return { retryAfterMs: Math.max(0, untilMs - (Number.isNaN(sentMs) ? wallTimeOf(clock) : sentMs)) };
}

/** @returns Milliseconds since 1970; NaN for what is no date. */
function timeOf(date: string): number {
  if (!HTTP_DATE.test(date)) return NaN;
  // The last form says nothing of its zone, which is GMT, too.
  return Date.parse(date.endsWith('GMT') ? date : `${date} GMT`);
}
