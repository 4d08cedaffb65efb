// What `runServer` and `fakeSocket` have in common: a host without a listener, and a
// link in memory to it.

import { describe, expect, it } from 'vitest';
import type { Servable, WebSocketServer } from 'corosock';
import { virtualClock } from 'corosock/testing';
import type { ClientOfWorld, FakeOptions } from 'corosock/testing';
import { acceptedAtOnce } from '../../src/server/admission.ts';
import { MemoryServer } from '../../src/testing/memory-server.ts';
import { UsageError } from '../../src/core/errors.ts';
import type { Randomness } from '../../src/platform/random-ids.ts';
import type { Routes } from '../../src/server/servable.ts';

/** A server in memory, and its link opened. */
function opened(
  servable: Servable,
  options: FakeOptions = {},
): Pick<MemoryServer, 'host' | 'settings'> & ReturnType<MemoryServer['open']> {
  const memory = new MemoryServer('f()', servable, options);
  const { host, settings } = memory;
  return { host, settings, ...memory.open(...accepted(memory)) };
}

/** The first handshake, and what comes of it where no hook is asked. */
function accepted(memory: MemoryServer): Parameters<MemoryServer['open']> {
  const pending = memory.unchecked();
  return [pending, acceptedAtOnce(pending.makeServer() as WebSocketServer, '')];
}

describe('MemoryServer', () => {
  it('has started the handler when its link is open', () => {
    const order: string[] = [];
    const memory = new MemoryServer('f()', () => void order.push('handler'), {});
    order.push('made');
    memory.open(...accepted(memory));
    expect([...order, 'open']).toEqual(['made', 'handler', 'open']);
  });

  it('keeps what a handler writes before the client reads', async () => {
    const { client } = opened(async (ws) => void (await ws.write('early')));
    expect([await client.read(), await client.read()]).toEqual([
      ['early', 'ok'],
      [undefined, 'closed'],
    ]);
  });

  it('has a host without a listener, which can be closed', async () => {
    const { host } = opened(async (ws) => void (await ws.closed));
    expect([host.url, host.port, host.sockets.size]).toEqual(['', 0, 1]);
    expect(await host.close({ graceMs: 0 })).toMatchObject({ closed: 1, abandoned: [] });
  });

  it('makes a conversation with the same settings for both ends', async () => {
    const { settings, client, run } = opened(async (ws) => void (await ws.closed), {
      closeTimeoutMs: 1,
      writeBufferBytes: 2,
    });
    expect([settings.closeTimeoutMs, settings.writeBufferBytes]).toEqual([1, 2]);
    expect(run.ws.protocol).toBe(client.protocol);
    await client.close();
  });

  it('names its caller in the errors of options', () => {
    expect(() => new MemoryServer('f()', () => {}, { url: 'nowhere' })).toThrow(
      new UsageError(
        'COROSOCK_ARGUMENT',
        'f(): expected url to be an absolute URL, such as ws://localhost/chat, got "nowhere"',
      ),
    );
  });
});

describe('MemoryServer of a world', () => {
  /** A seeded one would do: all bits are set, and each number is the least. */
  const plain: Randomness = { next: () => 0, fill: (bytes) => void bytes.fill(255), idsAtOnce: 1 };
  const idle = (): void => {};
  const seen: string[] = [];
  const routes: Routes = {
    '/chat/:room': (ws) => void seen.push(JSON.stringify(ws.request.params)),
    '/limited': { serve: idle, options: { maxMessageBytes: 1 } },
  };
  const inWorld = (options: FakeOptions = {}): MemoryServer =>
    new MemoryServer('w.serve()', routes, { clock: virtualClock(), ...options }, plain);
  const check = (options: ClientOfWorld): ReturnType<MemoryServer['check']> => {
    const memory = inWorld();
    return memory.check(memory.requestOf('w.connect()', options));
  };

  it('finds the server and the params of a path by its patterns', () => {
    const memory = inWorld();
    const pending = memory.check(memory.requestOf('w.connect()', { url: 'ws://localhost/chat/lobby%20a' }));
    if ('status' in pending) throw new Error(pending.text);
    memory.open(pending, acceptedAtOnce(pending.makeServer() as WebSocketServer, ''));
    expect([pending.route, pending.request.params, seen]).toEqual([
      '/chat/:room',
      { room: 'lobby a' },
      ['{"room":"lobby a"}'],
    ]);
  });

  it.each([
    ['a path without a pattern', 'ws://localhost/', 404],
    ['a parameter that cannot be decoded', 'ws://localhost/chat/%2F', 400],
  ])('refuses %s as a port does', (_, url, status) => {
    expect(check({ url })).toMatchObject({ status });
  });

  it('gives a link the limits of its route', async () => {
    const memory = inWorld({ report: idle });
    const pending = memory.check(memory.requestOf('w.connect()', { url: 'ws://localhost/limited' }));
    if ('status' in pending) throw new Error(pending.text);
    const untilClosed: WebSocketServer = { server: async (ws) => void (await ws.closed) };
    const { client } = memory.open(pending, acceptedAtOnce(untilClosed, ''));
    await client.write('two');
    expect((await client.closed).code).toBe(1009);
  });

  it('draws ids from the randomness of the world', () => {
    const memory = inWorld();
    const pending = memory.check(memory.requestOf('w.connect()', { url: 'ws://localhost/chat/a' }));
    expect('socketId' in pending && pending.socketId.value).toBe(`${'_'.repeat(8)}.${'_'.repeat(21)}w`);
  });
});
