// The page over HTTP, as a browser asks for it and as others might.

import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTour } from '../../../examples/tour/tour.ts';
import type { Tour } from '../../../examples/tour/tour.ts';

let tour: Tour;

beforeAll(async () => {
  tour = await openTour(0);
});

afterAll(() => tour.close());

describe('the page', () => {
  it.each([
    ['/', 'text/html; charset=utf-8', 'page/index.html'],
    ['/?from=readme', 'text/html; charset=utf-8', 'page/index.html'],
    ['/style.css', 'text/css; charset=utf-8', 'page/style.css'],
    ['/page.js', 'text/javascript; charset=utf-8', 'page/page.js'],
    ['/icon.svg', 'image/svg+xml', 'page/icon.svg'],
    ['/handlers/echo.ts', 'text/plain; charset=utf-8', 'handlers/echo.ts'],
    ['/handlers/guess-the-number.ts', 'text/plain; charset=utf-8', 'handlers/guess-the-number.ts'],
    ['/handlers/quiz.ts', 'text/plain; charset=utf-8', 'handlers/quiz.ts'],
  ])('is served from its source: %s', async (target, type, file) => {
    const answer = await ask(target);
    expect([answer.status, answer.headers['content-type'], answer.body]).toEqual([200, type, source(file)]);
  });

  it.each(['/', '/page.js', '/nowhere'])(
    'allows its own scripts, styles and sockets only: %s',
    async (target) => {
      const { headers } = await ask(target);
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      });
      expect(String(headers['content-security-policy']).split('; ').toSorted()).toEqual([
        "base-uri 'none'",
        "connect-src 'self'",
        "default-src 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "img-src 'self'",
        "require-trusted-types-for 'script'",
        "script-src 'self'",
        "style-src 'self'",
      ]);
    },
  );

  it('has no script or style of its own in its HTML', () => {
    expect(source('page/index.html')).not.toMatch(
      /<style|style=|\son\w+=|javascript:|<script(?![^>]*\ssrc=)/,
    );
  });

  it.each([
    '/server.ts',
    '/page/index.html',
    '/handlers/',
    '/handlers/../server.ts',
    '/handlers/%2e%2e/server.ts',
    '//',
    '/%ff',
    '/__proto__',
    '*',
  ])('has nothing else: %s', async (target) => {
    const answer = await ask(target);
    expect([answer.status, answer.body]).toEqual([404, 'There is nothing here. The tour is at /.\n']);
  });

  it('is only read', async () => {
    const answer = await ask('/', 'POST');
    expect([answer.status, answer.headers['allow']]).toEqual([405, 'GET, HEAD']);
  });

  it('answers HEAD without a body', async () => {
    const answer = await ask('/', 'HEAD');
    expect([answer.status, answer.body]).toEqual([200, '']);
    expect(Number(answer.headers['content-length'])).toBe(Buffer.byteLength(source('page/index.html')));
  });
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

/** Sends the target as it stands, which `fetch` does not. */
function ask(target: string, method = 'GET'): Promise<Answer> {
  const { port } = new URL(tour.url);
  return new Promise((resolve, reject) => {
    const asking = request({ host: '127.0.0.1', port, path: target, method, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
    });
    asking.on('error', reject).end();
  });
}

function source(file: string): string {
  return readFileSync(new URL(`../../../examples/tour/${file}`, import.meta.url), 'utf8');
}
