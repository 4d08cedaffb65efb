// Sessions (spec/faults/README.md, "Sessions"): what a handshake leaves in the store,
// and what its client gets, for each way in which it ends. Over real ports; the store is in memory.

import { parseSetCookie } from 'cookie';
import { serve } from 'corosock';
import type { Handshake, Host, ServeOptions, SessionOptions, WebSocketServer } from 'corosock';
import { settle, virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { until } from './until.ts';
import { closeFrame, frame, OPCODE, textFrame } from '../peers/frames.ts';
import { connectRaw, upgradeRequest } from '../peers/raw-client.ts';
import type { RawClient } from '../peers/raw-client.ts';
import { cookieOf, held, NotedStore, SECRET } from '../session/session-fixtures.ts';
import { MemorySessionStore } from '../../src/session/memory-session-store.ts';

type Hook = (handshake: Handshake) => unknown;

const KNOWN = { Cookie: cookieOf('known') };

interface Site extends AsyncDisposable {
  readonly host: Host;
  readonly store: NotedStore;
  readonly memory: MemorySessionStore;
  readonly reports: unknown[];
  /** What `ws.sessionId` was in the handlers. */
  readonly ids: unknown[];
  /** Sends a request. */
  readonly knock: (headers?: Readonly<Record<string, string>>) => Promise<RawClient>;
}

async function open(
  hook: Hook | undefined,
  options: ServeOptions & { readonly session?: Partial<SessionOptions> } = {},
): Promise<Site> {
  const { session, ...rest } = options;
  const memory = new MemorySessionStore(rest.clock ?? virtualClock());
  const store = new NotedStore(memory);
  await memory.set('known', { user: 'ann' }, Infinity);
  const [reports, ids]: [unknown[], unknown[]] = [[], []];
  const server: WebSocketServer = {
    ...(hook === undefined ? {} : { onPreServer: hook }),
    async server(ws) {
      ids.push(ws.sessionId);
      await ws.closed;
    },
  };
  const sessions = { secret: SECRET, store, ...session };
  const host = await serve(server, { ...rest, sessions, report: (error) => reports.push(error) });
  return {
    host,
    store,
    memory,
    reports,
    ids,
    async knock(headers = {}) {
      const client = await connectRaw(host.port);
      await client.send(upgradeRequest({ headers }));
      return client;
    },
    [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
  };
}

/** The id in the cookie of an answer. */
function idIn(setCookie: string | undefined): string | undefined {
  const value = setCookie === undefined ? undefined : parseSetCookie(setCookie).value;
  return value?.slice('s:'.length, value.lastIndexOf('.'));
}

describe('S3: a session that was regenerated before its handshake failed', () => {
  const move = ({ session }: Handshake): Promise<void> | undefined => session?.regenerate();

  it.each<[status: number, hook: Hook]>([
    [
      500,
      async (handshake) => {
        await move(handshake);
        throw new Error('mine');
      },
    ],
    [
      401,
      async (handshake) => {
        await move(handshake);
        return new Response('', { status: 401 });
      },
    ],
  ])('is kept, and its client gets the fresh id with the %i of its hook', async (status, hook) => {
    await using site = await open(hook);
    using client = await site.knock(KNOWN);
    const answer = await client.answer();
    const id = idIn(answer.headers['set-cookie']) ?? '';
    expect([answer.status, await site.memory.get(id)]).toEqual([status, { user: 'ann' }]);
    expect(await site.memory.get('known')).toBe(undefined);
  });

  it.each([408, 503])('is kept, and its client gets the fresh id with the %i of the host', async (status) => {
    const clock = virtualClock();
    let hasMoved = false;
    await using site = await open(
      async (handshake) => {
        await move(handshake);
        hasMoved = true;
        await new Promise(() => {});
      },
      { clock, handshakeTimeoutMs: 700 },
    );
    using client = await site.knock(KNOWN);
    await until(() => hasMoved);
    if (status === 408) await clock.advance(700);
    else void site.host.close({ graceMs: 0 });
    const answer = await client.answer();
    const id = idIn(answer.headers['set-cookie']) ?? '';
    expect([answer.status, await site.memory.get(id)]).toEqual([status, { user: 'ann' }]);
  });

  it('stays under the id that the client knows when the 408 comes during regenerate', async () => {
    const clock = virtualClock();
    const deleting = held();
    await using site = await open(move, { clock, handshakeTimeoutMs: 700 });
    site.store.answers.delete = () => deleting.promise;
    using client = await site.knock(KNOWN);
    await until(() => site.store.calls.includes('delete known'));
    await clock.advance(700);
    const answer = await client.answer();
    expect([answer.status, answer.headers['set-cookie']]).toEqual([408, undefined]);
    deleting.resolve();
    await settle();
    expect(await site.memory.get('known')).toEqual({ user: 'ann' });
  });

  it('is awaited where the hook has not: the 101 carries the id that the socket has', async () => {
    await using site = await open((handshake) => void move(handshake));
    using client = await site.knock(KNOWN);
    const answer = await client.answer();
    expect([answer.status, [idIn(answer.headers['set-cookie'])]]).toEqual([101, site.ids]);
    expect(site.ids).not.toEqual(['known']);
  });
});

describe('S5: a client without a cookie', () => {
  it.each<[status: number, hook: Hook]>([
    [401, () => new Response('', { status: 401 })],
    [500, () => Promise.reject(new Error('mine'))],
  ])('takes no room in the store, and gets no cookie, when it is refused with %i', async (status, hook) => {
    await using site = await open(hook);
    using client = await site.knock();
    const answer = await client.answer();
    expect([answer.status, answer.headers['set-cookie'], site.store.calls]).toEqual([status, undefined, []]);
  });

  it('leaves none when it resets while its hook runs, also where the hook has used the session', async () => {
    let hasUpdated = false;
    await using site = await open(async ({ session }) => {
      await session?.update((data) => void (data['n'] = 1));
      hasUpdated = true;
      await new Promise(() => {});
    });
    using client = await site.knock();
    await until(() => hasUpdated);
    client.reset();
    await until(() => site.memory.size === 1);
    expect(await site.memory.get('known')).toEqual({ user: 'ann' });
  });

  it('leaves none when its extensions are malformed', async () => {
    await using site = await open(undefined, { compression: true });
    using client = await site.knock({ 'Sec-WebSocket-Extensions': 'permessage-deflate; =' });
    expect((await client.answer()).status).toBe(400);
    await until(() => site.memory.size === 1);
    expect(await site.memory.get('known')).toEqual({ user: 'ann' });
  });

  it('gets the cookie of a session that the hook used before it refused', async () => {
    await using site = await open(async ({ session }) => {
      await session?.update((data) => void (data['tries'] = 1));
      return new Response('', { status: 401 });
    });
    using client = await site.knock();
    const answer = await client.answer();
    const id = idIn(answer.headers['set-cookie']) ?? '';
    expect([answer.status, await site.memory.get(id)]).toEqual([401, { tries: 1 }]);
  });
});

describe('S7: a store that is down', () => {
  it.each([
    ['with', 'get', KNOWN],
    ['without', 'set', {}],
  ] as const)('refuses a client %s a cookie with 503, and is reported', async (_, name, headers) => {
    await using site = await open(undefined);
    site.store.answers[name] = () => Promise.reject(new Error('the store is down'));
    using client = await site.knock(headers);
    const answer = await client.answer();
    expect([answer.status, answer.headers['set-cookie'], site.reports]).toMatchObject([
      503,
      undefined,
      [{ message: 'the store is down' }],
    ]);
  });

  it.each([
    ['with', 'get', KNOWN],
    ['without', 'set', {}],
  ] as const)('refuses a client %s a cookie with 503 also when it just hangs', async (_, name, headers) => {
    const clock = virtualClock();
    await using site = await open(undefined, { clock, handshakeTimeoutMs: 700 });
    site.store.answers[name] = () => new Promise(() => {});
    using client = await site.knock(headers);
    await until(() => site.store.calls.length > 0);
    await clock.advance(700);
    expect([(await client.answer()).status, site.reports]).toMatchObject([503, [{ why: 'late' }]]);
  });
});

describe('R14: a session that expires while a handshake opens it', () => {
  const TIMEOUT_MS = 1000;

  it('is over for both: its socket closes, and the handshake begins a fresh session', async () => {
    const clock = virtualClock();
    await using site = await open(undefined, { clock, session: { timeoutMs: TIMEOUT_MS } });
    using old = await site.knock(KNOWN);
    expect((await old.answer()).status).toBe(101);
    await clock.advance(TIMEOUT_MS - 1);
    const asking = held();
    site.store.answers.get = () => asking.promise;
    using resuming = await site.knock(KNOWN);
    await until(() => site.store.calls.filter((call) => call === 'get known').length === 2);
    const [ws] = site.host.sockets.values();
    await clock.advance(1);
    expect(await old.untilCloseFrame()).toMatchObject({ code: 3008 });
    await old.send(closeFrame(3008));
    await old.hangUp();
    expect(await ws?.closed).toEqual({ code: 3008, reason: '', clean: true, by: 'session', unread: 0 });
    asking.resolve();
    const answer = await resuming.answer();
    expect([answer.status, idIn(answer.headers['set-cookie'])]).toEqual([101, site.ids[1]]);
    expect(site.ids[1]).not.toBe('known');
  });

  it('goes on for both when a message comes first', async () => {
    const clock = virtualClock();
    await using site = await open(undefined, { clock, session: { timeoutMs: TIMEOUT_MS } });
    using old = await site.knock(KNOWN);
    expect((await old.answer()).status).toBe(101);
    await clock.advance(TIMEOUT_MS - 1);
    const asking = held();
    site.store.answers.get = () => asking.promise;
    using resuming = await site.knock(KNOWN);
    await old.send(textFrame('still here'));
    await until(() => [...site.host.sockets.values()].some(({ queued }) => queued.messages === 1));
    await clock.advance(1);
    asking.resolve();
    expect([(await resuming.answer()).status, site.ids]).toEqual([101, ['known', 'known']]);
    expect(site.host.sockets.size).toBe(2);
  });

  it('is over for a message that comes after its time, though the deadline is late', async () => {
    const clock = virtualClock();
    const now = clock.now.bind(clock);
    let blockedMs = 0;
    clock.now = () => now() + blockedMs;
    await using site = await open(undefined, { clock, session: { timeoutMs: TIMEOUT_MS } });
    using client = await site.knock(KNOWN);
    expect((await client.answer()).status).toBe(101);
    const [ws] = site.host.sockets.values();
    blockedMs = TIMEOUT_MS;
    await client.send(textFrame('too late'));
    expect(await client.untilCloseFrame()).toMatchObject({ code: 3008 });
    await client.send(closeFrame(3008));
    await client.hangUp();
    expect(await ws?.closed).toMatchObject({ code: 3008, by: 'session', clean: true, unread: 1 });
  });

  it('is not put off by pings', async () => {
    const clock = virtualClock();
    await using site = await open(undefined, { clock, session: { timeoutMs: TIMEOUT_MS } });
    using client = await site.knock(KNOWN);
    expect((await client.answer()).status).toBe(101);
    await clock.advance(TIMEOUT_MS - 1);
    await client.send(frame({ opcode: OPCODE.ping }));
    expect((await client.nextFrame()).opcode).toBe(OPCODE.pong);
    await clock.advance(1);
    expect(await client.untilCloseFrame()).toMatchObject({ code: 3008 });
  });
});
