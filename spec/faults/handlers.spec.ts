// A1 to A8, C1 and C2 (spec/faults/README.md, "Handlers" and "Configuration"): what
// handlers and their hosts do wrong, over real ports. The peer learns a close code and no
// more, the hook learns the rest, and no other socket notices.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { attach, serve } from 'corosock';
import type { CloseInfo, Handler, Host, HostOptions, ServerSocket, ServeOptions, UsageError } from 'corosock';
import { fakeSocket, runServer } from 'corosock/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { until } from './until.ts';
import { recordCrashes, recordWarnings } from '../fixtures/process-events.ts';
import { refused } from '../fixtures/refused.ts';
import { textFrame } from '../peers/frames.ts';
import { connectRaw, openRaw, upgradeRequest } from '../peers/raw-client.ts';
import type { RawClient } from '../peers/raw-client.ts';

const SECRET = 'a secret of the server';

const echo: Handler = async (ws) => {
  for await (const data of ws) await ws.write(data);
};

let crashes: ReturnType<typeof recordCrashes>;
beforeEach(() => {
  crashes = recordCrashes();
});
afterEach(() => crashes[Symbol.dispose]());

interface Beside extends AsyncDisposable {
  readonly host: Host;
  readonly client: RawClient;
  readonly bystander: RawClient;
  /** What the process and the other socket have noticed, if it is not {@link NOTHING}. */
  noticed(): Promise<unknown>;
}

/** Serves a handler beside one that must not notice, and connects a peer to each. */
async function serveBeside(handler: Handler, options: ServeOptions = {}): Promise<Beside> {
  const host = await serve({ '/': handler, '/bystander': echo }, options);
  const bystander = await openRaw(host.port, { requestLine: 'GET /bystander HTTP/1.1' });
  const client = await openRaw(host.port);
  return {
    host,
    client,
    bystander,
    async noticed() {
      await bystander.send(textFrame('hello?'));
      return [await bystander.nextText(), crashes.errors];
    },
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      bystander[Symbol.dispose]();
      await host[Symbol.asyncDispose]();
    },
  };
}
const NOTHING = ['hello?', []];

/** The close frame that a peer gets, when it hangs up after it. */
async function endOf(client: RawClient): Promise<unknown> {
  const end = await client.untilCloseFrame();
  client.halfClose();
  return end;
}

const failures: ReadonlyArray<readonly [string, Handler, unknown]> = [
  ['throws', () => raise(new Error(SECRET)), new Error(SECRET)],
  [
    'throws after a while',
    async (ws) => {
      await ws.write('1');
      raise(new Error(SECRET));
    },
    new Error(SECRET),
  ],
  ['rejects', () => Promise.reject(new Error(SECRET)), new Error(SECRET)],
  ['throws undefined', () => raise(undefined), undefined],
  ['rejects with a string', async () => raise(SECRET), SECRET],
  ['parses what is no JSON', async () => void JSON.parse('{'), expect.any(SyntaxError) as unknown],
];

function raise(error: unknown): never {
  throw error;
}

describe('a handler', () => {
  it.each(failures)(
    'A1: that %s closes with 1011 and no text, and is reported',
    async (_, handler, error) => {
      const reports: unknown[] = [];
      await using beside = await serveBeside(handler, { report: (...args) => reports.push(args) });
      expect(await endOf(beside.client)).toEqual({ code: 1011, reason: '' });
      expect(reports).toEqual([
        [error, { socketId: expect.any(String) as string, route: '/', path: '/', phase: 'server' }],
      ]);
      expect(await beside.noticed()).toEqual(NOTHING);
    },
  );

  it('A1: that throws after its close is reported, and closes with what it said', async () => {
    const reports: unknown[] = [];
    const handler: Handler = async (ws) => {
      void ws.endServer(4000, 'bye');
      await ws.closed;
      raise(SECRET);
    };
    await using beside = await serveBeside(handler, { report: (error) => reports.push(error) });
    expect(await endOf(beside.client)).toEqual({ code: 4000, reason: 'bye' });
    expect([await beside.noticed(), reports]).toEqual([NOTHING, [SECRET]]);
  });

  it('A2: that returns early closes with 1000, and what it has not read is counted', async () => {
    let tell: (end: CloseInfo) => void;
    const told = new Promise<CloseInfo>((resolve) => {
      tell = resolve;
    });
    await using beside = await serveBeside(async (ws) => {
      void ws.closed.then(tell);
      await ws.read();
    });
    await beside.client.send(Buffer.concat(['1', '2', '3'].map(textFrame)));
    expect(await endOf(beside.client)).toEqual({ code: 1000, reason: '' });
    expect(await told).toMatchObject({ code: 1000, by: 'handler', clean: false, unread: 2 });
    expect(await beside.noticed()).toEqual(NOTHING);
  });

  it('A4: has its error warned of when the hook throws, once, and the hook’s own', async () => {
    using warnings = recordWarnings();
    await using beside = await serveBeside(() => raise(new Error(SECRET)), {
      report: () => raise(new Error('of the hook')),
    });
    expect(await endOf(beside.client)).toEqual({ code: 1011, reason: '' });
    expect(await beside.noticed()).toEqual(NOTHING);
    expect(warnings.texts).toEqual([
      expect.stringMatching(
        new RegExp(`^CorosockWarning COROSOCK_REPORT: corosock, server of .*: Error: ${SECRET}$`),
      ),
      'CorosockWarning COROSOCK_REPORT: corosock, report: Error: of the hook',
    ]);
  });

  it('is told of a shut-down, and its peer too', async () => {
    const moments: unknown[] = [];
    await using beside = await serveBeside(async (ws) => {
      ws.draining.addEventListener('abort', () => moments.push('draining'));
      moments.push(await ws.read(), ws.closeInfo?.by);
    });
    const closing = beside.host.close({ graceMs: 0 });
    expect(await endOf(beside.client)).toEqual({ code: 1001, reason: '' });
    expect(await endOf(beside.bystander)).toEqual({ code: 1001, reason: '' });
    expect(await closing).toMatchObject({ closed: 2, abandoned: [] });
    expect(moments).toEqual(['draining', [undefined, 'closed'], 'shutdown']);
  });
});

/** Makes each mistake that a call can be, and awaits none of the calls. */
function misuse(ws: ServerSocket): void {
  const aborted = AbortSignal.abort(new Error(SECRET));
  const calls: ReadonlyArray<() => unknown> = [
    () => ws.read(0),
    () => ws.read(NaN, -1),
    () => ws.read({ signal: aborted }),
    () => ws.read({ len: 1, signal: 'no signal' as never }),
    () => ws.readMessage({ timeoutMs: -1 }),
    () => ws.readMessage({ signal: aborted }),
    () => ws.read(),
    () => ws.read(),
    () => ws.readMessage(),
    () => ws[Symbol.asyncIterator]().next(),
    () => ws.write(undefined as never),
    () => ws.write({} as never),
    () => ws.write('x', { timeoutMs: NaN }),
    () => ws.write('x', { signal: aborted }),
    () => ws.write('x', { unknown: 1 } as never),
    () => ws.write('x'),
    () => ws.endServer(1005),
    () => ws.endServer(99),
    () => ws.endServer(1000, 'x'.repeat(200)),
    () => ws.host.close({ graceMs: -1 }),
    () => ws.closed,
  ];
  for (const call of calls) call();
}

/** The mistakes in {@link misuse}, by line. Its first bare read is one where it is called again. */
const MISTAKES = {
  COROSOCK_ARGUMENT: 9,
  COROSOCK_CONCURRENT_READ: 4,
  COROSOCK_CLOSE_CODE: 2,
  COROSOCK_CLOSE_REASON: 1,
};

describe('a call that nobody awaits', () => {
  it.each<{ readonly state: string; readonly enter: (ws: ServerSocket) => Promise<void> }>([
    { state: 'open', enter: async () => {} },
    { state: 'closing', enter: async (ws) => void ws.endServer(4000) },
    { state: 'closed by us', enter: async (ws) => void (await ws.endServer(4000)) },
    { state: 'closed by the peer', enter: async (ws) => void (await ws.closed) },
    {
      state: 'lost',
      enter: async (ws) => {
        ws.terminate();
        await ws.closed;
      },
    },
  ])(
    'A5: on a socket that is $state is no unhandled rejection; mistakes are reported, once each',
    async ({ state, enter }) => {
      const reports: Record<string, number> = {};
      const report: ServeOptions['report'] = (error, { phase }) => {
        const { code } = error as UsageError;
        reports[code] = (reports[code] ?? 0) + (phase === 'un-awaited call' ? 1 : NaN);
      };
      await using beside = await serveBeside(
        async (ws) => {
          await enter(ws);
          misuse(ws);
          misuse(ws);
          await ws.endServer(4000);
        },
        { report },
      );
      if (state === 'closed by the peer') beside.client.halfClose();
      // A link that is lost has none.
      await endOf(beside.client).catch(() => {});
      await until(() => beside.host.sockets.size === 1);
      expect([await beside.noticed(), reports]).toEqual([NOTHING, MISTAKES]);
    },
  );
});

describe('names of properties', () => {
  it('A8: are names like any others in paths, parameters, queries and headers', async () => {
    let request: ServerSocket['request'] | undefined;
    await using host = await serve({
      '/:__proto__/:constructor': (ws) => {
        ({ request } = ws);
      },
    });
    using client = await openRaw(host.port, {
      requestLine: 'GET /toString/valueOf?__proto__=1 HTTP/1.1',
      headers: { ['__proto__']: 'a', constructor: 'b', 'Sec-WebSocket-Protocol': '__proto__, constructor' },
    });
    await endOf(client);
    expect(Object.entries(request?.params ?? {})).toEqual([
      ['__proto__', 'toString'],
      ['constructor', 'valueOf'],
    ]);
    const headers = request?.headers ?? {};
    // Node leaves the first one out.
    expect([Object.hasOwn(headers, '__proto__'), headers['constructor']]).toEqual([false, 'b']);
    expect([request?.protocols, request?.url.searchParams.get('__proto__')]).toEqual([
      ['__proto__', 'constructor'],
      '1',
    ]);
    expect([Object.keys(Object.prototype), crashes.errors]).toEqual([[], []]);
  });

  it.each(['/__proto__', '/constructor', '/toString', '/hasOwnProperty'])(
    'A8: lead nowhere as the path %s',
    async (path) => {
      await using host = await serve({ '/chat': echo });
      expect(await refused(host.port, upgradeRequest({ requestLine: `GET ${path} HTTP/1.1` }))).toMatchObject(
        { status: 404 },
      );
    },
  );

  it('A8: are no ids', async () => {
    await using host = await serve(echo);
    for (const id of ['__proto__', 'constructor', 'toString']) {
      expect([host.sockets.has(id), host.sockets.get(id)]).toEqual([false, undefined]);
    }
  });
});

describe('an option', () => {
  const limits = ['maxMessageBytes', 'queueMessages', 'queueBytes', 'writeBufferBytes'] as const;
  const makers: ReadonlyArray<readonly [string, (options: HostOptions) => unknown]> = [
    ['serve', (options) => serve(echo, options)],
    ['attach', async (options) => attach(createServer(), echo, options)],
    ['fakeSocket', async (options) => fakeSocket(options)],
    ['runServer', async (options) => runServer(echo, options)],
  ];

  it.each(makers)('C1: of %s is no limit if it is unlimited', async (_, make) => {
    for (const name of limits) {
      for (const value of [0, -1, 1.5, NaN, Infinity, 2 ** 31, '1000', null]) {
        await expect(make({ [name]: value })).rejects.toMatchObject({
          code: 'COROSOCK_ARGUMENT',
          message: expect.stringContaining(`${name} to be an integer from 1 to `) as string,
        });
      }
    }
  });

  it.each(makers)('C2: of %s has to be one', async (_, make) => {
    for (const options of [{ maxPayload: 1 }, { maxMessagebytes: 1 }, { heartBeat: false }]) {
      await expect(make(options as HostOptions)).rejects.toMatchObject({
        code: 'COROSOCK_ARGUMENT',
        message: expect.stringContaining('The options are maxMessageBytes, ') as string,
      });
    }
  });
});

describe('a sub-protocol', () => {
  it.each([
    ['the first of ours that was offered', ['v2', 'v1'], ['v1', 'v2'], 'v2'],
    ['the one that both speak', ['v2', 'v1'], ['v0', 'v1'], 'v1'],
    ['none when none is in common', ['v2'], ['v1'], ''],
    ['none when none is offered', ['v2'], [], ''],
    ['none when the host speaks none', [], ['v1'], ''],
  ])('is %s', async (_, ours, offered, agreed) => {
    let spoken: string | undefined;
    await using host = await serve((ws) => void (spoken = ws.protocol), { protocols: ours });
    using client = await connectRaw(host.port);
    await client.send(upgradeRequest({ headers: { 'Sec-WebSocket-Protocol': offered } }));
    const { status, headers } = await client.answer();
    await endOf(client);
    expect([status, headers['sec-websocket-protocol'] ?? '', spoken]).toEqual([101, agreed, agreed]);
  });

  it('is agreed on with a client that insists', async () => {
    await using host = await serve(echo, { protocols: ['b', 'a'] });
    const client = new WebSocket(host.url, ['a', 'b']);
    await once(client, 'open');
    expect(client.protocol).toBe('b');
    client.close();
    await once(client, 'close');
  });
});
