// Refusals as bytes, and how a refused connection ends. Which request gets which refusal:
// spec/faults/handshake.spec.ts.

import { Duplex } from 'node:stream';
import { settle, virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { writtenStream } from '../fixtures/written-stream.ts';
import { refusalForClientError, refuse, REFUSALS, responseOf } from '../../src/handshake/refusal.ts';
import type { Refusal } from '../../src/handshake/refusal.ts';

describe('responseOf', () => {
  it('writes a complete response', () => {
    expect(responseOf({ status: 405, text: 'Only GET', headers: { Allow: 'GET' } })).toBe(
      [
        'HTTP/1.1 405 Method Not Allowed',
        'Connection: close',
        'Content-Type: text/plain; charset=utf-8',
        'Content-Length: 9',
        'Allow: GET',
        '',
        'Only GET\n',
      ].join('\r\n'),
    );
  });

  it('has no body for HEAD, and its length', () => {
    const [whole, head] = ['GET', 'HEAD'].map((method) => responseOf(REFUSALS.route, method));
    expect(head).toBe(whole?.replace(`${REFUSALS.route.text}\n`, ''));
  });

  it('counts bytes, not characters', () => {
    expect(responseOf({ status: 400, text: 'é' })).toContain('Content-Length: 3\r\n');
  });

  it.each(Object.entries<Refusal>(REFUSALS))(
    'H22: writes %s on one line of ASCII, with a known status',
    (_, refusal) => {
      const [head = '', body] = responseOf(refusal).split('\r\n\r\n');
      expect(body).toBe(`${refusal.text}\n`);
      expect(refusal.text).toMatch(/^[\u0020-\u007e]+$/);
      expect(head).toMatch(/^HTTP\/1\.1 \d{3} [A-Za-z ]+(?:\r\n[\w-]+: [\u0020-\u007e]+)+$/);
      expect(head).toMatch(/^Connection: close(?:, Upgrade)?\r$/m);
    },
  );
});

describe('refuse', () => {
  it('answers, ends its side, and drops what still comes', async () => {
    const clock = virtualClock();
    const { stream: link, text } = writtenStream();
    refuse(link, REFUSALS.route, clock);
    link.push('more than was read');
    await settle();
    expect(text()).toBe(responseOf(REFUSALS.route));
    expect([link.writableFinished, link.readableFlowing, link.readableLength]).toEqual([true, true, 0]);
    expect(link.destroyed).toBe(false);
  });

  it('destroys the stream of a peer that does not hang up within a second', async () => {
    const clock = virtualClock();
    const { stream: link } = writtenStream();
    refuse(link, REFUSALS.route, clock);
    await clock.advance(999);
    expect(link.destroyed).toBe(false);
    await clock.advance(1);
    expect(link.destroyed).toBe(true);
    expect(clock.timers).toBe(0);
  });

  it('leaves no timer when the peer hangs up', async () => {
    const clock = virtualClock();
    const { stream: link } = writtenStream();
    refuse(link, REFUSALS.route, clock);
    expect(clock.timers).toBe(1);
    link.destroy();
    await settle();
    expect(clock.timers).toBe(0);
  });

  it('destroys a stream that cannot be written to', () => {
    const clock = virtualClock();
    const { stream: link, text } = writtenStream();
    link.destroy();
    refuse(link, REFUSALS.route, clock);
    expect([link.destroyed, text(), clock.timers]).toEqual([true, '', 0]);
  });

  it('destroys a stream whose last write has failed', async () => {
    const link = new Duplex({
      autoDestroy: false,
      read: () => {},
      write: (_chunk, _encoding, done) => done(new Error('EPIPE')),
    });
    link.on('error', () => {}).write('x');
    await settle();
    expect([link.writable, link.destroyed]).toEqual([false, false]);
    refuse(link, REFUSALS.route, virtualClock());
    expect(link.destroyed).toBe(true);
  });

  it('answers once, however often it is asked to', async () => {
    const clock = virtualClock();
    const { stream: link, text } = writtenStream();
    refuse(link, REFUSALS.malformed, clock);
    refuse(link, REFUSALS.route, clock);
    await settle();
    expect([text(), link.destroyed, clock.timers]).toEqual([responseOf(REFUSALS.malformed), false, 1]);
  });

  it('H1: listens once to a stream that is lost, however often it is asked to', () => {
    const { stream: link } = writtenStream();
    const before = link.listenerCount('error');
    link.destroy();
    for (let request = 0; request < 20; request += 1) refuse(link, REFUSALS.route, virtualClock());
    expect(link.listenerCount('error')).toBe(before + 1);
  });

  it('survives a reset', async () => {
    const clock = virtualClock();
    const { stream: link } = writtenStream();
    refuse(link, REFUSALS.route, clock);
    link.destroy(new Error('ECONNRESET'));
    await settle();
    expect(link.destroyed).toBe(true);
  });
});

describe('refuse with the Response of a hook', () => {
  /** What is written for a response. */
  async function answered(response: Response): Promise<string> {
    const { stream, text } = writtenStream();
    const body = Buffer.from(await response.arrayBuffer());
    refuse(stream, { response, body }, virtualClock());
    await settle();
    return text();
  }

  it('writes status, headers and body, with its length', async () => {
    const response = new Response('grün', { status: 403, headers: { 'X-Why': 'no', Upgrade: 'h2c' } });
    expect(await answered(response)).toBe(
      [
        'HTTP/1.1 403 Forbidden',
        'content-type: text/plain;charset=UTF-8',
        'x-why: no',
        'Connection: close',
        'Content-Length: 5',
        '',
        Buffer.from('grün').toString('latin1'),
      ].join('\r\n'),
    );
  });

  it('redirects', async () => {
    const text = await answered(Response.redirect('https://localhost/login', 302));
    expect(text).toContain('HTTP/1.1 302 Found\r\nlocation: https://localhost/login\r\n');
  });

  it('has no reason phrase for a status that HTTP does not name', async () => {
    expect(await answered(new Response(null, { status: 299 }))).toMatch(/^HTTP\/1\.1 299 \r\n/);
  });

  it('gives no length for a status that never has a body', async () => {
    const text = await answered(new Response(null, { status: 204 }));
    expect(text).toBe('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n');
  });
});

describe('refusalForClientError', () => {
  it.each([
    ['headers that are too long', { code: 'HPE_HEADER_OVERFLOW' }, REFUSALS.headers],
    ['H1: a request that is too slow', { code: 'ERR_HTTP_REQUEST_TIMEOUT' }, REFUSALS.tooLate],
    ['anything else that the parser objects to', { code: 'HPE_INVALID_METHOD' }, REFUSALS.malformed],
    ['an error without a code', {}, REFUSALS.malformed],
  ])('answers %s', (_, properties, refusal) => {
    expect(refusalForClientError(Object.assign(new Error('from node'), properties))).toBe(refusal);
  });
});

describe('REFUSALS', () => {
  it('has the status and the headers that each answer needs', () => {
    const answers = Object.entries<Refusal>(REFUSALS).map(([name, { status, headers }]) => [
      name,
      status,
      headers,
    ]);
    const toUpgrade = { Connection: 'close, Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' };
    expect(answers).toEqual([
      ['httpVersion', 505, undefined],
      ['headers', 431, undefined],
      ['host', 400, undefined],
      ['method', 405, { Allow: 'GET' }],
      ['body', 400, undefined],
      ['upgrade', 400, undefined],
      ['target', 400, undefined],
      ['forwarded', 400, undefined],
      ['origin', 403, undefined],
      ['forbidden', 403, undefined],
      ['route', 404, undefined],
      ['version', 426, toUpgrade],
      ['key', 400, undefined],
      ['protocol', 400, undefined],
      ['extensions', 400, undefined],
      ['closing', 503, { 'Retry-After': '5' }],
      ['brokerDown', 503, { 'Retry-After': '5' }],
      ['full', 503, { 'Retry-After': '5' }],
      ['unadmitted', 503, { 'Retry-After': '5' }],
      ['tooMany', 429, { 'Retry-After': '5' }],
      ['plainRequest', 426, toUpgrade],
      ['malformed', 400, undefined],
      ['expired', 401, { 'WWW-Authenticate': 'Bearer error="invalid_token"' }],
      ['tooLate', 408, undefined],
      ['failed', 500, undefined],
      ['unavailable', 503, { 'Retry-After': '5' }],
    ]);
  });
});
