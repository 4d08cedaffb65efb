// The client of browsers, bundled, in headless Chromium, with a host of ours on a port.

import { attach } from 'corosock';
import type { CloseInfo, Host, ServerSocket } from 'corosock';
import type { ClientSocket } from 'corosock/client';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bundleClient } from '../fixtures/browser-bundle.ts';
import { isThere, launchChromium, reason } from '../fixtures/chromium.ts';
import { listen } from '../fixtures/listening-server.ts';

if (reason !== '') process.stderr.write(`The client was not tried in a browser${reason}.\n`);

/** What the bundle sets in the page. */
declare const corosock: typeof import('corosock/client');
/** The document of the page. */
declare const document: EventTarget;
/** What the page keeps between two steps of a spec. */
declare const kept: {
  ws: ClientSocket;
  sockets: AsyncIterableIterator<ClientSocket>;
  retries: unknown[];
  wake: () => Promise<unknown>;
};

/** What a spec and its servers tell each other. */
class Stage {
  readonly ends: CloseInfo[] = [];
  readonly goOn: Promise<void>;
  readonly abandoned: Promise<void>;
  letGoOn = (): void => {};
  abandon = (): void => {};
  visits = 0;

  constructor() {
    this.goOn = new Promise((resolve) => (this.letGoOn = resolve));
    this.abandoned = new Promise((resolve) => (this.abandon = resolve));
  }
}

describe.skipIf(!isThere)(`connect in a browser${reason}`, { timeout: 30_000 }, () => {
  let stage = new Stage();
  let browser: Browser;
  let page: Page;
  let http: Awaited<ReturnType<typeof listen>>;
  let host: Host;
  /** With a slash at its end. */
  let url: string;

  const onPostServer = (_: ServerSocket, end: CloseInfo): void => void stage.ends.push(end);
  const routes = {
    '/echo': {
      server: async (ws: ServerSocket) => {
        for await (const data of ws) await ws.write(data);
      },
      onPostServer,
    },
    '/close': { server: async (ws: ServerSocket) => void (await ws.endServer(4001, 'bye')), onPostServer },
    '/flood': {
      server: async (ws: ServerSocket) => {
        for (let number = 0; number < 200; number += 1) void ws.write(`${number}`);
        await ws.closed;
      },
      onPostServer,
    },
    '/slow': {
      server: async (ws: ServerSocket) => {
        await stage.goOn;
        for await (const data of ws) if (data === 'last') await ws.write('heard the last');
      },
      onPostServer,
    },
    '/refused': { onPreServer: () => new Response('no', { status: 401 }), server: () => {} },
    '/hanging': {
      onPreServer: ({ signal }: { readonly signal: AbortSignal }) => {
        signal.addEventListener('abort', () => stage.abandon());
        return new Promise<Response>(() => {});
      },
      server: () => {},
    },
    '/silent': async (ws: ServerSocket) => {
      stage.visits += 1;
      const isSilent = stage.visits === 1;
      for await (const _ of ws) if (!isSilent) await ws.write('pong');
    },
    '/again': async (ws: ServerSocket) => {
      stage.visits += 1;
      await ws.write(`visit ${stage.visits}`);
      await ws.endServer(stage.visits < 3 ? 1012 : 1003);
    },
  };

  beforeAll(async () => {
    const { script } = await bundleClient();
    http = await listen((_, response) => response.end('<!doctype html><title>a page</title>'));
    host = attach(http.server, routes, { closeTimeoutMs: 2000, protocols: ['chat'], queueMessages: 1 });
    url = `http://127.0.0.1:${http.port}/`;
    browser = await launchChromium();
    page = await browser.newPage();
    await page.goto(url);
    await page.addScriptTag({ content: `${script} const kept = {};` });
  }, 60_000);

  afterAll(async () => {
    await browser.close();
    await host.close({ graceMs: 0 });
    await http[Symbol.asyncDispose]();
  });

  beforeEach(() => {
    stage = new Stage();
  });

  /** Waits for a conversation to end so for the server; those of other specs may end late. */
  const expectServerEnd = (end: Partial<CloseInfo>): Promise<void> =>
    expect.poll(() => stage.ends, { timeout: 10_000 }).toContainEqual(expect.objectContaining(end));

  it('talks, text and binary, in order, and closes', async () => {
    const heard = await page.evaluate(async (url) => {
      const ws = await corosock.connect(`${url}echo`, { protocols: ['chat'] });
      const sent = ['text ü😀', '', 'lone \ud800', new Uint8Array([0, 255]), 'x'.repeat(300_000)];
      for (const data of sent) void ws.write(data);
      ws.binaryData = true;
      void ws.write('as bytes');
      ws.binaryData = false;
      const answers: unknown[] = [ws.protocol, ws.url === `${url}echo`.replace('http', 'ws')];
      for (let count = 0; count < 6; count += 1) {
        const [data] = await ws.readMessage();
        answers.push(data instanceof Uint8Array ? [...data].join() : data);
      }
      return [...answers, await ws.close(4000, 'bye')];
    }, url);
    expect(heard).toEqual([
      'chat',
      true,
      'text ü😀',
      '',
      'lone \ufffd',
      '0,255',
      'x'.repeat(300_000),
      [...new TextEncoder().encode('as bytes')].join(),
      { code: 4000, reason: 'bye', clean: true, by: 'local', unread: 0 },
    ]);
    await expectServerEnd({ code: 4000, reason: 'bye', by: 'peer' });
  });

  it('reads a message in parts, and reads that time out', async () => {
    const heard = await page.evaluate(async (url) => {
      const ws = await corosock.connect(`${url}echo`);
      const answers: unknown[] = [await ws.read(5, 0), await ws.read(5, 1)];
      void ws.write('a😀b');
      answers.push(await ws.read(2), ws.atEnd, await ws.readMessage(), ws.atEnd);
      ws.terminate();
      // Calls that cannot wait let the page have its turn.
      for (let reads = 0; reads < 5; reads += 1) answers.push((await ws.read())[1]);
      return answers;
    }, url);
    expect(heard).toEqual([
      [undefined, 'timeout'],
      [undefined, 'timeout'],
      ['a', 'ok'],
      false,
      ['😀b', 'ok'],
      true,
      ...Array.from({ length: 5 }, () => 'closed'),
    ]);
  });

  it("reports the server's close", async () => {
    const heard = await page.evaluate(async (url) => {
      const ws = await corosock.connect(`${url}close`);
      const aborted = ws.signal.aborted;
      return [await ws.read(), await ws.closed, aborted, ws.signal.aborted];
    }, url);
    const end = { code: 4001, reason: 'bye', clean: true, by: 'peer', unread: 0 };
    expect(heard).toEqual([[undefined, 'closed'], end, false, true]);
    await expectServerEnd({ code: 4001, clean: true, by: 'local' });
  });

  it('closes with 1008 when the queue is full; the queue can still be read, and the server gets 4008', async () => {
    const heard = await page.evaluate(async (url) => {
      const ws = await corosock.connect(`${url}flood`, { queueMessages: 4 });
      const end = await ws.closed;
      const numbers: unknown[] = [];
      for (let read = await ws.read(); read[1] === 'ok'; read = await ws.read()) numbers.push(read[0]);
      return [end.code, end.by, end.clean, numbers];
    }, url);
    expect(heard).toEqual([1008, 'limit', false, ['0', '1', '2', '3', '4']]);
    await expectServerEnd({ code: 4008, by: 'peer' });
  });

  it('closes with 1009 for a message above the limit, and the server gets 4009', async () => {
    const end = await page.evaluate(async (url) => {
      const ws = await corosock.connect(`${url}echo`, { maxMessageBytes: 10 });
      void ws.write('ü'.repeat(6));
      const { code, by, clean } = await ws.closed;
      return [code, by, clean];
    }, url);
    expect(end).toEqual([1009, 'limit', false]);
    await expectServerEnd({ code: 4009, by: 'peer' });
  });

  it('lets writes wait for a server that does not read, and continues when it reads', async () => {
    const accepted = await page.evaluate(async (url) => {
      const ws = await corosock.connect(`${url}slow`);
      kept.ws = ws;
      const chunk = new Uint8Array(65_536);
      let count = 0;
      while ((await ws.write(chunk, { timeoutMs: 100 })) === 'ok') count += 1;
      return count;
    }, url);
    expect(accepted).toBeGreaterThan(1);
    stage.letGoOn();
    const heard = await page.evaluate(async () => {
      const { ws } = kept;
      const status = await ws.write('last');
      const answer = await ws.read();
      return [status, answer, ws.bufferedBytes, (await ws.close()).clean];
    });
    expect(heard).toEqual(['ok', ['heard the last', 'ok'], 0, true]);
  });

  it('refuses a close code that a page may not send, and stays open', async () => {
    const heard = await page.evaluate(async (url) => {
      const ws = await corosock.connect(`${url}echo`);
      const codes = await Promise.all(
        [1001, 1008, 1011].map((code) => ws.close(code).catch((error: { code: string }) => error.code)),
      );
      const { closeInfo } = ws;
      return [codes, closeInfo === undefined, (await ws.close(3000)).clean];
    }, url);
    expect(heard).toEqual([Array.from({ length: 3 }, () => 'COROSOCK_CLOSE_CODE'), true, true]);
  });

  it.each(['refused', 'nowhere'])(
    'rejects without a status for a handshake that is refused: /%s',
    async (path) => {
      const heard = await page.evaluate(async (target) => {
        const error = await corosock.connect(target).catch((reason: unknown) => reason);
        return error instanceof corosock.ConnectError ? [error.code, error.status, error.message] : error;
      }, `${url}${path}`);
      expect(heard).toEqual([
        'COROSOCK_CONNECT',
        undefined,
        'The handshake failed: the server refused or did not answer; a browser does not tell which',
      ]);
    },
  );

  it.each([
    ['its time is up', { timeoutMs: 1 }, 'The handshake failed: no answer within 1 ms'],
    ['it is told to', {}, 'no more'],
  ])('gives a handshake up when %s, and leaves no socket', async (_, options, message) => {
    const heard = await page.evaluate(
      async ([target, given]) => {
        const controller = new AbortController();
        const opening = corosock.connect(target, { ...given, signal: controller.signal });
        if (given.timeoutMs === undefined) setTimeout(() => controller.abort(new Error('no more')), 50);
        return opening.catch((error: Error) => error.message);
      },
      [`${url}hanging`, options as { readonly timeoutMs?: number }] as const,
    );
    expect(heard).toBe(message);
    if (message === 'no more') await stage.abandoned;
  });

  it('refuses options that a page cannot have', async () => {
    const heard = await page.evaluate(
      async (url) =>
        Promise.all(
          [{ headers: {} }, { compression: true }].map((options) =>
            corosock.connect(`${url}echo`, options).catch((error: { code: string }) => error.code),
          ),
        ),
      url,
    );
    expect(heard).toEqual(['COROSOCK_ARGUMENT', 'COROSOCK_ARGUMENT']);
  });

  it('selects from sockets, a channel, a timer and a signal', async () => {
    const heard = await page.evaluate(async (url) => {
      const [one, two] = [await corosock.connect(`${url}echo`), await corosock.connect(`${url}echo`)];
      const news = corosock.channel<string>({ capacity: 1, whenFull: 'drop-oldest' });
      const tick = corosock.every(5);
      const over = new AbortController();
      void two.write('from two');
      const taken: unknown[] = [await corosock.select({ one, two, news })];
      for (const item of ['old', 'new']) void news.put(item);
      taken.push(await corosock.select({ one, two, news }), (await corosock.select({ one, tick }))[0]);
      taken.push(await corosock.select({ one, news }, { timeoutMs: 1 }));
      over.abort('enough');
      taken.push(await corosock.select({ one, over: over.signal }));
      void one.close();
      taken.push(await corosock.select({ one, two }));
      await two.close();
      return taken;
    }, url);
    expect(heard).toEqual([
      ['two', ['from two', 'ok']],
      ['news', ['new', 'ok']],
      'tick',
      ['timeout', undefined],
      ['over', 'enough'],
      ['one', [undefined, 'closed']],
    ]);
  });

  it('connects again until a close that is final', async () => {
    const heard = await page.evaluate(async (url) => {
      const answers: unknown[] = [];
      try {
        for await (const ws of corosock.connect.each(() => `${url}again`, { minDelayMs: 1, maxDelayMs: 1 })) {
          for (let read = await ws.read(); read[1] === 'ok'; read = await ws.read()) answers.push(read[0]);
        }
      } catch (error) {
        if (error instanceof corosock.ConnectionLostError) answers.push(error.closeInfo.code);
      }
      return answers;
    }, url);
    expect(heard).toEqual(['visit 1', 'visit 2', 'visit 3', 1003]);
  });

  /** Makes the machine of the page lose its network, and find it again. */
  async function goOnlineAgain(): Promise<void> {
    await page.context().setOffline(true);
    await page.context().setOffline(false);
  }

  it('tries at once when the machine is online again, though the wait were endless', async () => {
    await page.evaluate((url) => {
      // Its time stands still: only what is due at once happens.
      const clock = {
        now: () => 0,
        setTimeout: (run: () => void, ms: number) => (ms <= 1 ? setTimeout(run, ms) : undefined),
        clearTimeout: (timer: number | undefined) => clearTimeout(timer),
        setImmediate: (run: () => void) => setTimeout(run, 0),
      };
      const retries: unknown[] = [];
      const options = {
        clock,
        minDelayMs: 1,
        maxDelayMs: 600_000,
        onRetry: (_: unknown, ms: number) => retries.push(ms),
      };
      const sockets = corosock.connect.each(`${url}again`, options);
      Object.assign(kept, { sockets, retries });
    }, url);
    const next = page.evaluate(async () => {
      const { sockets } = kept;
      await sockets.next();
      await ((await sockets.next()).value as ClientSocket).close();
      return kept.retries;
    });
    await expect.poll(() => page.evaluate(() => kept.retries.length), { timeout: 10_000 }).toBe(1);
    await goOnlineAgain();
    expect(await next).toHaveLength(1);
    await page.evaluate(() => kept.sockets.return?.());
  });

  it('probes an open link when it wakes: a silent one ends, and one that answers stays', async () => {
    const ready = page.evaluate(async (url) => {
      // The 5 s of the probe are 300 ms here.
      const clock = {
        now: () => performance.now(),
        setTimeout: (run: () => void, ms: number) => setTimeout(run, ms === 5000 ? 300 : ms),
        clearTimeout: (timer: number) => clearTimeout(timer),
        setImmediate: (run: () => void) => setTimeout(run, 0),
      };
      let probes = 0;
      const probe = (ws: ClientSocket): unknown => {
        probes += 1;
        return ws.write('ping');
      };
      const sockets = corosock.connect.each(`${url}silent`, { clock, probe, minDelayMs: 1, maxDelayMs: 1 });
      const ends: unknown[] = [];
      const wake = (): unknown => document.dispatchEvent(new Event('visibilitychange'));
      const nextSocket = async (): Promise<ClientSocket> => (await sockets.next()).value as ClientSocket;
      const first = await nextSocket();
      kept.wake = async () => {
        const { code, by } = await first.closed;
        ends.push([code, by, probes]);
        const next = await nextSocket();
        wake();
        ends.push([await next.readMessage(), probes]);
        await new Promise((resolve) => setTimeout(resolve, 600));
        ends.push(next.closeInfo);
        await sockets.return?.();
        return ends;
      };
    }, url);
    await ready;
    await goOnlineAgain();
    const heard = await page.evaluate(() => kept.wake());
    expect(heard).toEqual([[1006, 'heartbeat', 1], [['pong', 'ok'], 2], undefined]);
  });
});
