// One socket after another: when the next attempt is made, and which ends are final. Waits are the
// longest that jitter allows, unless the spec says so.

import { settle } from 'corosock/testing';
import type { ClientSocket, ConnectEachOptions } from 'corosock/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ConnectedSocket } from '../../src/socket/client-socket.ts';
import { ConnectError } from '../../src/core/errors.ts';
import { loop } from './scripted-loop.ts';

beforeEach(() => void vi.spyOn(Math, 'random').mockReturnValue(1));
afterEach(() => void vi.restoreAllMocks());

describe('connect.each', () => {
  it('makes the first attempt at the first next, at once', async () => {
    const { sockets, attempts, clock, round } = loop();
    await settle();
    expect([attempts.length, sockets[Symbol.asyncIterator]()]).toEqual([0, sockets]);
    const { ws } = await round();
    expect([attempts.length, ws.url, clock.now()]).toEqual([1, 'ws://host/', 0]);
  });

  it('makes another attempt after each failure, after waits that double up to 30 s', async () => {
    const { sockets, attempts, attempt, clock } = loop();
    void sockets.next();
    const waits: number[] = [];
    for (let failures = 0; failures < 10; failures += 1) {
      await settle();
      const failedMs = clock.now();
      attempt().fails(503);
      await clock.advance(30_000);
      waits.push(attempt().atMs - failedMs);
    }
    expect(waits).toEqual([200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
    expect(attempts).toHaveLength(11);
  });

  it.each([
    [0, 100],
    [0.5, 150],
  ])('waits at random: %d gives %d ms', async (random, ms) => {
    vi.mocked(Math.random).mockReturnValue(random);
    const { sockets, attempts, attempt, clock } = loop();
    void sockets.next();
    await settle();
    attempt().fails();
    await clock.advance(ms - 1);
    expect(attempts).toHaveLength(1);
    await clock.advance(1);
    expect(attempts).toHaveLength(2);
  });

  it('keeps the limits of its options', async () => {
    const { sockets, attempt, clock } = loop({ minDelayMs: 10, maxDelayMs: 30 });
    void sockets.next();
    const waits: number[] = [];
    for (let failures = 0; failures < 3; failures += 1) {
      await settle();
      const failedMs = clock.now();
      attempt().fails();
      await clock.advance(30);
      waits.push(attempt().atMs - failedMs);
    }
    expect(waits).toEqual([20, 30, 30]);
  });

  it.each([
    [{}, 4999, 400],
    [{}, 5000, 200],
    [{ steadyAfterMs: 7 }, 6, 400],
    [{ steadyAfterMs: 7 }, 7, 200],
    [{ steadyAfterMs: 0 }, 0, 200],
  ])(
    'begins again with the first wait after a connection that lived for steadyAfterMs: %j, %d ms',
    async (options, livedMs, waitMs) => {
      const { sockets, attempt, clock, round } = loop(options);
      const first = sockets.next();
      await settle();
      attempt().fails();
      await clock.advance(200);
      const server = attempt().opens();
      await first;
      await clock.advance(livedMs);
      server.terminate();
      // What the loop does after the end does not count.
      await clock.advance(60_000);
      const askedMs = clock.now();
      await round();
      expect(attempt().atMs - askedMs).toBe(waitMs);
    },
  );

  it.each<[string, (ws: ClientSocket, server: ConnectedSocket) => unknown]>([
    ['1000 of the server', (_, server) => server.close(1000)],
    ['1001 of the server', (_, server) => server.close(1001)],
    ['1011 of the server', (_, server) => server.close(1011)],
    ['1012 of the server', (_, server) => server.close(1012)],
    ['4000 of the server', (_, server) => server.close(4000)],
    ['a lost link', (_, server) => server.terminate()],
    ['a close of its own', (ws) => ws.close(4000)],
    ['a terminate of its own', (ws) => ws.terminate()],
  ])('makes another attempt after %s', async (_, end) => {
    const { attempts, round } = loop();
    const { ws, server } = await round();
    end(ws, server);
    await settle();
    await round();
    expect(attempts).toHaveLength(2);
  });

  it('closes a socket that is still open at the next next', async () => {
    const { round } = loop();
    const { ws, server } = await round();
    await round();
    expect(ws.closeInfo).toMatchObject({ code: 1000, clean: true, by: 'local' });
    expect(server.closeInfo).toMatchObject({ code: 1000, by: 'peer' });
  });

  it('calls the function for the URL before each attempt', async () => {
    let tokens = 0;
    const { attempts, attempt, sockets, clock } = loop(
      {},
      async () => `https://host/?token=${(tokens += 1)}`,
    );
    void sockets.next();
    await settle();
    attempt().fails();
    await clock.advance(200);
    expect(attempts.map(({ target }) => target.url.href)).toEqual([
      'wss://host/?token=1',
      'wss://host/?token=2',
    ]);
  });

  it.each([400, 401, 403, 404])('ends with the error of an answer that is final: %d', async (status) => {
    const { sockets, attempt, attempts, clock } = loop();
    const next = sockets.next();
    await settle();
    attempt().fails(status);
    await expect(next).rejects.toMatchObject({ code: 'COROSOCK_CONNECT', status });
    expect([await sockets.next(), attempts.length, clock.timers]).toEqual([
      { done: true, value: undefined },
      1,
      0,
    ]);
  });

  it.each([1002, 1003, 1007, 1008, 1009, 1010])(
    'ends with the error of a close that is for good: %d',
    async (code) => {
      const { sockets, attempts, clock, round } = loop();
      const { server } = await round();
      void server.close(code, 'never again');
      await settle();
      await expect(sockets.next()).rejects.toMatchObject({
        code: 'COROSOCK_CONNECTION_LOST',
        closeInfo: { code, reason: 'never again', by: 'peer' },
      });
      expect([await sockets.next(), attempts.length, clock.timers]).toEqual([
        { done: true, value: undefined },
        1,
        0,
      ]);
    },
  );

  it('ends with the error of the function for the URL, unless it is a ConnectError that is not final', async () => {
    const errors = [new ConnectError(undefined), new ConnectError(503), new ConnectError(401)];
    const { sockets, attempts, clock } = loop({}, () =>
      Promise.reject(errors.shift() ?? new Error('asked again')),
    );
    const next = sockets.next();
    await clock.advance(600);
    await expect(next).rejects.toMatchObject({ status: 401 });
    expect([errors, attempts]).toEqual([[], []]);
  });

  it.each([
    ['an error', new Error('no token'), 'no token'],
    ['what is no object', 'no token', 'no token'],
    ['null', null, null],
    [
      'what throws when it is looked at',
      new Proxy(
        {},
        {
          has: () => {
            throw new Error('no');
          },
        },
      ),
      'itself',
    ],
    [
      'an error with a code of its own',
      Object.assign(new Error('no host'), { code: 'ENOTFOUND' }),
      'no host',
    ],
  ])('ends with %s of the function for the URL', async (_, error, message) => {
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- users may throw anything
    const { sockets, attempts } = loop({}, () => Promise.reject(error));
    await expect(sockets.next()).rejects.toSatisfy((thrown) => thrown === error, String(message));
    expect([await sockets.next(), attempts]).toEqual([{ done: true, value: undefined }, []]);
  });

  it('ends with a UsageError if the function gives a wrong URL', async () => {
    const { sockets } = loop({}, () => 'ftp://host');
    await expect(sockets.next()).rejects.toThrow('connect.each(): expected url to begin with ws:');
  });

  it('calls onRetry before each wait with the cause and the delay', async () => {
    const told: unknown[] = [];
    const onRetry: ConnectEachOptions['onRetry'] = ({ message }, delayMs) => told.push([message, delayMs]);
    const { attempt, sockets, clock, round } = loop({ onRetry });
    const first = sockets.next();
    await settle();
    attempt().fails(503);
    await clock.advance(200);
    attempt().opens().terminate();
    await first;
    await round();
    expect(told).toEqual([
      ['The handshake was answered with 503', 200],
      ['The conversation ended with close code 1006 by link', 400],
    ]);
  });

  it('ends with the error that onRetry throws', async () => {
    const { attempt, sockets, clock } = loop({
      onRetry: () => {
        throw new Error('enough');
      },
    });
    const next = sockets.next();
    await settle();
    attempt().fails();
    await expect(next).rejects.toThrow('enough');
    expect([await sockets.next(), clock.timers]).toEqual([{ done: true, value: undefined }, 0]);
  });

  it('refuses a second next while one waits, and continues', async () => {
    const { sockets, attempt } = loop();
    const next = sockets.next();
    await expect(sockets.next()).rejects.toMatchObject({ code: 'COROSOCK_CONCURRENT_NEXT' });
    await settle();
    attempt().opens();
    expect((await next).done).toBe(false);
  });

  it.each([
    ['an answer', undefined, 60_000],
    ['a close', 'retry-after=60', 60_000],
  ])('waits at least as long as %s asks, and up to half as long on top', async (_, reason, askedMs) => {
    const told: number[] = [];
    const { sockets, attempt, attempts, clock, round } = loop({
      onRetry: (_cause, ms) => void told.push(ms),
    });
    if (reason === undefined) {
      void sockets.next();
      await settle();
      attempt().fails(503, { retryAfterMs: askedMs });
    } else {
      void (await round()).server.close(1012, reason);
      await settle();
      void sockets.next();
    }
    await settle();
    const beganMs = clock.now();
    await clock.advance(askedMs * 2);
    expect([told, attempts.length]).toEqual([[askedMs * 1.5], 2]);
    expect(attempt().atMs - beganMs).toBe(askedMs * 1.5);
    vi.mocked(Math.random).mockReturnValue(0);
    attempt().fails(429, { retryAfterMs: 1000 });
    await settle();
    expect(told.at(-1)).toBe(1100);
  });

  it('asks isFinal about failed attempts and ends, and about no end of its own', async () => {
    const asked: unknown[] = [];
    const isFinal = (error: unknown): undefined => void asked.push(error);
    const { sockets, attempt, clock, round } = loop({ isFinal });
    void sockets.next();
    await settle();
    attempt().fails(301);
    await clock.advance(200);
    attempt().opens();
    await settle();
    const { server } = await round();
    expect(asked).toMatchObject([{ status: 301 }]);
    void server.close(4403);
    await settle();
    await round();
    expect(asked).toMatchObject([{ status: 301 }, { closeInfo: { code: 4403 } }]);
  });

  it('ends with the error of isFinal, or where that says so', async () => {
    const no = loop({ isFinal: (error) => error instanceof ConnectError && error.status === 301 });
    const next = no.sockets.next();
    await settle();
    no.attempt().fails(301, { headers: { location: 'ws://elsewhere/' } });
    await expect(next).rejects.toMatchObject({ status: 301, headers: { location: 'ws://elsewhere/' } });
    const broken = loop({
      isFinal: () => {
        throw new Error('enough');
      },
    });
    const failing = broken.sockets.next();
    await settle();
    broken.attempt().fails();
    await expect(failing).rejects.toThrow('enough');
    expect(await broken.sockets.next()).toEqual({ done: true, value: undefined });
  });

  it('does not ask isFinal about the reason of its signal', async () => {
    const asked: unknown[] = [];
    const controller = new AbortController();
    const { signal } = controller;
    const { sockets } = loop(
      { signal, isFinal: (error) => asked.push(error) === 0 },
      () => new Promise(() => {}),
    );
    const next = sockets.next();
    await settle();
    controller.abort('no more');
    await expect(next).rejects.toBe('no more');
    expect(asked).toEqual([]);
  });

  it('shows the line of the loop in the error of a final close', async () => {
    const { sockets, round } = loop();
    void (await round()).server.close(1008);
    await settle();
    const error: unknown = await sockets.next().catch((reason: unknown) => reason);
    expect((error as Error).stack).toContain('scripted-loop.ts');
  });
});
