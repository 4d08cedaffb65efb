// Upgrades with a hook, over real ports: what the client is answered, what becomes of what it sends
// meanwhile, and that its leaving is noticed.

import { serve } from 'corosock';
import type { Handshake, Host, ServeOptions, Servable, WebSocketServer } from 'corosock';
import { virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { until } from '../faults/until.ts';
import { recordCrashes } from '../fixtures/process-events.ts';
import { formFaults } from '../fixtures/refused.ts';
import { textFrame } from '../peers/frames.ts';
import { connectRaw, openRaw, upgradeRequest } from '../peers/raw-client.ts';
import type { RawClient } from '../peers/raw-client.ts';

interface Gate extends AsyncDisposable {
  readonly host: Host;
  /** Handshakes whose hook was asked. */
  readonly asked: readonly Handshake[];
  readonly reports: readonly unknown[];
  /** Lets the hooks go on. */
  readonly decide: (context?: unknown) => void;
  /** All that handlers have read. */
  readonly read: readonly string[];
  /** How often a handler or `onPostServer` ran. */
  readonly runs: string[];
}

/** Serves a hook that decides when the spec says so, and a handler that echoes. */
async function gate(options: ServeOptions = {}, hook?: WebSocketServer['onPreServer']): Promise<Gate> {
  const asked: Handshake[] = [];
  const reports: unknown[] = [];
  const read: string[] = [];
  const runs: string[] = [];
  let decide = (_context?: unknown): void => {};
  const decision = new Promise<unknown>((resolve) => {
    decide = resolve;
  });
  const server: Servable = {
    onPreServer(handshake) {
      asked.push(handshake);
      return hook === undefined ? decision : (hook(handshake) as unknown);
    },
    async server(ws) {
      runs.push('server');
      for await (const data of ws) {
        read.push(String(data));
        await ws.write(data);
      }
    },
    onPostServer: () => void runs.push('onPostServer'),
  };
  const host = await serve(server, { report: (error) => reports.push(error), ...options });
  return {
    host,
    asked,
    reports,
    decide,
    read,
    runs,
    [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
  };
}

/** Sends a request, and waits until its hook has been asked. */
async function knock({ host, asked }: Gate, firstBytes: Uint8Array = Buffer.alloc(0)): Promise<RawClient> {
  const before = asked.length;
  const client = await connectRaw(host.port);
  await client.send(Buffer.concat([Buffer.from(upgradeRequest()), firstBytes]));
  await until(() => asked.length > before);
  return client;
}

describe('Upgrade', () => {
  it('calls the hook before the 101, and goes on when it has decided', async () => {
    await using open = await gate();
    using client = await knock(open);
    expect([client.unreadBytes, open.host.sockets.size, open.runs]).toEqual([0, 0, []]);
    open.decide();
    expect((await client.answer()).status).toBe(101);
    await client.send(textFrame('hello'));
    expect(await client.nextText()).toBe('hello');
  });

  it('sends the headers that the hook has set, with the 101', async () => {
    await using open = await gate({ protocols: ['v2'] }, (handshake) => {
      handshake.protocol = 'v1';
      handshake.responseHeaders.append('Set-Cookie', 'a=1; Path=/');
      handshake.responseHeaders.append('Set-Cookie', 'b=2');
      handshake.responseHeaders.set('X-Mark', '!');
    });
    using client = await connectRaw(open.host.port);
    await client.send(upgradeRequest({ headers: { 'Sec-WebSocket-Protocol': 'v2, v1' } }));
    expect(await client.answer()).toMatchObject({
      status: 101,
      headers: { 'sec-websocket-protocol': 'v1', 'set-cookie': 'a=1; Path=/, b=2', 'x-mark': '!' },
    });
  });

  it('sends the Response that the hook has returned, whole', async () => {
    const headers = new Headers({ 'Content-Type': 'application/json', Connection: 'keep-alive' });
    headers.append('Set-Cookie', 'a=1');
    headers.append('Set-Cookie', 'b=2');
    await using open = await gate({}, () => new Response('{"why":"grün"}', { status: 403, headers }));
    using client = await connectRaw(open.host.port);
    await client.send(upgradeRequest());
    expect(await client.answer()).toEqual({
      status: 403,
      headers: {
        'content-type': 'application/json',
        'set-cookie': 'a=1, b=2',
        connection: 'close',
        'content-length': '15',
      },
      body: '{"why":"grün"}',
    });
    expect([await client.hangUp(), open.runs, open.reports, open.host.sockets.size]).toEqual([
      'fin',
      [],
      [],
      0,
    ]);
  });

  it.each<[string, (handshake: Handshake) => unknown]>([
    [
      'throws',
      () => {
        throw new Error('secret');
      },
    ],
    ['rejects', () => Promise.reject(new Error('secret'))],
    ['speaks a protocol that was not offered', (handshake) => void (handshake.protocol = 'secret')],
    [
      "sets a header of the handshake's own",
      ({ responseHeaders }) => responseHeaders.set('Upgrade', 'secret'),
    ],
    ['sets a header that is not ASCII', ({ responseHeaders }) => responseHeaders.set('X-Mark', 'secrét')],
  ])('answers 500 without detail to a hook that %s, and reports it', async (_, hook) => {
    await using open = await gate({}, hook);
    using client = await connectRaw(open.host.port);
    await client.send(upgradeRequest());
    const answer = await client.answer();
    expect([answer.status, answer.body, formFaults(answer)]).toEqual([500, 'The server has failed\n', []]);
    expect([await client.hangUp(), open.runs, open.reports.length]).toEqual(['fin', [], 1]);
  });

  it('I8: delivers to the first read what comes while the hook runs, in order', async () => {
    await using open = await gate();
    using client = await knock(open, Buffer.concat([textFrame('1'), textFrame('2')]));
    await client.send(textFrame('3'));
    await client.send(textFrame('4').subarray(0, 3));
    await until(() => open.asked.length === 1);
    open.decide();
    expect((await client.answer()).status).toBe(101);
    await client.send(textFrame('4').subarray(3));
    for (const text of ['1', '2', '3', '4']) expect(await client.nextText()).toBe(text);
    expect(open.read).toEqual(['1', '2', '3', '4']);
  });

  it('I8: delivers also more than 64 KiB, of which the most waits in the window of the client', async () => {
    await using open = await gate();
    const texts = Array.from({ length: 300 }, (_, index) => `${index} `.padEnd(1000, 'x'));
    using client = await knock(open, Buffer.concat(texts.slice(0, 20).map(textFrame)));
    const sent = client.send(Buffer.concat(texts.slice(20).map(textFrame)));
    open.decide();
    expect((await client.answer()).status).toBe(101);
    for (const text of texts) expect(await client.nextText()).toBe(text);
    await sent;
    expect(open.read).toEqual(texts);
  });

  it.each([
    ['a reset', 'reset'],
    ['a FIN', 'halfClose'],
  ] as const)(
    'H25: aborts the signal of the hook when the client leaves by %s, and sends no answer',
    async (_, leave) => {
      using crashes = recordCrashes();
      await using open = await gate();
      using client = await knock(open);
      client[leave]();
      await until(() => open.asked[0]?.signal.aborted === true);
      expect(open.asked[0]?.signal.reason).toMatchObject({ name: 'AbortError', why: 'gone' });
      open.decide();
      await until(() => client.end !== undefined);
      expect([client.unreadBytes, open.host.sockets.size, crashes.errors]).toEqual([0, 0, []]);
      expect([open.runs, open.reports]).toEqual([[], []]);
    },
  );

  it('never calls the hook of a client that has left while it waited for its turn', async () => {
    await using open = await gate({ maxHandshakes: 1 });
    using first = await knock(open);
    using second = await connectRaw(open.host.port);
    await second.send(upgradeRequest());
    second.halfClose();
    expect([await second.untilClosed(), second.unreadBytes]).toEqual(['fin', 0]);
    open.decide();
    expect((await first.answer()).status).toBe(101);
    using third = await openRaw(open.host.port);
    expect([open.asked.length, third.end]).toEqual([2, undefined]);
  });

  it('answers 408 when the hook takes longer than handshakeTimeoutMs', async () => {
    const clock = virtualClock();
    await using open = await gate({ clock, handshakeTimeoutMs: 700 });
    using client = await knock(open);
    await clock.advance(699);
    expect([open.asked[0]?.signal.aborted, client.unreadBytes]).toEqual([false, 0]);
    await clock.advance(1);
    expect(open.asked[0]?.signal.reason).toMatchObject({ why: 'late' });
    const answer = await client.answer();
    expect([answer.status, formFaults(answer), await client.hangUp()]).toEqual([408, [], 'fin']);
    await until(() => clock.timers === 0);
    open.decide({ user: 'ann' });
    expect([open.runs, open.reports]).toEqual([[], []]);
  });

  it('counts the wait for its turn as time of the hook', async () => {
    const clock = virtualClock();
    await using open = await gate({ clock, handshakeTimeoutMs: 700, maxHandshakes: 1 });
    using first = await knock(open);
    await clock.advance(100);
    using second = await connectRaw(open.host.port);
    await second.send(upgradeRequest());
    await until(() => clock.timers === 2);
    expect(open.asked.length).toBe(1);
    await clock.advance(600);
    expect([(await first.answer()).status, open.asked.length]).toEqual([408, 2]);
    await clock.advance(99);
    expect(open.asked[1]?.signal.aborted).toBe(false);
    await clock.advance(1);
    expect((await second.answer()).status).toBe(408);
  });

  it('answers 503 when the host closes while the hook runs', async () => {
    await using open = await gate();
    using client = await knock(open);
    const closing = open.host.close();
    expect(open.asked[0]?.signal.reason).toMatchObject({ why: 'closing' });
    const answer = await client.answer();
    expect([answer.status, answer.headers['retry-after'], formFaults(answer)]).toEqual([503, '5', []]);
    expect(await client.hangUp()).toBe('fin');
    expect(await closing).toMatchObject({ finished: 0, closed: 0, abandoned: [] });
    expect(open.runs).toEqual([]);
  });

  it('has the raw request until the 101 only', async () => {
    let raw: unknown;
    await using open = await gate({}, ({ request }) => {
      raw = request.raw?.method;
    });
    using client = await openRaw(open.host.port);
    expect([raw, open.asked[0]?.request.raw, client.end]).toEqual(['GET', undefined, undefined]);
  });

  it.each(['onClientMessage', 'onPostServer'])(
    'answers 500 when the hook has made %s something else than a function, and reports it',
    async (name) => {
      const reports: unknown[] = [];
      class Mistaken {
        onPreServer(handshake: Handshake): void {
          handshake.sharedConnection = true;
          Reflect.set(this, name, 'no function');
        }

        server(): void {}
      }
      await using host = await serve(Mistaken, { report: (...args) => reports.push(args) });
      using client = await connectRaw(host.port);
      await client.send(upgradeRequest());
      expect([(await client.answer()).status, await client.hangUp(), host.sockets.size]).toEqual([
        500,
        'fin',
        0,
      ]);
      expect(reports).toMatchObject([
        [{ code: 'COROSOCK_ARGUMENT' }, { socketId: expect.any(String) as string, phase: 'onPreServer' }],
      ]);
    },
  );

  it('terminates a link whose run cannot be made, reports it, and lets the host close', async () => {
    const reports: unknown[] = [];
    const makers = [(): boolean => true, (): boolean => true];
    const server: WebSocketServer = {
      onPreServer: (handshake) => void (handshake.sharedConnection = true),
      server: () => {},
      // There when it is checked, and gone when the run is made.
      get onClientMessage() {
        const hook = makers.pop();
        if (hook === undefined) throw new Error('no more hooks');
        return hook;
      },
    };
    await using host = await serve(server, { report: (...args) => reports.push(args) });
    using client = await connectRaw(host.port);
    await client.send(upgradeRequest());
    await client.untilClosed();
    expect(reports).toMatchObject([
      [{ message: 'no more hooks' }, { socketId: expect.any(String) as string, phase: 'handshake' }],
    ]);
    expect([host.sockets.size, (await host.close({ graceMs: 0 })).abandoned]).toEqual([0, []]);
  });

  it('aborts the signal of a hook that has returned a context when the 101 cannot be sent: onPostServer is not called', async () => {
    let online = 0;
    await using open = await gate({}, ({ request, signal }) => {
      online += 1;
      signal.addEventListener('abort', () => (online -= 1));
      request.raw?.socket.destroy();
    });
    using client = await connectRaw(open.host.port);
    await client.send(upgradeRequest());
    await until(() => client.end !== undefined);
    await until(() => open.asked[0]?.signal.aborted === true);
    expect(open.asked[0]?.signal.reason).toMatchObject({ name: 'AbortError', why: 'gone' });
    expect([online, open.runs, open.reports, open.host.sockets.size]).toEqual([0, [], [], 0]);
  });

  it('never aborts the signal of a handshake whose socket is open', async () => {
    await using open = await gate({}, () => ({ user: 'ann' }));
    using client = await openRaw(open.host.port);
    const closing = open.host.close({ graceMs: 0 });
    expect(open.asked[0]?.signal.aborted).toBe(false);
    client.reset();
    await closing;
    expect([open.runs, open.asked[0]?.signal.aborted]).toEqual([['server', 'onPostServer'], false]);
  });

  it('makes one instance of a class for each connection', async () => {
    class Counter {
      count = 0;

      onPreServer(): void {
        this.count += 1;
      }

      async server(ws: Parameters<WebSocketServer['server']>[0]): Promise<void> {
        await ws.write(String(this.count));
      }
    }
    await using host = await serve(Counter);
    for (let visit = 0; visit < 2; visit += 1) {
      using client = await openRaw(host.port);
      expect(await client.nextText()).toBe('1');
    }
  });

  it('answers 500 when a class cannot be instantiated, and reports it', async () => {
    const reports: unknown[] = [];
    class Broken {
      constructor() {
        throw new Error('secret');
      }

      server(): void {}
    }
    await using host = await serve(Broken, { report: (error) => reports.push(error) });
    using client = await connectRaw(host.port);
    await client.send(upgradeRequest());
    expect([(await client.answer()).status, await client.hangUp(), reports]).toMatchObject([
      500,
      'fin',
      [{ message: 'secret' }],
    ]);
  });
});
