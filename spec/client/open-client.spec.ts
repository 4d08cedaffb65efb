// The opening of one socket: its outcome, its time-out, and that nothing is left.

import { getEventListeners } from 'node:events';
import { settle } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { NODE_WIRE } from '../../src/client/node-options.ts';
import { recordCrashes } from '../fixtures/process-events.ts';
import { scriptedClient } from './scripted-connector.ts';
import { ConnectError } from '../../src/core/errors.ts';
import { memoryLink } from '../../src/transport/memory-transport.ts';

const URL_GIVEN = 'https://host/chat?token=1';

describe('connect', () => {
  it('resolves with a socket that has its url and protocol', async () => {
    const { connect, clock, attempt } = scriptedClient();
    const opening = connect(URL_GIVEN, { clock, protocols: ['chat', 'echo'] });
    attempt().opens();
    const ws = await opening;
    expect([ws.url, ws.protocol, clock.timers]).toEqual(['wss://host/chat?token=1', 'chat', 0]);
  });

  it('ends by its heartbeat when the server is lost without a close', async () => {
    const { connect, clock, attempt } = scriptedClient({
      unknown: [],
      own: {},
      overflow: 'pause',
      wire: NODE_WIRE,
    });
    const opening = connect(URL_GIVEN, { clock, heartbeat: { intervalMs: 1000, timeoutMs: 500 } });
    const [near, far] = memoryLink();
    far.pause();
    attempt().opensOver(near);
    const ws = await opening;
    await clock.advance(1500);
    expect(ws.closeInfo).toMatchObject({ code: 1006, by: 'heartbeat', clean: false });
  });

  it('keeps messages that the server sends before the first read', async () => {
    const { connect, clock, attempt } = scriptedClient();
    const opening = connect(URL_GIVEN, { clock });
    const server = attempt().opens();
    await server.write('first');
    await server.write('second');
    void server.close(4000, 'bye');
    await settle();
    const ws = await opening;
    expect([await ws.read(), await ws.read(), await ws.read()]).toEqual([
      ['first', 'ok'],
      ['second', 'ok'],
      [undefined, 'closed'],
    ]);
    expect(ws.closeInfo).toMatchObject({ code: 4000, reason: 'bye', by: 'peer' });
  });

  it('closes at the end of its scope', async () => {
    const { connect, clock, attempt } = scriptedClient();
    const opening = connect(URL_GIVEN, { clock });
    const server = attempt().opens();
    {
      await using ws = await opening;
      void ws.write('hello');
    }
    expect(await server.read()).toEqual(['hello', 'ok']);
    expect(await server.closed).toMatchObject({ code: 1000, by: 'peer' });
  });

  it('has the status of an answer whose body does not end within timeoutMs', async () => {
    const { connect, clock, attempt } = scriptedClient();
    const opening = connect(URL_GIVEN, { clock, timeoutMs: 100 });
    const error = new ConnectError(503, { body: 'half' });
    attempt().halfRefusal = error;
    await clock.advance(100);
    await expect(opening).rejects.toBe(error);
    expect([attempt().isCancelled, clock.timers]).toEqual([true, 0]);
  });

  it.each(['refused', 'too late'])(
    'rejects with an error that leads to the line of the call: %s',
    async (how) => {
      const { connect, clock, attempt } = scriptedClient();
      const opening = connect(URL_GIVEN, { clock }).catch((error: unknown) => error);
      if (how === 'refused') attempt().fails(503);
      else await clock.advance(10_000);
      const { stack = '', message } = (await opening) as Error;
      const [first, second] = stack.split('\n');
      expect([first, second?.includes('open-client.spec.ts')]).toEqual([`ConnectError: ${message}`, true]);
    },
  );

  it.each([403, undefined])('rejects with a ConnectError that has the status: %s', async (status) => {
    const { connect, clock, attempt } = scriptedClient();
    const opening = connect(URL_GIVEN, { clock });
    attempt().fails(status);
    await expect(opening).rejects.toMatchObject({ name: 'ConnectError', code: 'COROSOCK_CONNECT', status });
    expect(clock.timers).toBe(0);
  });

  it.each([
    [undefined, 10_000],
    [1500, 1500],
    [0, 0],
  ])('gives up after timeoutMs of %s: %d ms', async (timeoutMs, ms) => {
    const { connect, clock, attempt } = scriptedClient();
    const opening = connect(URL_GIVEN, { clock, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
    await clock.advance(Math.max(ms - 1, 0));
    expect(attempt().isCancelled).toBe(ms === 0);
    await clock.advance(1);
    await expect(opening).rejects.toThrow(`The handshake failed: no answer within ${ms} ms`);
    expect([attempt().isCancelled, clock.timers]).toEqual([true, 0]);
  });

  it('rejects with the reason of its signal, and leaves no socket, timer or listener', async () => {
    const { connect, clock, attempt } = scriptedClient();
    const controller = new AbortController();
    const { signal } = controller;
    const opening = connect(URL_GIVEN, { clock, signal });
    controller.abort('no more');
    await expect(opening).rejects.toBe('no more');
    expect([attempt().isCancelled, clock.timers, getEventListeners(signal, 'abort')]).toEqual([true, 0, []]);
  });

  it('does not begin if its signal is already aborted', async () => {
    const { connect, clock, attempts } = scriptedClient();
    await expect(connect(URL_GIVEN, { clock, signal: AbortSignal.abort('no more') })).rejects.toBe('no more');
    expect(attempts).toEqual([]);
  });

  it.each(['opens', 'fails'] as const)(
    'leaves no listener when the link %s, and does not touch an open socket',
    async (how) => {
      const { connect, clock, attempt } = scriptedClient();
      const controller = new AbortController();
      const { signal } = controller;
      const opening = connect(URL_GIVEN, { clock, signal });
      attempt()[how]();
      const ws = await opening.catch(() => undefined);
      const left = getEventListeners(signal, 'abort').length;
      controller.abort();
      await settle();
      expect([left, ws?.closeInfo, attempt().isCancelled]).toEqual([0, undefined, false]);
    },
  );

  it('causes no unhandled rejection when it is not awaited', async () => {
    using crashes = recordCrashes();
    const { connect, clock, attempt } = scriptedClient();
    void connect(URL_GIVEN, { clock });
    attempt().fails(500);
    void connect('nowhere');
    await settle();
    expect(crashes.errors).toEqual([]);
  });
});
