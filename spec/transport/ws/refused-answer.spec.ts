// What a client learns of an answer other than 101: header lines, the beginning of the body, and how
// long to wait.

import { inspect } from 'node:util';
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import type { Duplex } from 'node:stream';
import { settle, virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { listen } from '../../fixtures/listening-server.ts';
import { ConnectError } from '../../../src/core/errors.ts';
import { connectWs } from '../../../src/transport/ws/connector.ts';
import { MAX_BODY_BYTES, readRefusal } from '../../../src/transport/ws/refused-answer.ts';
import { targetOf } from '../browser/browser-pair.ts';

/** Gives the error that a client makes of an answer. @param lines - Status line and headers. */
async function errorOf(
  lines: readonly string[],
  body: string | Buffer = '',
  epochMs = 0,
): Promise<ConnectError> {
  await using http = await listen();
  http.server.on('upgrade', (_: IncomingMessage, stream: Duplex) => {
    stream.on('error', () => {});
    stream.on('end', () => stream.end()).resume();
    stream.write(Buffer.concat([Buffer.from([...lines, '', ''].join('\r\n')), Buffer.from(body)]));
  });
  const clock = Object.assign(virtualClock(), { wallTimeMs: () => epochMs });
  return await new Promise((resolve, reject) => {
    connectWs(targetOf(http.port, { clock }), {
      opened: () => reject(new Error('the link was opened')),
      failed: resolve,
    });
  });
}

describe('the answer of a server that refuses', () => {
  it('is in the error: status, headers and body', async () => {
    const { status, headers, body, retryAfterMs } = await errorOf(
      [
        'HTTP/1.1 401 Unauthorized',
        'WWW-Authenticate: Bearer',
        'Set-Cookie: a=1',
        'Set-Cookie: b=2',
        'Content-Length: 7',
      ],
      'who? ü',
    );
    expect([status, body, retryAfterMs]).toEqual([401, 'who? ü', undefined]);
    expect(headers).toEqual({
      'www-authenticate': 'Bearer',
      'set-cookie': 'a=1, b=2',
      'content-length': '7',
    });
  });

  it('H24: shows neither headers nor body where the error is logged', async () => {
    const error = await errorOf(
      ['HTTP/1.1 403 Forbidden', 'Set-Cookie: secret', 'Content-Length: 6'],
      'secret',
    );
    expect([inspect(error).includes('secret'), JSON.stringify(error).includes('secret')]).toEqual([
      false,
      false,
    ]);
  });

  it('has an empty body where there is none', async () => {
    expect((await errorOf(['HTTP/1.1 404 Not Found', 'Content-Length: 0'])).body).toBe('');
  });

  it('ends with the body that has come where the server hangs up', async () => {
    await using http = await listen();
    http.server.on('upgrade', (_: IncomingMessage, stream: Duplex) => {
      stream.end('HTTP/1.1 500 No\r\nContent-Length: 100\r\n\r\nhalf');
    });
    const error = await new Promise<ConnectError>((resolve, reject) => {
      connectWs(targetOf(http.port), { opened: reject, failed: resolve });
    });
    expect([error.status, error.body]).toEqual([500, 'half']);
  });

  it('is read to 64 KiB, and no character is cut there', async () => {
    const page = 'x'.repeat(MAX_BODY_BYTES - 1) + 'ü'.repeat(100_000);
    const { body } = await errorOf(['HTTP/1.1 500 No', 'Connection: close'], page);
    expect(body).toBe('x'.repeat(MAX_BODY_BYTES - 1));
  });

  it('can be made of as much of the body as has come', async () => {
    const response = Object.assign(new PassThrough(), { statusCode: 503, headers: {} });
    let reads = 0;
    const toError = readRefusal(response as never, virtualClock(), () => (reads += 1));
    response.write('half');
    await settle();
    expect([toError().status, toError().body, reads]).toEqual([503, 'half', 0]);
    response.end(' and half');
    await settle();
    expect([toError().body, reads]).toEqual(['half and half', 1]);
  });
});

describe('Retry-After of an answer', () => {
  const NOON = 'Sun, 29 Nov 2026 12:00:00 GMT';

  it.each([
    ['seconds', '120', 120_000],
    ['no wait', '0', 0],
    ['seconds beyond all measure', '9'.repeat(400), Number.MAX_SAFE_INTEGER],
    ['a date', 'Sun, 29 Nov 2026 12:00:30 GMT', 30_000],
    ['a date of RFC 850', 'Sunday, 29-Nov-26 12:00:30 GMT', 30_000],
    ['a date of asctime', 'Sun Nov 29 12:00:30 2026', 30_000],
    ['a date of the past', 'Sun, 29 Nov 2026 11:00:00 GMT', 0],
    ['a date that is none', 'Sun, 99 Foo 2026 12:00:00 GMT', undefined],
    ['a negative number', '-5', undefined],
    ['a fraction', '1.5', undefined],
    ['another number', '1e3', undefined],
    ['a word that Date.parse takes', 'soon 5', undefined],
    ['nothing', '', undefined],
  ])('may be %s', async (_, wait, ms) => {
    const lines = ['HTTP/1.1 503 Full', `Date: ${NOON}`, `Retry-After: ${wait}`, 'Content-Length: 0'];
    expect((await errorOf(lines)).retryAfterMs).toBe(ms);
  });

  it.each([
    ['its own Date, whatever this machine says', `Date: ${NOON}`, 30_000],
    ['this machine where that says nothing', 'Date: now', 20_000],
    ['this machine where it has no Date', 'Server: none', 20_000],
  ])('as a date counts from %s', async (_, line, ms) => {
    const lines = [
      'HTTP/1.1 429 Slow',
      line,
      'Retry-After: Sun, 29 Nov 2026 12:00:30 GMT',
      'Content-Length: 0',
    ];
    expect((await errorOf(lines, '', Date.parse(NOON) + 10_000)).retryAfterMs).toBe(ms);
  });
});
