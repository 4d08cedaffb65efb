// Options of one route: checked as those of a host, real for its sockets, and for no other route.

import { serve, UsageError } from 'corosock';
import type { HostOptions, RouteOptions, RouteWithOptions, ServeOptions, ServerSocket } from 'corosock';
import { connect } from 'corosock/client';
import { runServer, settle, virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { open } from './limited-host.ts';
import { frame, OPCODE, textFrame } from '../peers/frames.ts';
import { connectRaw, openRaw, upgradeRequest } from '../peers/raw-client.ts';
import { HandlerMistakes } from '../../src/server/handler-mistakes.ts';
import { HostWaits } from '../../src/server/host-waits.ts';
import { settingsOf } from '../../src/server/host-options.ts';
import { HostTerms, ROUTE_OPTIONS } from '../../src/server/route-terms.ts';
import { RouteTable } from '../../src/server/routes.ts';

const untilClosed = async (ws: ServerSocket): Promise<void> => void (await ws.closed);

const echo = async (ws: ServerSocket): Promise<void> => {
  for await (const data of ws) await ws.write(data);
};

/** A host with a route that has options, and the same without. */
function pair(
  serveIt: (ws: ServerSocket) => Promise<void>,
  options: RouteOptions,
): Readonly<Record<'/own' | '/host', RouteWithOptions | typeof serveIt>> {
  return { '/own': { serve: serveIt, options }, '/host': serveIt };
}

function termsOf(options: RouteOptions, host: HostOptions = {}): HostTerms {
  const settings = settingsOf('spec', host);
  const mistakes = new HandlerMistakes(new HostWaits(settings), settings);
  return new HostTerms(new RouteTable(pair(untilClosed, options)), settings, mistakes);
}

/** How a host refuses options of a route. */
function refused(options: unknown): unknown {
  try {
    return termsOf(options as RouteOptions);
  } catch (error) {
    return error instanceof UsageError && [error.code, error.message];
  }
}

describe('the options of a route', () => {
  it('stand in the place of the host’s, where they are given', () => {
    const terms = termsOf({ queueMessages: 3, queueBytes: undefined as never }, { queueBytes: 1000 });
    const { settings } = terms.of('/own');
    expect([settings.queueMessages, settings.queueBytes]).toEqual([3, 1000]);
    expect(terms.of('/host')).toBe(terms.host);
    expect(terms.of(undefined)).toBe(terms.host);
    expect(terms.host.settings.queueMessages).toBe(64);
  });

  it('share with the host what belongs to all sockets', () => {
    const terms = termsOf({ queueMessages: 3 });
    const [own, host] = [terms.of('/own'), terms.host];
    const shared = ['deadlines', 'budget', 'selects', 'peerFaults', 'report', 'clock'] as const;
    for (const name of shared) expect(own.settings[name]).toBe(host.settings[name]);
    expect(own.runSettings.pool).toBe(host.runSettings.pool);
  });

  it.each(Object.keys(ROUTE_OPTIONS))('C1: are refused as those of a host, with the route: %s', (name) => {
    expect(refused({ [name]: 'nonsense' })).toEqual([
      'COROSOCK_ARGUMENT',
      expect.stringMatching(
        new RegExp(`^routes\\['/own'\\]\\.options: expected ${name}.* got "nonsense"$`, 'u'),
      ),
    ]);
  });

  it.each([
    [{ queueMessages: 0 }, /options: expected queueMessages to be an integer from 1 to .*, got 0$/],
    [{ maxMessageBytes: Infinity }, /options: expected maxMessageBytes to be an integer from 1 to /],
    [{ heartbeat: { intervalMs: 0, timeoutMs: 1 } }, /options: expected heartbeat\.intervalMs to be /],
    [{ compression: { thresholdBytes: 0 } }, /options: expected compression\.thresholdBytes to be /],
    [{ rate: {} }, /options: expected rate to have messages or bytes, got an object$/],
    [{ maxSockets: 3 }, /options: unknown option "maxSockets"\. The options are maxMessageBytes, /],
    [{ port: 80 }, /options: unknown option "port"\. The options are maxMessageBytes, /],
    [7, /^routes\['\/own'\]\.options: expected an object, got 7$/],
    [null, /^routes\['\/own'\]\.options: expected an object, got null$/],
  ])('C1, C2: are refused: %j', (options, message) => {
    expect(refused(options)).toEqual(['COROSOCK_ARGUMENT', expect.stringMatching(message)]);
  });

  it.each<[string, unknown, string]>([
    ['no server', { serve: 1, options: {} }, `routes['/a'].serve: expected a function, an object`],
    ['no options', { serve: untilClosed }, `routes['/a'].options: expected an object, got undefined`],
    [
      'more',
      { serve: untilClosed, options: {}, port: 1 },
      `routes['/a']: expected only serve and options, got "port"`,
    ],
  ])('are refused with %s', async (_, route, message) => {
    await expect(serve({ '/a': route as RouteWithOptions })).rejects.toThrow(message);
  });

  it('may be those of a lone server', async () => {
    await using run = runServer({ serve: echo, options: { maxMessageBytes: 5 } }, { report: () => {} });
    const client = await run.client;
    await client.write('too long');
    expect(await client.closed).toMatchObject({ code: 1009 });
    expect(() => runServer({ serve: echo, options: { maxMessageBytes: 0 } })).toThrow(
      'options: expected maxMessageBytes',
    );
  });
});

describe('an option of a route is real for its sockets, and for no other route', () => {
  it.each<[string, ServeOptions]>([
    ['on the short way', {}],
    ['on that of ws', { protocols: ['a'] }],
  ])('maxMessageBytes, %s', async (_, options) => {
    const sizes = { maxMessageBytes: 5 };
    await using host = await serve(pair(echo, sizes), { ...options, maxMessageBytes: 10, report: () => {} });
    for (const [path, text, code] of [
      ['/own', '123456', 1009],
      ['/own', '12345', 1000],
      ['/host', '12345678901', 1009],
      ['/host', '123456', 1000],
    ] as const) {
      const client = await connect(host.url + path, options);
      await client.write(text);
      const [heard] = await client.read();
      expect([path, heard, (await client.close()).code]).toEqual([
        path,
        code === 1000 ? text : undefined,
        code,
      ]);
    }
  });

  it('compression', async () => {
    await using host = await serve(pair(echo, { compression: true }));
    const headers = { 'Sec-WebSocket-Extensions': 'permessage-deflate' };
    const agreed: unknown[] = [];
    for (const path of ['/own', '/host']) {
      using client = await connectRaw(host.port);
      await client.send(upgradeRequest({ requestLine: `GET ${path} HTTP/1.1`, headers }));
      agreed.push((await client.answer()).headers['sec-websocket-extensions'] !== undefined);
    }
    await using off = await serve(pair(echo, { compression: false }), { compression: true });
    using client = await connectRaw(off.port);
    await client.send(upgradeRequest({ requestLine: 'GET /own HTTP/1.1', headers }));
    agreed.push((await client.answer()).headers['sec-websocket-extensions'] !== undefined);
    expect(agreed).toEqual([true, false, false]);
  });

  it('heartbeat', async () => {
    const clock = virtualClock();
    const times = { intervalMs: 1000, timeoutMs: 1000 };
    await using host = await serve(pair(untilClosed, { heartbeat: times }), { clock, heartbeat: false });
    using own = await openRaw(host.port, { requestLine: 'GET /own HTTP/1.1' });
    using other = await openRaw(host.port, { requestLine: 'GET /host HTTP/1.1' });
    await clock.advance(1000);
    expect((await own.nextFrame()).opcode).toBe(OPCODE.ping);
    expect(other.unreadBytes).toBe(0);
  });

  it('messageTimeoutMs', async () => {
    const clock = virtualClock();
    const options = { clock, heartbeat: false, report: () => {} } as const;
    await using host = await serve(pair(echo, { messageTimeoutMs: 1000 }), options);
    const half = frame({ opcode: OPCODE.text, fin: false, payload: 'half' });
    using own = await openRaw(host.port, { requestLine: 'GET /own HTTP/1.1' });
    using other = await openRaw(host.port, { requestLine: 'GET /host HTTP/1.1' });
    for (const client of [own, other]) {
      await client.send(Buffer.concat([textFrame('whole'), half]));
      expect(await client.nextText()).toBe('whole');
    }
    await clock.advance(1000);
    expect(await own.untilCloseFrame()).toMatchObject({ code: 1008 });
    expect(other.end).toBeUndefined();
  });

  it('rate', async () => {
    const rate = { messages: { count: 1, perMs: 60_000 }, over: 'close' } as const;
    await using host = await serve(pair(echo, { rate }), { report: () => {} });
    using own = await openRaw(host.port, { requestLine: 'GET /own HTTP/1.1' });
    using other = await openRaw(host.port, { requestLine: 'GET /host HTTP/1.1' });
    for (const client of [own, other]) await client.send(Buffer.concat([textFrame('1'), textFrame('2')]));
    expect(await own.untilCloseFrame()).toMatchObject({ code: 1008 });
    expect([await other.nextText(), await other.nextText()]).toEqual(['1', '2']);
  });

  it('origins', async () => {
    const house = open(pair(untilClosed, { origins: ['https://partner.example'] }));
    const status = async (path: string, Origin: string): Promise<number> =>
      (await house.status({ path, headers: { Origin } }))[0];
    expect([
      await status('/own', 'https://partner.example'),
      await status('/own', 'http://127.0.0.1'),
      await status('/host', 'https://partner.example'),
      await status('/host', 'http://127.0.0.1'),
      await status('/none', 'https://partner.example'),
    ]).toEqual([101, 403, 403, 101, 403]);
  });

  it('origins of any page, which are reported where a cookie opens a session', () => {
    const reports: unknown[] = [];
    const report: HostOptions['report'] = (error, where) => reports.push(String(error), where.phase);
    termsOf({ origins: 'any' }, { sessions: { secret: 's'.repeat(32) }, report });
    termsOf({ origins: 'any' }, { report });
    expect(reports).toEqual([
      `UsageError: routes['/own'].options: expected origins to be checked where a cookie opens a session, got 'any'`,
      'options',
    ]);
  });

  it('queueMessages and queueBytes', async () => {
    for (const options of [{ queueMessages: 1 }, { queueBytes: 1 }]) {
      const queued: number[] = [];
      const held = async (ws: ServerSocket): Promise<void> => {
        await settle();
        queued.push(ws.queued.messages);
      };
      for (const route of [{ serve: held, options }, held]) {
        await using run = runServer(route);
        const client = await run.client;
        for (let message = 0; message < 3; message += 1) void client.write('abc');
        await run.done;
      }
      expect(queued).toEqual([1, 3]);
    }
  });

  it('writeBufferBytes', async () => {
    const counts: number[] = [];
    const push = async (ws: ServerSocket): Promise<void> => {
      const text = 'x'.repeat(100_000);
      let count = 0;
      while (count < 50 && (await ws.write(text, { timeoutMs: 0 })) === 'ok') count += 1;
      counts.push(count);
    };
    for (const route of [{ serve: push, options: { writeBufferBytes: 1_000_000 } }, push]) {
      await using run = runServer(route, { clock: virtualClock() });
      await run.client;
      await settle();
    }
    const [own = 0, host = 0] = counts;
    expect(own - host).toBeGreaterThanOrEqual(9);
  });

  it('closeTimeoutMs, for which a shut-down waits, too', async () => {
    const reports: unknown[] = [];
    const report: HostOptions['report'] = (error) => reports.push(String(error));
    const clock = virtualClock();
    const stubborn = (): Promise<never> => new Promise(() => {});
    const run = runServer({ serve: stubborn, options: { closeTimeoutMs: 60_000 } }, { clock, report });
    const client = await run.client;
    await client.close();
    await clock.advance(59_999);
    expect(reports).toEqual([]);
    await clock.advance(1);
    expect(reports).toEqual(['Error: The handler still runs 60000 ms after its socket has closed']);
    await run[Symbol.asyncDispose]();
    const other = runServer({ serve: stubborn, options: { closeTimeoutMs: 60_000 } }, { clock, report });
    const closed: unknown[] = [];
    void other.host.close({ graceMs: 0 }).then(({ tookMs }) => closed.push(tookMs));
    // Three times the host's own, and a second: its deadline without the route.
    await clock.advance(16_000);
    expect(closed).toEqual([]);
    await clock.advance(120_000);
    expect(closed).toEqual([60_000]);
    expect(termsOf({ closeTimeoutMs: 60_000 }).closeTimeoutMs).toBe(60_000);
    expect(termsOf({ closeTimeoutMs: 0 }).closeTimeoutMs).toBe(5000);
  });
});
