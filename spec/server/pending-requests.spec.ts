// Connections to `serve` whose request is not whole in time: on ports, under a virtual clock.

import { serve } from 'corosock';
import type { Host, WebSocketServer } from 'corosock';
import { settle, virtualClock } from 'corosock/testing';
import type { VirtualClock } from 'corosock/testing';
import { describe, expect, it, vi } from 'vitest';
import { until, untilStill } from '../faults/until.ts';
import { writtenStream } from '../fixtures/written-stream.ts';
import { connectRaw, openRaw, upgradeRequest } from '../peers/raw-client.ts';
import { PendingRequests } from '../../src/server/pending-requests.ts';
import { REFUSALS, responseOf } from '../../src/handshake/refusal.ts';

const TIMEOUT_MS = 5000;
const REQUEST = upgradeRequest();

interface Site extends AsyncDisposable {
  readonly host: Host;
  readonly clock: VirtualClock;
  readonly hook: () => void;
}

/** Serves with a hook that counts its calls. */
async function site(server: Partial<WebSocketServer> = {}): Promise<Site> {
  const clock = virtualClock();
  const hook = vi.fn<() => void>();
  const all = { onPreServer: hook, server: () => {}, ...server };
  const host = await serve(all, { clock, handshakeTimeoutMs: TIMEOUT_MS, heartbeat: false });
  return { host, clock, hook, [Symbol.asyncDispose]: () => host[Symbol.asyncDispose]() };
}

/** Waits until what was sent has been read. */
async function arrived(): Promise<void> {
  await untilStill(() => 0);
}

describe('H1: a connection', () => {
  it.each([
    ['that says nothing', ''],
    ['with half a line', 'GET / HT'],
    ['with half a header', REQUEST.slice(0, -4)],
    ['with empty lines before its request', '\r\n\r\n'],
  ])('%s gets 408 after handshakeTimeoutMs, and is closed', async (_, sent) => {
    await using told = await site();
    using slow = await connectRaw(told.host.port);
    await slow.send(sent);
    await arrived();
    await told.clock.advance(TIMEOUT_MS - 1);
    await arrived();
    expect(slow.unreadBytes).toBe(0);
    await told.clock.advance(1);
    expect([(await slow.answer()).status, await slow.untilClosed()]).toEqual([408, 'fin']);
  });

  it('gets no more time with a byte now and then, nor with a late first one', async () => {
    await using told = await site();
    using slow = await connectRaw(told.host.port);
    await arrived();
    for (const byte of 'GET /') {
      await told.clock.advance(TIMEOUT_MS / 5);
      await slow.send(byte);
      await arrived();
    }
    expect((await slow.answer()).status).toBe(408);
  });

  it('gets no handshake when the rest comes after its 408', async () => {
    await using told = await site();
    using slow = await connectRaw(told.host.port);
    await slow.send(REQUEST.slice(0, -2));
    await arrived();
    await told.clock.advance(TIMEOUT_MS);
    expect((await slow.answer()).status).toBe(408);
    await slow.send(REQUEST.slice(-2));
    await arrived();
    expect([slow.unreadBytes, told.host.sockets.size]).toEqual([0, 0]);
    expect(told.hook).not.toHaveBeenCalled();
  });

  it('is cut a second after its 408 where the client does not hang up', async () => {
    await using told = await site();
    using slow = await connectRaw(told.host.port);
    await arrived();
    await told.clock.advance(TIMEOUT_MS);
    await slow.untilClosed();
    await told.clock.advance(1000);
    let isCut = false;
    await until(() => {
      void slow.send('x').catch(() => {
        isCut = true;
      });
      return isCut;
    });
    expect(slow.end).toBe('fin');
  });

  it('has its time from when it came: each one its own', async () => {
    await using told = await site();
    using first = await connectRaw(told.host.port);
    await arrived();
    await told.clock.advance(1000);
    using second = await connectRaw(told.host.port);
    await arrived();
    await told.clock.advance(TIMEOUT_MS - 1000);
    await first.untilClosed();
    await arrived();
    expect(second.end).toBe(undefined);
    await told.clock.advance(1000);
    expect((await second.answer()).status).toBe(408);
  });

  it('that has sent its request whole is left alone', async () => {
    await using told = await site({ server: async (ws) => void (await ws.closed) });
    using client = await openRaw(told.host.port);
    await told.clock.advance(10 * TIMEOUT_MS);
    await arrived();
    expect([client.end, told.host.sockets.size, told.clock.timers]).toEqual([undefined, 1, 0]);
  });

  it('leaves no timer once its host is closed', async () => {
    const told = await site();
    using slow = await connectRaw(told.host.port);
    await arrived();
    expect(told.clock.timers).toBe(1);
    await told.host.close();
    await slow.untilClosed();
    expect(told.clock.timers).toBe(0);
  });
});

describe('PendingRequests', () => {
  it('forgets a connection that is closed before', async () => {
    const clock = virtualClock();
    const requests = new PendingRequests(clock, TIMEOUT_MS);
    const written = writtenStream();
    requests.begin(written.stream);
    written.stream.destroy();
    await settle();
    expect(requests.end(written.stream)).toBe(false);
    await clock.advance(TIMEOUT_MS);
    expect([written.text(), clock.timers]).toEqual(['', 0]);
  });

  it('leaves no listener on a stream whose request is whole', () => {
    const requests = new PendingRequests(virtualClock(), TIMEOUT_MS);
    const { stream } = writtenStream();
    const before = stream.listenerCount('close');
    requests.begin(stream);
    expect([requests.end(stream), requests.end(stream), stream.listenerCount('close')]).toEqual([
      true,
      false,
      before,
    ]);
  });

  it('has one timer for all connections, and looks again at those that are not due', async () => {
    const clock = virtualClock();
    const requests = new PendingRequests(clock, TIMEOUT_MS);
    const all = [writtenStream(), writtenStream()];
    for (const { stream } of all) {
      requests.begin(stream);
      await clock.advance(1000);
    }
    expect(clock.timers).toBe(1);
    await clock.advance(TIMEOUT_MS - 2000);
    expect(all.map(({ text }) => text())).toEqual([responseOf(REFUSALS.tooLate), '']);
    await clock.advance(1000);
    expect(all[1]?.text()).toBe(responseOf(REFUSALS.tooLate));
    for (const { stream } of all) stream.destroy();
  });
});
