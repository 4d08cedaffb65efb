// What `runServer` and `fakeSocket` have in common: a host without a listener, and a
// link in memory to it.

import { describe, expect, it } from 'vitest';
import type { Servable, WebSocketServer } from 'corosock';
import type { FakeOptions } from 'corosock/testing';
import { acceptedAtOnce } from '../../src/server/admission.ts';
import { MemoryServer } from '../../src/testing/memory-server.ts';
import { UsageError } from '../../src/core/errors.ts';

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
