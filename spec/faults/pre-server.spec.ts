// What goes wrong before the 101, while a hook decides, and what a client can do to one
// socket (spec/faults/README.md, "Handshake" and "Handlers").

import { serve } from 'corosock';
import type { Handshake, Host, ServeOptions, WebSocketServer, WriteOptions, WriteStatus } from 'corosock';
import { settle, virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { until } from './until.ts';
import { recordCrashes, recordWarnings } from '../fixtures/process-events.ts';
import { formFaults } from '../fixtures/refused.ts';
import { MemoryHost } from '../fixtures/memory-host.ts';
import type { MemoryVisit } from '../fixtures/memory-host.ts';
import { textFrame } from '../peers/frames.ts';
import type { HttpAnswer } from '../peers/http-answer.ts';
import { connectRaw, openRaw, upgradeRequest } from '../peers/raw-client.ts';
import type { RawClient, RequestParts } from '../peers/raw-client.ts';

const forever = (): Promise<never> => new Promise(() => {});
const TOKEN = 'correct-horse-battery-staple';

interface HookedHost extends AsyncDisposable {
  readonly host: Host;
  readonly asked: readonly Handshake[];
  /** Errors and where they came up, as text. */
  readonly reports: readonly string[];
  /** How often a handler or `onPostServer` ran. */
  readonly runs: readonly string[];
}

async function hooked(
  hook: NonNullable<WebSocketServer['onPreServer']>,
  options: ServeOptions = {},
): Promise<HookedHost> {
  const asked: Handshake[] = [];
  const reports: string[] = [];
  const runs: string[] = [];
  const server: WebSocketServer = {
    onPreServer(handshake) {
      asked.push(handshake);
      return hook(handshake) as unknown;
    },
    async server(ws) {
      runs.push('server');
      for await (const data of ws) await ws.write(data);
    },
    onPostServer: () => void runs.push('onPostServer'),
  };
  const report: ServeOptions['report'] = (error, where) =>
    void reports.push(
      `${String(error)} ${error instanceof Error ? error.stack : ''} ${JSON.stringify(where)}`,
    );
  const host = await serve(server, { report, ...options });
  return { host, asked, reports, runs, [Symbol.asyncDispose]: () => host[Symbol.asyncDispose]() };
}

/** Asks for an upgrade, and leaves it at that. */
async function request(host: Host, parts: RequestParts = {}): Promise<RawClient> {
  const client = await connectRaw(host.port);
  await client.send(upgradeRequest(parts));
  return client;
}

/** Asks for an upgrade, and takes the answer. */
async function answerTo(host: Host, parts: RequestParts = {}): Promise<HttpAnswer> {
  using client = await request(host, parts);
  const answer = await client.answer();
  if (answer.status !== 101) await client.hangUp();
  return answer;
}

describe('a hook before the 101', () => {
  it('H2: that never settles is answered with 408, its signal aborted, its place given up', async () => {
    await using hosting = await hooked(forever, { handshakeTimeoutMs: 50, maxHandshakes: 1 });
    const { host, asked, runs } = hosting;
    for (let visit = 1; visit <= 3; visit += 1) {
      const answer = await answerTo(host);
      expect([answer.status, formFaults(answer)]).toEqual([408, []]);
      expect([asked.length, asked[visit - 1]?.signal.reason]).toMatchObject([visit, { why: 'late' }]);
    }
    expect([runs, host.sockets.size]).toEqual([[], 0]);
  });

  it('H2: whose Response never ends is answered with 408 in the same time, and what it reads is cancelled', async () => {
    const clock = virtualClock();
    const cancelled: unknown[] = [];
    const endless = new ReadableStream({
      start: (body) => body.enqueue(Buffer.from('to be continued')),
      cancel: (reason) => void cancelled.push(reason),
    });
    await using hosting = await hooked(() => new Response(endless, { status: 403 }), {
      clock,
      handshakeTimeoutMs: 700,
    });
    using client = await request(hosting.host);
    await until(() => endless.locked);
    await clock.advance(699);
    expect([client.unreadBytes, cancelled]).toEqual([0, []]);
    await clock.advance(1);
    const answer = await client.answer();
    expect([answer.status, formFaults(answer), await client.hangUp()]).toEqual([408, [], 'fin']);
    await until(() => clock.timers === 0);
    expect([cancelled.length, hosting.reports, hosting.runs]).toEqual([1, [], []]);
  });

  it('H3: is aborted when its clients reset, its place given up, and no handler runs', async () => {
    using crashes = recordCrashes();
    await using hosting = await hooked(forever, { maxHandshakes: 1 });
    const { host, asked, runs, reports } = hosting;
    for (let visit = 1; visit <= 20; visit += 1) {
      using client = await request(host);
      await until(() => asked.length === visit);
      client.reset();
      await until(() => asked[visit - 1]?.signal.aborted === true);
    }
    await settle();
    expect([runs, reports, host.sockets.size, crashes.errors]).toEqual([[], [], 0, []]);
    expect(await host.close({ graceMs: 0 })).toMatchObject({ finished: 0, closed: 0, abandoned: [] });
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error(TOKEN);
      },
    ],
    ['rejects', () => Promise.reject(new Error(TOKEN))],
    [
      'rejects later',
      async () => {
        await settle();
        throw new Error(TOKEN);
      },
    ],
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- anything can be thrown
    ['rejects with undefined', () => Promise.reject(undefined)],
  ])('H4: that %s is answered with 500 without detail', async (_, hook) => {
    using crashes = recordCrashes();
    await using hosting = await hooked(hook);
    const { host, runs, reports } = hosting;
    const answer = await answerTo(host);
    expect([answer.status, answer.body, formFaults(answer)]).toEqual([500, 'The server has failed\n', []]);
    expect([runs, reports.length, crashes.errors]).toEqual([[], 1, []]);
  });

  it.each([
    ['unlisted', 'v9', 101],
    ['repeated', 'v1, v1', 400],
    ['malformed', 'v1, ;', 400],
    ['an empty element', 'v1,,v2', 400],
    ['a long list', Array.from({ length: 2500 }, (_, index) => `p${index}`).join(','), 101],
    ['too long a list', Array.from({ length: 10_000 }, (_, index) => `p${index}`).join(','), 431],
  ])('H13: whose client offers protocols that are %s agrees to none', async (_, offered, status) => {
    await using hosting = await hooked(() => {}, { protocols: ['v1'] });
    const { host, asked } = hosting;
    const answer = await answerTo(host, { headers: { 'Sec-WebSocket-Protocol': offered } });
    expect([answer.status, answer.headers['sec-websocket-protocol']]).toEqual([status, undefined]);
    expect(asked.length).toBe(status === 101 ? 1 : 0);
  });

  it('H13: is asked whatever was offered: no protocol lets anybody past it', async () => {
    await using hosting = await hooked(() => new Response('no', { status: 401 }), { protocols: ['v1'] });
    const { host, runs } = hosting;
    for (const offered of [undefined, 'v1', 'v9', 'v9, v1']) {
      expect(await answerTo(host, { headers: { 'Sec-WebSocket-Protocol': offered } })).toMatchObject({
        status: 401,
      });
    }
    expect(runs).toEqual([]);
  });

  it.each([
    ['names of properties', '__proto__, constructor; toString=valueOf, hasOwnProperty'],
    ['8 KiB of extensions', Array.from({ length: 512 }, (_, index) => `extension-${index}`).join(', ')],
    ['malformed extensions', ';=,"'],
  ])('H14: whose client offers %s agrees to none, without compression', async (_, offered) => {
    await using hosting = await hooked(() => {});
    const { host, asked } = hosting;
    const answer = await answerTo(host, { headers: { 'Sec-WebSocket-Extensions': offered } });
    expect([answer.status, answer.headers['sec-websocket-extensions']]).toEqual([101, undefined]);
    expect(asked.length).toBe(1);
  });

  it('H16: sees the address of the link, whatever the client says of others', async () => {
    const seen: unknown[] = [];
    await using hosting = await hooked(({ request }) => {
      seen.push(request.remoteAddress);
      return new Response(null, { status: 403 });
    });
    const { host } = hosting;
    const headers = {
      'X-Forwarded-For': '203.0.113.7',
      'X-Real-IP': '203.0.113.7',
      Forwarded: 'for=203.0.113.7',
    };
    await answerTo(host, { headers });
    expect(seen).toEqual(['127.0.0.1']);
  });

  // The time is that of the hook, which compares. Of the one token that we compare: spec/session/session-cookie.spec.ts.
  it('H23: refuses tokens of the right and the wrong length with the same bytes', async () => {
    await using hosting = await hooked(({ request: { headers } }) =>
      headers.authorization === TOKEN ? undefined : new Response('no\n', { status: 401 }),
    );
    const { host } = hosting;
    const wrong = [
      undefined,
      '',
      'x',
      'x'.repeat(TOKEN.length),
      `${TOKEN}x`,
      TOKEN.toUpperCase(),
      'x'.repeat(5000),
    ];
    const answers: HttpAnswer[] = [];
    for (const Authorization of wrong) answers.push(await answerTo(host, { headers: { Authorization } }));
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toHaveLength(1);
    expect(answers[0]).toMatchObject({ status: 401, body: 'no\n' });
    expect((await answerTo(host, { headers: { Authorization: TOKEN } })).status).toBe(101);
  });

  it('H24: has no token of URL, cookie or protocol in errors, reports or warnings', async () => {
    using warnings = recordWarnings();
    const hooks: ReadonlyArray<NonNullable<WebSocketServer['onPreServer']>> = [
      (handshake) => void (handshake.protocol = 'other'),
      (handshake) => void (handshake.protocol = `v1, ${TOKEN}`),
      (handshake) =>
        void (handshake.protocol = `${handshake.request.headers['sec-websocket-protocol']}, other`),
      ({ responseHeaders }) => responseHeaders.set('Content-Length', '0'),
      ({ responseHeaders }) => responseHeaders.set('Transfer-Encoding', 'chunked'),
      ({ responseHeaders }) => responseHeaders.set('Set-Cookie', `sid=${TOKEN}é`),
      ({ responseHeaders }) => responseHeaders.set('Upgrade', TOKEN),
      (handshake) => void ((handshake as { sharedConnection: unknown }).sharedConnection = 1),
      () => new Response(forbidden()),
    ];
    for (const options of [{}, { report: undefined }] as ServeOptions[]) {
      for (const hook of hooks) {
        await using open = await hooked(hook, options);
        const answer = await answerTo(open.host, {
          requestLine: `GET /?token=${TOKEN} HTTP/1.1`,
          headers: {
            Cookie: `sid=${TOKEN}`,
            'Sec-WebSocket-Protocol': TOKEN,
            Authorization: `Bearer ${TOKEN}`,
          },
        });
        expect([answer.status, JSON.stringify([answer, open.reports]).includes(TOKEN)]).toEqual([500, false]);
      }
    }
    await settle();
    expect(warnings.texts.filter((text) => text.includes(TOKEN))).toEqual([]);
  });
});

/** A body that fails while it is read. */
function forbidden(): ReadableStream {
  return new ReadableStream({ pull: (controller) => controller.error(new Error('no')) });
}

describe('a handler', () => {
  it('A3: that ignores its signal holds shut-down up to the deadline, and is named in the report', async () => {
    const memory = new MemoryHost({ closeTimeoutMs: 700 });
    const { run } = memory.visit(forever);
    const { run: obedient } = memory.visit(async (ws) => void (await ws.closed));
    const closing = memory.host.close({ graceMs: 1000 });
    await memory.clock.advance(1000 + 700);
    expect(await closing).toMatchObject({
      closed: 1,
      finished: 0,
      abandoned: [{ id: run.id, waits: 'other' }],
    });
    expect([(await run.outcome).kind, (await obedient.outcome).kind, memory.clock.timers]).toEqual([
      'abandoned',
      'returned',
      0,
    ]);
    expect(memory.reports).toMatchObject([[{}, { socketId: run.ws.id, phase: 'server' }]]);
  });
});

describe('one client that begins 10 000 operations on one socket', () => {
  const OPERATIONS = 10_000;
  const TEXTS = Array.from({ length: OPERATIONS }, (_, index) => String(index).padStart(5));
  const HIGH_WATER_BYTES = 1024;
  /** One of them, with its overhead, is what may be held beyond the mark. */
  const MESSAGE_BYTES = 5 + 6;

  it('A10: has its messages answered in order, and no more of them held than the queue may', async () => {
    let most = 0;
    await using host = await serve(async (ws) => {
      for await (const data of ws) {
        most = Math.max(most, ws.queued.messages);
        await ws.write(data);
      }
    });
    using client = await openRaw(host.port);
    void client.send(Buffer.concat(TEXTS.map(textFrame)));
    for (const text of TEXTS) expect(await client.nextText()).toBe(text);
    // A full queue, and what one chunk of 64 KiB holds besides, of frames of 11 bytes.
    expect(most).toBeLessThanOrEqual(64 + 65_536 / 11);
  });

  it('A10: waits in line with its reads on a shared socket, each served once and in order', async () => {
    const memory = new MemoryHost();
    const { run, client } = memory.visit({ server: () => {} }, 'shared');
    await settle();
    const reads = Array.from({ length: OPERATIONS }, () => run.ws.read());
    for (let index = 0; index < OPERATIONS; index += 1) void client.write(String(index));
    const results = await Promise.all(reads);
    expect(results.map((result) => result[0])).toEqual(
      Array.from({ length: OPERATIONS }, (_, i) => String(i)),
    );
    await client.close();
    await run.outcome;
  });

  it('A10: gets one answer to its reads on a dedicated socket, and an error to the others', async () => {
    const memory = new MemoryHost();
    let settled: ReadonlyArray<PromiseSettledResult<unknown>> = [];
    const { run, client } = memory.visit(async (ws) => {
      settled = await Promise.allSettled(Array.from({ length: OPERATIONS }, () => ws.read()));
    });
    await client.write('only one');
    await run.outcome;
    expect([settled[0], settled.filter(({ status }) => status === 'rejected').length]).toEqual([
      { status: 'fulfilled', value: ['only one', 'ok'] },
      OPERATIONS - 1,
    ]);
  });

  /** Writes so many messages of five characters to a peer that does not read yet. */
  function writing(options?: WriteOptions): MemoryVisit & {
    readonly memory: MemoryHost;
    readonly writes: ReadonlyArray<Promise<WriteStatus>>;
  } {
    const memory = new MemoryHost({ writeBufferBytes: HIGH_WATER_BYTES });
    const visit = memory.visit({ server: () => {} }, 'shared');
    const writes = TEXTS.map((text) => visit.run.ws.write(text, options));
    return { memory, ...visit, writes };
  }

  it('A10: has its writes wait in line, each sent once and in order, and no more of them held than the mark says', async () => {
    const { run, client, writes } = writing();
    let most = run.ws.bufferedBytes;
    for (const text of TEXTS) {
      expect(await client.read()).toEqual([text, 'ok']);
      most = Math.max(most, run.ws.bufferedBytes);
    }
    expect([...new Set(await Promise.all(writes))]).toEqual(['ok']);
    expect(most).toBeGreaterThanOrEqual(HIGH_WATER_BYTES);
    expect(most).toBeLessThan(HIGH_WATER_BYTES + MESSAGE_BYTES);
    await client.close();
  });

  it('A10: has one timer for all its writes, and those that are late are not sent', async () => {
    const { memory, client, writes } = writing({ timeoutMs: 700 });
    await settle();
    expect(memory.clock.timers).toBe(1);
    await memory.clock.advance(700);
    const statuses = await Promise.all(writes);
    const sent = statuses.indexOf('timeout');
    expect(sent).toBeGreaterThan(0);
    // The one that is left is for the bytes that wait: `writeTimeoutMs`.
    expect([...new Set(statuses.slice(sent)), memory.clock.timers]).toEqual(['timeout', 1]);
    for (const text of TEXTS.slice(0, sent)) expect(await client.read()).toEqual([text, 'ok']);
    expect(await client.read(undefined, 0)).toEqual([undefined, 'timeout']);
    await memory.clock.advance(10_000);
    expect(memory.clock.timers).toBe(0);
  });

  it('A10: gets closed for all its writes that wait when the link is lost', async () => {
    const { memory, run, client, writes } = writing();
    await settle();
    client.terminate();
    await run.outcome;
    const statuses = await Promise.all(writes);
    const sent = statuses.indexOf('closed');
    expect(sent).toBeGreaterThan(0);
    expect([...new Set(statuses.slice(sent))]).toEqual(['closed']);
    expect([memory.clock.timers, memory.reports]).toEqual([0, []]);
  });

  it('A10: ends once, with the first code, and tells all its calls of endServer of the same end', async () => {
    const memory = new MemoryHost();
    const { run, client } = memory.visit({ server: () => {} }, 'shared');
    const calls = TEXTS.map((text, index) => run.ws.endServer(4000 + (index % 1000), text));
    const ends = new Set(await Promise.all(calls));
    expect([...ends]).toMatchObject([{ code: 4000, reason: TEXTS[0], by: 'local', clean: true }]);
    expect(await client.closed).toMatchObject({ code: 4000, reason: TEXTS[0], by: 'peer' });
    await run.outcome;
    expect([memory.clock.timers, memory.reports]).toEqual([0, []]);
  });
});
