// The host itself, with streams and links in memory: what comes of upgrades, and which sockets it
// has. How it closes: spec/server/shut-down.spec.ts.

import { once } from 'node:events';
import type { Handler, HostOptions, Routes, WebSocketServer } from 'corosock';
import { settle } from 'corosock/testing';
import { describe, expect, it, vi } from 'vitest';
import { WebSocketServer as OtherServer } from 'ws';
import { MemoryHost } from '../fixtures/memory-host.ts';
import { parseUpgrade } from '../fixtures/parsed-request.ts';
import { recordCrashes } from '../fixtures/process-events.ts';
import { writtenStream } from '../fixtures/written-stream.ts';
import { textFrame } from '../peers/frames.ts';
import { REFUSALS, responseOf } from '../../src/handshake/refusal.ts';
import { settingsOf } from '../../src/server/host-options.ts';
import { RouteTable } from '../../src/server/routes.ts';
import { ServingHost } from '../../src/server/serving-host.ts';
import type { HttpBinding } from '../../src/server/serving-host.ts';
import type { RequestParts } from '../peers/raw-client.ts';

const untilClosed: Handler = async (ws) => void (await ws.closed);
const NO_BINDING: HttpBinding = { address: undefined, close: async () => {} };

/** A host that gets its upgrades from a server of the user. */
function hostOf(routes: Routes, options: HostOptions = {}, binding: HttpBinding = NO_BINDING): ServingHost {
  return new ServingHost(new RouteTable(routes), settingsOf('spec', options), binding);
}

/** Hands an upgrade over; the stream, and what was written to it. */
async function upgrade(host: ServingHost, parts: RequestParts = {}, written = writtenStream()) {
  host.handleUpgrade(await parseUpgrade(parts), written.stream, Buffer.alloc(0));
  await settle();
  return written;
}

describe('ServingHost', () => {
  it('has its open sockets by id, and releases them at their end', async () => {
    const memory = new MemoryHost();
    const [a, b] = [memory.visit(untilClosed), memory.visit(untilClosed)];
    expect([...memory.host.sockets]).toEqual([a, b].map(({ run: { ws } }) => [ws.id, ws]));
    const sizes = a.run.ws.closed.then(() => memory.host.sockets.size);
    await a.client.close();
    expect([await sizes, memory.host.sockets.has(b.run.ws.id)]).toEqual([1, true]);
  });

  it('releases a socket whose handler goes on', async () => {
    const memory = new MemoryHost();
    const { client } = memory.visit(() => new Promise(() => {}));
    await client.close();
    expect(memory.host.sockets.size).toBe(0);
  });

  it('has released a socket before any code hears of its end, also by ws.signal', async () => {
    const memory = new MemoryHost();
    const { client, run } = memory.visit(untilClosed, 'shared');
    const { id, signal } = run.ws;
    const heard: unknown[] = [];
    const opened = once(signal, 'abort').then(() => memory.host.openServer(id));
    signal.addEventListener('abort', () => heard.push(memory.host.sockets.has(id)));
    await client.close();
    expect([heard, await opened]).toEqual([[false], [undefined, 'not-found']]);
  });

  it('gives ids that begin with its own', () => {
    const [one, other] = [new MemoryHost(), new MemoryHost()];
    const nodes = [one, one, other].map((memory) => memory.visit(untilClosed).run.ws.id.split('.')[0]);
    expect(nodes[0]).toBe(nodes[1]);
    expect(nodes[0]).not.toBe(nodes[2]);
  });

  it('A8: has no socket under the name of a property', () => {
    const { sockets } = new MemoryHost().host;
    expect(['__proto__', 'constructor', 'toString'].map((id) => sockets.get(id))).toEqual(
      Array(3).fill(undefined),
    );
  });

  it.each([
    ['origin', { Origin: 'https://evil.example' }, {}],
    ['forwarded', { Forwarded: 'for=10.0.0.1', 'X-Forwarded-For': '10.0.0.2' }, { trustProxy: 1 }],
  ] as const)('answers with REFUSALS.%s before it looks for a route', async (name, headers, options) => {
    const written = await upgrade(hostOf({ '/a': untilClosed }, options), { headers });
    expect(written.text()).toBe(responseOf(REFUSALS[name]));
  });

  it('has the address of its listener', () => {
    const closed = hostOf(untilClosed);
    expect([closed.url, closed.port]).toEqual(['', 0]);
    const open = hostOf(untilClosed, {}, { ...NO_BINDING, address: { url: 'ws://a:1', port: 1 } });
    expect([open.url, open.port]).toEqual(['ws://a:1', 1]);
  });
});

describe('handleUpgrade', () => {
  it('answers 101 and runs the handler with its request', async () => {
    const handler = vi.fn<Handler>(untilClosed);
    const written = await upgrade(hostOf({ '/chat/:room': handler }, { protocols: ['b', 'a'] }), {
      requestLine: 'GET /chat/1?x HTTP/1.1',
      headers: { 'Sec-WebSocket-Protocol': 'a, b' },
    });
    expect(written.text()).toMatch(/^HTTP\/1\.1 101 .*\r\nSec-WebSocket-Protocol: b\r\n\r\n$/s);
    const [ws] = handler.mock.calls[0] ?? [];
    expect(ws?.protocol).toBe('b');
    expect(ws?.request).toMatchObject({ params: { room: '1' }, protocols: ['a', 'b'] });
    expect(ws?.request.url.href).toBe('ws://127.0.0.1/chat/1?x');
  });

  it.each([
    ['a request that breaks a rule', { headers: { 'Sec-WebSocket-Version': '8' } }, REFUSALS.version],
    ['a path without a route', { requestLine: 'GET /b HTTP/1.1' }, REFUSALS.route],
    ['a parameter that is malformed', { requestLine: 'GET /a/%ff HTTP/1.1' }, REFUSALS.target],
    [
      'extensions that are malformed',
      { requestLine: 'GET /a/1 HTTP/1.1', headers: { 'Sec-WebSocket-Extensions': ';' } },
      REFUSALS.extensions,
    ],
    [
      'a window size that cannot be negotiated',
      {
        requestLine: 'GET /a/1 HTTP/1.1',
        headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate; server_max_window_bits=99' },
      },
      REFUSALS.extensions,
    ],
  ])('refuses %s', async (_, parts, refusal) => {
    const handler = vi.fn<Handler>();
    const written = await upgrade(hostOf({ '/a/:b': handler }, { compression: true }), parts);
    expect(written.text()).toBe(responseOf(refusal));
    expect(handler).not.toHaveBeenCalled();
    written.stream.destroy();
  });

  it('answers HEAD without a body', async () => {
    const written = await upgrade(hostOf(untilClosed), { requestLine: 'HEAD / HTTP/1.1' });
    expect(written.text()).toBe(responseOf(REFUSALS.method, 'HEAD'));
    expect(written.text().endsWith('\r\n\r\n')).toBe(true);
    written.stream.destroy();
  });

  it('H21: refuses while it closes, and after', async () => {
    const host = hostOf(untilClosed);
    await upgrade(host);
    const closing = host.close({ graceMs: 0 });
    const early = await upgrade(host);
    expect(early.text()).toBe(responseOf(REFUSALS.closing));
    early.stream.destroy();
    for (const ws of host.sockets.values()) ws.terminate();
    await closing;
    const late = await upgrade(host);
    expect(late.text()).toBe(responseOf(REFUSALS.closing));
    late.stream.destroy();
  });

  it('H21: makes no instance of a class for an upgrade that it refuses while it closes', async () => {
    let instances = 0;
    class Counted {
      constructor() {
        instances += 1;
      }

      server(): void {}
    }
    const host = hostOf(Counted);
    await host.close();
    const written = await upgrade(host);
    expect([written.text(), instances]).toEqual([responseOf(REFUSALS.closing), 0]);
    written.stream.destroy();
  });

  it('H21: refuses an upgrade whose class has closed the host in its constructor', async () => {
    class Closing {
      constructor() {
        void host.close();
      }

      server(): void {}
    }
    const host: ServingHost = hostOf(Closing);
    const written = await upgrade(host);
    expect([written.text(), host.sockets.size]).toEqual([responseOf(REFUSALS.closing), 0]);
    written.stream.destroy();
  });

  it.each<[string, WebSocketServer['onPreServer']]>([
    ['without a hook', undefined],
    ['with a hook that decides in its turn', () => {}],
    ['with a hook that decides later', settle],
  ])('reads a stream that was paused when it was handed over, %s', async (_, onPreServer) => {
    const read = vi.fn<(data: unknown) => void>();
    const handler: Handler = async (ws) => read(await ws.readMessage());
    const written = writtenStream();
    // A server that asks its database first pauses the stream meanwhile.
    written.stream.pause();
    written.stream.push(textFrame('hello'));
    await upgrade(hostOf({ server: handler, ...(onPreServer && { onPreServer }) }), {}, written);
    await settle();
    expect(read.mock.calls).toEqual([[['hello', 'ok']]]);
    written.stream.destroy();
  });

  it('survives a stream that throws when the 101 is written, and breaks later', async () => {
    using crashes = recordCrashes();
    const report = vi.fn<NonNullable<HostOptions['report']>>();
    const host = hostOf({ onPreServer: settle, server: untilClosed }, { report });
    const written = writtenStream();
    written.stream.write = () => {
      throw new Error('unwritable');
    };
    await upgrade(host, {}, written);
    await settle();
    written.stream.destroy(new Error('ECONNRESET'));
    await settle();
    expect([crashes.errors, host.sockets.size]).toEqual([[], 0]);
    expect(report.mock.calls).toMatchObject([[{ message: 'unwritable' }, { phase: 'handshake' }]]);
  });

  it('destroys a stream whose peer has gone already', async () => {
    const handler = vi.fn<Handler>();
    const written = writtenStream();
    written.stream.destroy();
    await upgrade(hostOf(handler), {}, written);
    expect([written.text(), handler.mock.calls]).toEqual(['', []]);
  });

  it('survives a stream that breaks, before and after it was taken', async () => {
    const report = vi.fn<() => void>();
    for (const requestLine of ['GET / HTTP/1.1', 'GET /nobodys HTTP/1.1']) {
      const { stream } = await upgrade(hostOf({ '/': untilClosed }, { report }), { requestLine });
      stream.destroy(new Error('ECONNRESET'));
      await settle();
      expect(stream.destroyed).toBe(true);
    }
    expect(report).not.toHaveBeenCalled();
  });

  it.each([
    ['to the same host', (host: ServingHost): ServingHost => host],
    [
      'to a host that serves something else',
      (_host: ServingHost, options: HostOptions): ServingHost => hostOf({ '/other': untilClosed }, options),
    ],
    [
      'to a host that is closing',
      (host: ServingHost): ServingHost => {
        void host.close();
        return host;
      },
    ],
  ])('leaves a stream alone that is handed over a second time, %s, and reports it', async (_, second) => {
    const report = vi.fn<NonNullable<HostOptions['report']>>();
    const host = hostOf(untilClosed, { report });
    const written = await upgrade(host);
    const before = [written.text(), written.stream.listenerCount('error')];
    await upgrade(second(host, { report }), {}, written);
    expect([written.text(), written.stream.listenerCount('error')]).toEqual(before);
    expect([written.stream.destroyed, host.sockets.size]).toEqual([false, 1]);
    expect(report.mock.calls).toMatchObject([[{ code: 'COROSOCK_HANDED_OVER' }, { phase: 'handshake' }]]);
    written.stream.destroy();
  });

  it('reports a stream that another ws has upgraded, and leaves it alone', async () => {
    const report = vi.fn<NonNullable<HostOptions['report']>>();
    const host = hostOf(untilClosed, { report });
    const written = writtenStream();
    const others = new OtherServer({ noServer: true });
    others.handleUpgrade(await parseUpgrade(), written.stream, Buffer.alloc(0), () => {});
    const before = written.text();
    await upgrade(host, {}, written);
    expect([written.text(), written.stream.destroyed, host.sockets.size]).toEqual([before, false, 0]);
    expect(report.mock.calls).toMatchObject([[expect.any(Error), { phase: 'handshake' }]]);
    written.stream.destroy();
  });
});
