// HTTP answers of a server that does not upgrade: complete, one line of text,
// and the connection closes.

import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../time/clock.ts';

/** An answer other than 101. */
export interface Refusal {
  readonly status: number;
  /** One line, without anything that the peer has sent. */
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** How long a refused peer may take to hang up; what it still sends is dropped. */
const LINGER_MS = 1000;

/**
 * Sends a refusal and closes the connection, in a way that lets the answer arrive
 * (no reset over unread data). A stream that has had its answer is left alone: the
 * HTTP parser objects again to each piece of what it does not take.
 *
 * @param method - That of the request: to HEAD goes no body. Default 'GET'.
 */
export function refuse(stream: Duplex, refusal: Refusal, clock: Clock, method?: string): void {
  if (stream.writableEnded) return;
  stream.on('error', ignore);
  if (!stream.writable) {
    stream.destroy();
    return;
  }
  stream.resume();
  stream.end(responseOf(refusal, method));
  const timer = clock.setTimeout(() => stream.destroy(), LINGER_MS);
  stream.once('close', () => clock.clearTimeout(timer));
}

/** A refusal as the bytes of an HTTP/1.1 response. */
export function responseOf({ status, text, headers = {} }: Refusal, method = 'GET'): string {
  const body = `${text}\n`;
  const fields = {
    Connection: 'close',
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(body)),
    ...headers,
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, '', method === 'HEAD' ? '' : body].join(
    '\r\n',
  );
}

function ignore(): void {}
