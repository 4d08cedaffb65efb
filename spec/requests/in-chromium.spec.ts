// `requests` in a page: both ends ask, and the page hears of the errors of its handlers.

import { attach, requests } from 'corosock';
import type { RequestError, ServerSocket } from 'corosock';
import { expect, it } from 'vitest';
import { bundleClient } from '../fixtures/browser-bundle.ts';
import { isThere, launchChromium, reason } from '../fixtures/chromium.ts';
import { listen } from '../fixtures/listening-server.ts';

/** What the bundle sets in the page. */
declare const corosock: typeof import('corosock/client');
/** Of the page. */
declare const addEventListener: (
  name: 'error',
  listener: (event: { readonly error: Error; preventDefault(): void }) => void,
) => void;

async function library(ws: ServerSocket): Promise<void> {
  const rpc = requests(ws, {
    handlers: {
      add: ([a, b]: readonly [number, number]) => a + b,
      greet: async () => `Hello, ${(await rpc.request('name'))[0] as string}`,
      provoke: async () => rpc.request('bad').catch((error: RequestError) => error.code),
    },
  });
  await rpc.closed;
}

/** Runs in the page. */
async function visit(url: string): Promise<readonly unknown[]> {
  const ws = await corosock.connect(url);
  const bad = (): never => {
    throw new Error('of a handler');
  };
  const rpc = corosock.requests(ws, { handlers: { name: () => 'page', bad } });
  const errors: unknown[] = [];
  addEventListener('error', (event) => {
    errors.push(event.error.message);
    event.preventDefault();
  });
  const answers: unknown[] = [await rpc.request('add', [1, 2]), await rpc.request('greet')];
  answers.push(await rpc.request('provoke'), errors);
  await ws.close();
  return [...answers, (await rpc.closed).code, await rpc.request('add')];
}

it.skipIf(!isThere)(`requests run in a browser${reason}`, { timeout: 60_000 }, async () => {
  const { script } = await bundleClient(`export { connect, requests } from 'corosock/client';`);
  await using http = await listen((_, response) => response.end('<!doctype html><title>a page</title>'));
  await using host = attach(http.server, library);
  await using browser = await launchChromium();
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${http.port}/`);
  await page.addScriptTag({ content: script });
  expect(host.ready).toBe(true);
  expect(await page.evaluate(visit, `ws://127.0.0.1:${http.port}/`)).toEqual([
    [3, 'ok'],
    ['Hello, page', 'ok'],
    [-32_603, 'ok'],
    ['of a handler'],
    1000,
    [undefined, 'closed'],
  ]);
});
