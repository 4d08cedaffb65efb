// Both ends of a conversation in memory: that they are real ends, what the options
// do, and that nothing has to be cleaned up.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { fakeSocket, settle, virtualClock } from 'corosock/testing';
import type { FakeOptions } from 'corosock/testing';
import { UsageError } from 'corosock';
import type { Handler } from 'corosock';

describe('fakeSocket', () => {
  it.each(['onPreServer', 'onRefused', 'limitBy'] as const)(
    'refuses %s, which no handshake would call',
    (name) => {
      expect(() => fakeSocket({ [name]: () => false })).toThrow(
        `fakeSocket(): expected no ${name} (they take a handshake: runServer()), got a function`,
      );
      expect(fakeSocket({ [name]: undefined }).ws.context).toBe(undefined);
    },
  );

  it('refuses sessions, which take a handshake', () => {
    expect(() => fakeSocket({ sessions: { secret: 'a secret of some length' } })).toThrow(
      'fakeSocket(): expected no sessions (they take a handshake: runServer()), got an object',
    );
    expect(fakeSocket({ sessions: false }).ws.session).toBe(undefined);
  });

  it('has no heartbeat by default, and the one that it is given', async () => {
    const clock = virtualClock();
    const without = fakeSocket({ clock });
    expect(clock.timers).toBe(0);
    const { ws, client } = fakeSocket({ clock, heartbeat: { intervalMs: 1000, timeoutMs: 1000 } });
    expect(clock.timers).toBe(1);
    await clock.advance(10_000);
    expect([without.ws.closeInfo, ws.closeInfo, client.closeInfo]).toEqual([undefined, undefined, undefined]);
  });

  it('makes two ends of one conversation', async () => {
    const { ws, client } = fakeSocket();
    await client.write('to the server');
    await ws.write('to the client');
    expect([await ws.read(), await client.read()]).toEqual([
      ['to the server', 'ok'],
      ['to the client', 'ok'],
    ]);
  });

  it('can be given to a handler that a test calls by itself', async () => {
    const shout: Handler = async (ws) => {
      for await (const message of ws) await ws.write(String(message).toUpperCase());
    };
    const { ws, client } = fakeSocket();
    const handling = shout(ws);
    await client.write('hello');
    expect(await client.read()).toEqual(['HELLO', 'ok']);
    await client.close();
    expect(await handling).toBeUndefined();
  });

  it('ends both sides when either closes', async () => {
    const byClient = fakeSocket();
    await byClient.client.close(4000, 'enough');
    const byServer = fakeSocket();
    await byServer.ws.endServer(4001, 'that is all');
    expect([await byClient.ws.closed, await byServer.client.closed]).toEqual([
      { code: 4000, reason: 'enough', clean: true, by: 'peer', unread: 0 },
      { code: 4001, reason: 'that is all', clean: true, by: 'peer', unread: 0 },
    ]);
  });

  it('loses the link when either terminates', async () => {
    const byClient = fakeSocket();
    byClient.client.terminate();
    const byServer = fakeSocket();
    byServer.ws.terminate();
    const cause = new Error('The link has ended without a close frame');
    const lost = { code: 1006, reason: '', clean: false, by: 'link', unread: 0, cause };
    expect([await byClient.ws.closed, await byServer.client.closed]).toEqual([lost, lost]);
  });

  it('gives the handler’s end an id, a host and a signal to drain', async () => {
    const { ws } = fakeSocket();
    const other = fakeSocket();
    expect(ws.id).not.toBe(other.ws.id);
    expect([...ws.host.sockets.values()]).toEqual([ws]);
    const { draining } = ws;
    const closing = ws.host.close({ graceMs: 0 });
    expect([draining.aborted, (await closing).closed, ws.closeInfo?.by]).toEqual([true, 1, 'shutdown']);
  });
});

describe('the options of fakeSocket', () => {
  it('default to a request of ws://localhost/ without headers but the host and parameters', () => {
    const { ws, client } = fakeSocket();
    expect([ws.request.url.href, ws.request.headers, ws.request.params, client.url]).toEqual([
      'ws://localhost/',
      { host: 'localhost' },
      {},
      'ws://localhost/',
    ]);
  });

  it('set the url, the headers and the parameters of the request', () => {
    const { ws, client } = fakeSocket({
      url: 'ws://example.org/chat/lobby?x=1',
      headers: { 'x-mark': '!' },
      params: { room: 'lobby' },
    });
    expect([ws.request.url.searchParams.get('x'), ws.request.headers, ws.request.params, client.url]).toEqual(
      ['1', { host: 'example.org', 'x-mark': '!' }, { room: 'lobby' }, 'ws://example.org/chat/lobby?x=1'],
    );
  });

  it('agree to the first of protocols, or to none', () => {
    const { ws, client } = fakeSocket({ protocols: ['chat.v2', 'chat.v1'] });
    expect([ws.protocol, client.protocol, fakeSocket().ws.protocol]).toEqual(['chat.v2', 'chat.v2', '']);
  });

  it('bound the queues of both ends', async () => {
    const { ws, client } = fakeSocket({ queueMessages: 2 });
    for (let n = 0; n < 5; n += 1) {
      await client.write('a');
      await ws.write('b');
    }
    await settle();
    expect([ws.queued.messages, client.queued.messages]).toEqual([2, 2]);
  });

  it('bound a message for both ends', async () => {
    const toServer = fakeSocket({ maxMessageBytes: 4, report: () => {} });
    await toServer.client.write('12345');
    const toClient = fakeSocket({ maxMessageBytes: 4 });
    await toClient.ws.write('12345');
    expect([await toServer.ws.closed, await toClient.client.closed]).toMatchObject([
      { code: 1009, by: 'limit', clean: false },
      { code: 1009, by: 'limit', clean: false },
    ]);
  });

  it('close an end that receives too much if overflow says so', async () => {
    const { ws, client } = fakeSocket({ queueMessages: 1, overflow: 'close', report: () => {} });
    await client.write('a');
    await client.write('b');
    expect([await ws.closed, await client.closed]).toMatchObject([
      { code: 1008, by: 'limit' },
      { code: 1008, by: 'peer' },
    ]);
  });

  it('bound what is written and not flushed', async () => {
    const { ws } = fakeSocket({ queueMessages: 1, writeBufferBytes: 10 });
    const statuses: string[] = [];
    for (let n = 0; n < 4; n += 1) statuses.push(await ws.write('12345678', { timeoutMs: 0 }));
    expect(statuses).toEqual(['ok', 'ok', 'timeout', 'timeout']);
  });

  it('take a clock, from which all timers come', async () => {
    const clock = virtualClock();
    const { ws } = fakeSocket({ clock });
    const read = ws.read(10, 86_400_000);
    await clock.advance(86_400_000);
    expect(await read).toEqual([undefined, 'timeout']);
  });

  it('take the time for the closing handshake', async () => {
    const clock = virtualClock();
    const { ws, client } = fakeSocket({ clock, queueMessages: 1, closeTimeoutMs: 700 });
    // The peer does not read, so that the close does not reach it.
    await ws.write('a');
    await ws.write('b');
    const closing = ws.endServer();
    await clock.advance(700);
    expect([await closing, client.queued.messages]).toMatchObject([
      { code: 1000, reason: '', clean: false, by: 'local', unread: 0 },
      1,
    ]);
  });

  it.each<[string, FakeOptions, string]>([
    ['a misspelt name', { header: {} } as FakeOptions, 'unknown option "header"; did you mean "headers"?'],
    [
      'what is no url',
      { url: '/chat' },
      'expected url to be an absolute URL, such as ws://localhost/chat, got "/chat"',
    ],
    [
      'a limit that is none',
      { queueMessages: Infinity },
      'queueMessages to be an integer from 1 to 2147483647',
    ],
    ['what is no object', null as unknown as FakeOptions, 'expected options to be an object, got null'],
  ])('refuse %s', (_, options, message) => {
    const expected: unknown = expect.stringMatching(/^fakeSocket\(\): /);
    expect(() => fakeSocket(options)).toThrow(UsageError);
    expect(() => fakeSocket(options)).toThrow(message);
    expect(() => fakeSocket(options)).toThrow(expect.objectContaining({ message: expected }));
  });
});

describe('a fakeSocket that a test leaves behind', () => {
  it('does not hold the process, while waiting or closing', async () => {
    const holding = (): readonly string[] => process.getActiveResourcesInfo().toSorted();
    const before = holding();
    const { ws, client } = fakeSocket({ queueMessages: 1 });
    void ws.read(10, 60_000);
    await ws.write('a');
    await ws.write('b');
    void ws.endServer();
    const during = holding();
    client.terminate();
    expect(during).toEqual(before);
  });

  it('is collected when no reference is left', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const left = await talkAndLeave();
    for (let round = 0; round < 50 && left.some((end) => end.deref() !== undefined); round += 1) {
      await settle();
      collect();
    }
    expect(left.map((end) => end.deref())).toEqual([undefined, undefined]);
  });
});

/** In a function of its own, so that nothing on the stack holds the two ends. */
async function talkAndLeave(): Promise<readonly WeakRef<object>[]> {
  const { ws, client } = fakeSocket();
  await client.write('a');
  await ws.read(10, Infinity);
  return [new WeakRef(ws), new WeakRef(client)];
}
