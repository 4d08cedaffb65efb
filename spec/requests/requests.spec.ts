// What a caller of `request` and `notify` gets: replies, errors, time-outs, aborts, the end. What
// the peer asks: incoming-requests.spec.ts.

import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { RequestError, requests, select } from 'corosock';
import type { RequestsOptions, Socket } from 'corosock';
import { settle } from 'corosock/testing';
import { CLOSED_BY_PEER, scripted } from '../conversation/scripted-transport.ts';
import { recordCrashes, recordWarnings } from '../fixtures/process-events.ts';
import { call, failure, result, scriptedRpc } from './scripted-rpc.ts';

describe('request', () => {
  it('sends a call, and gives the result of its reply', async () => {
    const { rpc, sent, peer } = scriptedRpc();
    const sum = rpc.request<number>('add', [1, 2]);
    expect(sent()).toEqual([call('add', 1, [1, 2])]);
    await peer(result(1, 3));
    expect(await sum).toEqual([3, 'ok']);
  });

  it('gives each reply to its request, in whatever order and batch they come', async () => {
    const { rpc, peer } = scriptedRpc();
    const answers = [rpc.request('a'), rpc.request('b'), rpc.request('c')];
    await peer(result(3, 'of c'), [result(1, 'of a'), result(2, null)]);
    expect(await Promise.all(answers)).toEqual([
      ['of a', 'ok'],
      [null, 'ok'],
      ['of c', 'ok'],
    ]);
  });

  it('rejects with the error of the peer, and names the line that awaits it', async () => {
    const { rpc, peer } = scriptedRpc();
    const caller = async (): Promise<unknown> => await rpc.request('add');
    const answer = caller().catch((error: unknown) => error);
    await peer(failure(1, -32_601, 'Method not found', ['sub']));
    const error = (await answer) as RequestError;
    expect(error).toBeInstanceOf(RequestError);
    expect(error).toMatchObject({
      name: 'RequestError',
      code: -32_601,
      message: 'Method not found',
      data: ['sub'],
      isReply: true,
    });
    expect(error.stack).toMatch(/at async caller .*requests\.spec\.ts/);
  });

  it.each([
    ['both result and error', { ...failure(1, 1, 'no'), result: 3 }],
    ['neither', { ...result(1, 3), result: undefined, error: null }],
    ['another version', { ...result(1, 3), jsonrpc: '1.0' }],
  ])('Q2: rejects with -32603 for a reply with %s', async (_, reply) => {
    const { rpc, peer } = scriptedRpc();
    const answer = rpc.request('add');
    await peer(reply);
    await expect(answer).rejects.toMatchObject({
      code: -32_603,
      message: 'The reply is none of JSON-RPC 2.0',
      isReply: true,
    });
  });

  it('Q1: takes the first of two replies', async () => {
    const { rpc, peer, sent } = scriptedRpc();
    const answer = rpc.request('add');
    await peer(result(1, 3), result(1, 4), failure(1, 1, 'no'));
    expect([await answer, sent().slice(1)]).toEqual([[3, 'ok'], []]);
  });

  it.each([['1'], [null], [1.5], [0], [2], [[1]], [{ id: 1 }], [undefined], ['__proto__']])(
    'Q1: ignores a reply with the unknown id %o, and does not answer it',
    async (id) => {
      const { rpc, peer, sent } = scriptedRpc();
      const answer = rpc.request('add');
      await peer(result(id, 4), failure(id, 1, 'no'));
      await peer(result(1, 3));
      expect([await answer, sent().slice(1)]).toEqual([[3, 'ok'], []]);
    },
  );

  it('Q3: times out after 30 s by default, leaves no timer, and ignores the late reply', async () => {
    const { rpc, clock, peer, sent } = scriptedRpc();
    const answer = rpc.request('add');
    clock.tick(29_999);
    const timersBefore = clock.timers;
    clock.tick(1);
    expect([await answer, timersBefore, clock.timers]).toEqual([[undefined, 'timeout'], 1, 0]);
    const next = rpc.request('add');
    await peer(result(1, 'late'), result(2, 'in time'));
    expect([await next, sent().length]).toEqual([['in time', 'ok'], 2]);
  });

  it.each([
    ['that of requests', { timeoutMs: 100 }, undefined, 100],
    ['its own', { timeoutMs: 100 }, { timeoutMs: 50 }, 50],
    ['0, which still sends', {}, { timeoutMs: 0 }, 0],
  ])('times out after %s', async (_, usual, own, ms) => {
    const { rpc, clock, sent } = scriptedRpc(usual);
    const answer = rpc.request('add', undefined, own);
    clock.tick(ms);
    expect([await answer, sent().length]).toEqual([[undefined, 'timeout'], 1]);
  });

  it('sets no timer for Infinity', () => {
    const { rpc, clock } = scriptedRpc({ timeoutMs: Infinity });
    void rpc.request('add');
    expect(clock.timers).toBe(0);
  });

  it('rejects with the reason of its signal, tells the peer nothing, and leaves no listener', async () => {
    const { rpc, clock, peer, sent } = scriptedRpc();
    const controller = new AbortController();
    const answer = rpc.request('add', undefined, { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(answer).rejects.toThrow('enough');
    await peer(result(1, 'late'));
    const listeners = getEventListeners(controller.signal, 'abort');
    expect([sent().length, clock.timers, listeners]).toEqual([1, 0, []]);
    await expect(rpc.request('add', [], { signal: controller.signal })).rejects.toThrow('enough');
    expect(sent()).toEqual([]);
  });

  it('leaves no listener at its signal when the reply comes', async () => {
    const { rpc, peer } = scriptedRpc();
    const { signal } = new AbortController();
    const answer = rpc.request('add', undefined, { signal });
    await peer(result(1, 3));
    expect([await answer, getEventListeners(signal, 'abort')]).toEqual([[3, 'ok'], []]);
  });

  it.each([
    ['times out', { timeoutMs: 10 }, [undefined, 'timeout']],
    ['is aborted', {}, 'enough'],
  ])('is not sent where it %s while it waits for room', async (_, options, expected) => {
    const { rpc, link, clock } = scriptedRpc({}, { writeBufferBytes: 10 });
    void rpc.notify('fill');
    const controller = new AbortController();
    const answer = rpc.request('add', [], { signal: controller.signal, ...options });
    clock.tick(10);
    controller.abort('enough');
    expect(await answer.catch((reason: unknown) => reason)).toEqual(expected);
    link.take();
    expect(link.sentText.length).toBe(1);
  });

  it('gives closed at the end to all that wait, and to each later one', async () => {
    const { rpc, link, clock } = scriptedRpc();
    const answers = [rpc.request('a'), rpc.request('b', [], { timeoutMs: Infinity })];
    link.end();
    answers.push(rpc.request('c'));
    const closed = [undefined, 'closed'];
    expect([await Promise.all(answers), clock.timers]).toEqual([[closed, closed, closed], 0]);
    expect(await rpc.notify('d')).toBe('closed');
  });

  it('gives replies that came before the end', async () => {
    const { rpc, link } = scriptedRpc();
    const answers = [rpc.request('a'), rpc.request('b')];
    link.arrive(JSON.stringify(result(1, 3)));
    link.end(CLOSED_BY_PEER);
    expect(await Promise.all(answers)).toEqual([
      [3, 'ok'],
      [undefined, 'closed'],
    ]);
  });

  it('lets the event loop run in a loop that goes on after the end', async () => {
    const { rpc, link } = scriptedRpc();
    link.end();
    let isOver = false;
    setImmediate(() => (isOver = true));
    for (let round = 0; !isOver && round < 10_000; round += 1) await rpc.request('add');
    expect(isOver).toBe(true);
  });

  it('refuses a request beyond maxPending, with the line of the caller, and sends nothing', async () => {
    const { rpc, peer, sent } = scriptedRpc({ maxPending: 2 });
    const first = rpc.request('a');
    void rpc.request('b');
    const refused = rpc.request('c');
    const error = (await refused.catch((reason: unknown) => reason)) as Error;
    expect(error).toMatchObject({ name: 'UsageError', code: 'COROSOCK_PENDING_REQUESTS' });
    expect(error.message).toContain('expected at most 2 requests that wait for a reply (maxPending)');
    expect(error.stack).toContain('requests.spec.ts');
    await peer(result(1, 3));
    void rpc.request('d');
    expect([await first, sent().map((text) => (text as { method: string }).method)]).toEqual([
      [3, 'ok'],
      ['a', 'b', 'd'],
    ]);
  });

  it.each([
    ['expected method to be a string, got undefined', [undefined]],
    ['expected params to be an object or an array, got "x"', ['add', 'x']],
    ['expected a value that JSON can hold, got one that it cannot', ['add', [1n]]],
    ['unknown option "len". The options are timeoutMs, signal', ['add', [], { len: 1 }]],
    ['expected timeoutMs to be a number of milliseconds ≥ 0, got -1', ['add', [], { timeoutMs: -1 }]],
  ])('refuses what it cannot send: %s', async (text, given) => {
    const { rpc, sent } = scriptedRpc();
    const args = given as unknown as Parameters<typeof rpc.request>;
    await expect(rpc.request(...args)).rejects.toThrow(`rpc.request(): ${text}`);
    await expect(rpc.notify(...args)).rejects.toThrow(`rpc.notify(): ${text}`);
    expect(sent()).toEqual([]);
  });

  it('never becomes an unhandled rejection', async () => {
    using crashes = recordCrashes();
    const { rpc, peer } = scriptedRpc();
    void rpc.request('add');
    void rpc.request('add', [1n]);
    void rpc.request('add', [], { signal: AbortSignal.abort() });
    await peer(failure(1, 1, 'no'));
    expect(crashes.errors).toEqual([]);
  });
});

describe('notify', () => {
  it('sends a call without an id, and waits for room alone', async () => {
    const { rpc, clock, sent } = scriptedRpc();
    expect([await rpc.notify('log', { line: 1 }), sent(), clock.timers]).toEqual([
      'ok',
      [call('log', undefined, { line: 1 })],
      0,
    ]);
  });

  it('takes the options of a write', async () => {
    const { rpc, clock } = scriptedRpc({}, { writeBufferBytes: 1 });
    void rpc.notify('fill');
    const waits = rpc.notify('log', [], { timeoutMs: 10 });
    clock.tick(10);
    expect(await waits).toBe('timeout');
  });
});

describe('an error of the peer without an id', () => {
  it('is reported once: the peer could not read a message of ours', async () => {
    const { peer, sent, reports } = scriptedRpc();
    await peer(failure(null, -32_700, 'Parse error'), failure(null, -32_600, 'Invalid Request'));
    const told = 'requests: RequestError: The peer could not read a message: "Parse error"';
    expect([reports, sent()]).toEqual([[told], []]);
  });

  it('H31: writes no line of its own, and no long one', async () => {
    const { peer, reports } = scriptedRpc();
    await peer(failure(null, 1, `a\n(node:1) Warning: \u001b[2J${'x'.repeat(100_000)}`, 'data'));
    expect(reports).toEqual([expect.stringMatching(/^[ -~]{1,200}$/)]);
  });

  it('is a warning of the process on a client', async () => {
    using warnings = recordWarnings();
    const { ws, link } = scripted();
    requests(ws);
    link.arrive(JSON.stringify(failure(null, -32_700, 'Parse error')));
    await settle();
    expect(warnings.texts).toEqual([
      'CorosockWarning COROSOCK_REPORT: corosock, requests: RequestError: The peer could not read a message: "Parse error"',
    ]);
  });
});

describe('requests', () => {
  it('reads the socket from now on: every other read is refused, and so is a second call', async () => {
    const { ws, peer } = scriptedRpc();
    const refused = { code: 'COROSOCK_CONCURRENT_READ' };
    await expect(ws.read()).rejects.toMatchObject(refused);
    await expect(select({ ws })).rejects.toMatchObject(refused);
    expect(() => requests(ws)).toThrow(
      'requests(): expected no other read of this socket, but requests() reads it',
    );
    await peer(call('add'));
    expect(ws.queued.messages).toBe(0);
  });

  it('is refused while a read waits', () => {
    const { ws } = scripted();
    void ws.read();
    expect(() => requests(ws)).toThrow('requests(): expected one read at a time');
  });

  it('takes what had come before it was called', async () => {
    const { link, ws } = scripted();
    link.arrive(JSON.stringify(call('ping', 1)));
    requests(ws, { handlers: { ping: () => 'pong' } });
    await settle();
    expect(link.sentText).toEqual([JSON.stringify(result(1, 'pong'))]);
  });

  it.each([
    ['expected a socket, got undefined', undefined, {}],
    ['expected a socket, got an object', {}, {}],
    [
      'unknown option "handler"; did you mean "handlers"? The options are handlers, maxPending, maxRunning, timeoutMs',
      'ws',
      { handler: {} },
    ],
    ['expected maxPending to be an integer from 1 to 2147483647, got 0', 'ws', { maxPending: 0 }],
    [
      'expected maxRunning to be an integer from 1 to 2147483647, got Infinity',
      'ws',
      { maxRunning: Infinity },
    ],
    ['expected timeoutMs to be a number of milliseconds ≥ 0, got NaN', 'ws', { timeoutMs: NaN }],
    ['expected handlers to be a plain object of functions, got null', 'ws', { handlers: null }],
    ['expected handlers to be a plain object of functions, got an array', 'ws', { handlers: [] }],
    [
      'expected handlers to be a plain object of functions, no instance of a class, got an object',
      'ws',
      { handlers: new Map() },
    ],
    ['expected handlers["add"] to be a function, got 1', 'ws', { handlers: { add: 1 } }],
  ])('refuses nonsense: %s', async (text, socket, options) => {
    const { ws } = scripted();
    const given = (socket === 'ws' ? ws : socket) as Socket;
    expect(() => requests(given, options as RequestsOptions)).toThrow(`requests(): ${text}`);
    expect(await ws.read({ timeoutMs: 0 })).toEqual([undefined, 'timeout']);
  });

  it('takes handlers without a prototype, such as a module', () => {
    const handlers = Object.assign(Object.create(null) as object, { add: () => 3 });
    expect(() => scriptedRpc({ handlers })).not.toThrow();
  });
});

describe('RequestError', () => {
  it('keeps code, message and data', () => {
    expect(new RequestError(404, 'No such book', { id: 7 })).toMatchObject({
      code: 404,
      message: 'No such book',
      data: { id: 7 },
      isReply: false,
    });
  });

  it.each([
    ['code to be a safe integer, got "404"', ['404', 'x']],
    ['code to be a safe integer, got 1.5', [1.5, 'x']],
    ['message to be a string, got undefined', [404]],
  ])('refuses nonsense: expected %s', (expected, args) => {
    expect(() => new RequestError(...(args as unknown as [number, string]))).toThrow(
      `RequestError: expected ${expected}`,
    );
  });
});
