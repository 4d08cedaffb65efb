// Pages in a real browser that open a socket to a host with their visitor's session: which get in.
// What a browser sends as Origin is its own choice, so that nothing here writes a header.

import { attach } from 'corosock';
import type { Handshake, Host, HostOptions } from 'corosock';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isThere, launchChromium, reason } from '../fixtures/chromium.ts';
import { listen } from '../fixtures/listening-server.ts';

if (reason !== '') process.stderr.write(`Origins were not tried in a browser${reason}.\n`);

const secret = 'a secret of at least 32 bytes, as it should be';

describe.skipIf(!isThere)(`a page in a browser${reason}`, { timeout: 30_000 }, () => {
  let browser: Browser;
  let page: Page;
  /** The http server with our host, and that of another site. A cookie does not know the port. */
  let ours: Awaited<ReturnType<typeof listen>>;
  let theirs: Awaited<ReturnType<typeof listen>>;
  let host: Host | undefined;
  /** What the hook has seen of each handshake: the Origin, and the session. */
  let seen: Array<readonly [origin: string | undefined, sessionId: string | undefined]> = [];

  beforeAll(async () => {
    [ours, theirs] = await Promise.all([
      listen((_, response) => response.end('<!doctype html><title>ours</title>')),
      listen(({ url }, response) => {
        // A page in a sandbox has the origin `null`.
        if (url === '/sandbox') response.setHeader('Content-Security-Policy', 'sandbox allow-scripts');
        response.end('<!doctype html><title>theirs</title>');
      }),
    ]);
    browser = await launchChromium();
  }, 60_000);
  beforeEach(async () => {
    seen = [];
    page = await browser.newPage();
  });
  afterEach(async () => {
    await page.close();
    await host?.close({ graceMs: 0 });
  });
  afterAll(async () => {
    await browser.close();
    await Promise.all([ours, theirs].map((site) => site[Symbol.asyncDispose]()));
  });

  function serveWith(options: HostOptions = {}): void {
    const server = {
      onPreServer: ({ request, sessionId }: Handshake) => void seen.push([request.headers.origin, sessionId]),
      server: async (ws: { readonly closed: Promise<unknown> }) => void (await ws.closed),
    };
    host = attach(ours.server, server, { sessions: { secret }, report: () => {}, ...options });
  }

  /** Opens a page, and from it a socket. @returns 'open', or the code of its close. */
  async function socketFrom(pageUrl: string, hostname = '127.0.0.1'): Promise<unknown> {
    await page.goto(pageUrl);
    return page.evaluate(
      (url) =>
        new Promise((resolve) => {
          const ws = new WebSocket(url);
          ws.addEventListener('open', () => resolve('open'));
          ws.addEventListener('close', ({ code }) => resolve(code));
        }),
      `ws://${hostname}:${ours.port}/`,
    );
  }

  it('H5: of the own host gets in by default', async () => {
    serveWith();
    const own = `http://127.0.0.1:${ours.port}`;
    expect([await socketFrom(own), seen.map(([origin]) => origin)]).toEqual(['open', [own]]);
  });

  it('H5: of the own host gets in, whatever letters its name has', async () => {
    serveWith();
    const own = `http://b\u00fccher.localhost:${ours.port}`;
    expect(await socketFrom(own, 'b\u00fccher.localhost')).toBe('open');
    expect(seen.map(([origin]) => origin)).toEqual([`http://xn--bcher-kva.localhost:${ours.port}`]);
  });

  it('H5: of another site gets no session of its visitor, and reaches no hook', async () => {
    serveWith();
    expect(await socketFrom(`http://127.0.0.1:${ours.port}`)).toBe('open');
    const foreign = [
      `http://127.0.0.1:${theirs.port}`,
      `http://localhost:${ours.port}`,
      `http://localhost:${theirs.port}`,
      `http://127.0.0.1:${theirs.port}/sandbox`,
    ];
    for (const url of foreign) expect(await socketFrom(url)).toBe(1006);
    expect(seen).toHaveLength(1);
  });

  it("C3: of another site has the session of its visitor with origins: 'any'", async () => {
    serveWith({ origins: 'any' });
    await socketFrom(`http://127.0.0.1:${ours.port}`);
    expect(await socketFrom(`http://127.0.0.1:${theirs.port}`)).toBe('open');
    expect(new Set(seen.map(([, sessionId]) => sessionId)).size).toBe(1);
  });

  it('H5: of a site on the list gets in, and one of no other', async () => {
    const listed = `http://127.0.0.1:${theirs.port}`;
    serveWith({ origins: [listed, /http:\/\/\w+\.localhost:\d+/] });
    expect(await socketFrom(listed)).toBe('open');
    expect(await socketFrom(`http://a.localhost:${theirs.port}`)).toBe('open');
    expect(await socketFrom(`http://a.b.localhost:${theirs.port}`)).toBe(1006);
    expect(await socketFrom(`http://127.0.0.1:${ours.port}`)).toBe(1006);
  });

  it('H5: of no origin gets in where a function lets it', async () => {
    serveWith({ origins: (origin) => origin === 'null' });
    expect(await socketFrom(`http://127.0.0.1:${theirs.port}/sandbox`)).toBe('open');
  });
});
