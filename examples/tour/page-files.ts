// The files that the tour's page is made of, over HTTP. They are listed one by
// one, so no request can name another; they are read at each request, so the
// handlers shown are the handlers' own source. WebSockets are not met here.

import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';

const HTML = 'text/html; charset=utf-8';
const CSS = 'text/css; charset=utf-8';
const SCRIPT = 'text/javascript; charset=utf-8';
const TEXT = 'text/plain; charset=utf-8';
const SVG = 'image/svg+xml';

/** By request target: where in this example's folder, and of what kind. */
const FILES: ReadonlyMap<string, readonly [file: string, type: string]> = new Map([
  ['/', ['page/index.html', HTML]],
  ['/style.css', ['page/style.css', CSS]],
  ['/icon.svg', ['page/icon.svg', SVG]],
  ['/page.js', ['page/page.js', SCRIPT]],
  ['/tabs.js', ['page/tabs.js', SCRIPT]],
  ['/stage.js', ['page/stage.js', SCRIPT]],
  ['/visit.js', ['page/visit.js', SCRIPT]],
  ['/in-order.js', ['page/in-order.js', SCRIPT]],
  ['/transcript.js', ['page/transcript.js', SCRIPT]],
  ['/wait-strip.js', ['page/wait-strip.js', SCRIPT]],
  ['/source-view.js', ['page/source-view.js', SCRIPT]],
  ['/handlers/echo.ts', ['handlers/echo.ts', TEXT]],
  ['/handlers/guess-the-number.ts', ['handlers/guess-the-number.ts', TEXT]],
  ['/handlers/quiz.ts', ['handlers/quiz.ts', TEXT]],
]);

/** Nothing but our own files and sockets; no inline script or style. */
const HEADERS = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; '),
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-cache',
} as const;

/** The same from this source and from what it is compiled to. */
const FOLDER = new URL('../../examples/tour/', import.meta.url);

/** Answers one request: a file of the page, 404, or 405. */
export async function answerPageRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [path] = (request.url ?? '').split('?', 1);
  const found = FILES.get(path ?? '');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return answer(response, 405, TEXT, 'The tour is only read: GET or HEAD.\n', { Allow: 'GET, HEAD' });
  }
  if (found === undefined) return answer(response, 404, TEXT, 'There is nothing here. The tour is at /.\n');
  const [file, type] = found;
  try {
    answer(response, 200, type, await readFile(new URL(file, FOLDER)));
  } catch {
    answer(response, 500, TEXT, `${file} cannot be read.\n`);
  }
}

function answer(
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, {
    ...HEADERS,
    ...headers,
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(body);
}
