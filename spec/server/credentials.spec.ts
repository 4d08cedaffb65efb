// Credentials that end while their socket lives: `handshake.expiresAt`, `ws.renew`, `onExpire` and
// the close with `expiryCode`. The life of a socket behind them is socket-life.spec.ts's.

import type { Handshake, HostOptions, ServerSocket, WebSocketServer } from 'corosock';
import { runServer, settle, virtualClock } from 'corosock/testing';
import type { ServerRun, VirtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { gist } from '../fixtures/memory-host.ts';

const MINUTE = 60_000;
const HOUR = 3_600_000;
const nowOf = (clock: VirtualClock): number => clock.wallTimeMs?.() ?? NaN;

interface Scene extends Pick<ServerRun, 'done' | 'host'> {
  readonly clock: VirtualClock;
  readonly client: Awaited<ServerRun['client']>;
  readonly ws: ServerSocket;
  readonly reports: unknown[];
}

/** Opens a socket whose credential ends in a minute. */
async function open(server: Partial<WebSocketServer> = {}, options: HostOptions = {}): Promise<Scene> {
  const clock = virtualClock();
  const reports: unknown[] = [];
  let socket: ServerSocket | undefined;
  const run = runServer(
    {
      onPreServer(handshake: Handshake) {
        handshake.expiresAt = nowOf(clock) + MINUTE;
        return { user: 'ann' };
      },
      async server(ws) {
        socket = ws;
        await ws.closed;
      },
      ...server,
    },
    { clock, report: (error, { phase }) => reports.push([phase, String(error)]), ...options },
  );
  const client = await run.client;
  if (socket === undefined) throw new Error('no socket');
  return { clock, client, ws: socket, reports, done: run.done, host: run.host };
}

describe('a credential that ends (S8)', () => {
  it('closes its socket with 4401 then, and not before', async () => {
    const { clock, client, ws, reports } = await open();
    await clock.advance(MINUTE - 1);
    expect(ws.closeInfo).toBe(undefined);
    await clock.advance(1);
    expect([gist(await ws.closed), gist(await client.closed), reports]).toEqual([
      [4401, 'session', true],
      [4401, 'peer', true],
      [],
    ]);
  });

  it.each([1008, 3000, 4999])('closes with the expiryCode %i of its host', async (expiryCode) => {
    const { clock, client } = await open({}, { expiryCode });
    await clock.advance(MINUTE);
    expect((await client.closed).code).toBe(expiryCode);
  });

  it('leaves no timer behind when its socket ends first', async () => {
    const { clock, client, done } = await open();
    expect(clock.timers).toBe(1);
    await client.close();
    await done;
    expect(clock.timers).toBe(0);
  });

  it('costs no timer where a hook sets none', async () => {
    const { clock } = await open({ onPreServer: () => ({}) });
    expect(clock.timers).toBe(0);
  });

  it('ends a shared socket whose handler has returned', async () => {
    const { clock, client } = await open({
      onPreServer(handshake) {
        handshake.sharedConnection = true;
        handshake.expiresAt = Date.now() + MINUTE;
      },
    });
    await clock.advance(2 * MINUTE);
    expect((await client.closed).code).toBe(4401);
  });

  it('waits for a credential that ends beyond the longest timer', async () => {
    const { clock, ws } = await open();
    ws.renew(nowOf(clock) + 2 ** 31 + MINUTE);
    // One step, because each minute is a step of its own.
    await clock.advance(10 * MINUTE);
    expect(ws.closeInfo).toBe(undefined);
  });

  it('never ends with Infinity', async () => {
    const { clock, ws } = await open();
    ws.renew(Infinity);
    await clock.advance(10 * MINUTE);
    expect([ws.closeInfo, clock.timers]).toEqual([undefined, 0]);
  });

  it.each([
    ['set back: the rest of the time is left', -HOUR, 2 * HOUR],
    ['set forward: it ends within a minute', HOUR, MINUTE],
  ])('follows a time of day that is %s', async (_, offsetMs, endsAfterMs) => {
    let setMs = 0;
    const clock = virtualClock();
    const wallTimeMs = (): number => clock.now() + setMs;
    const set = {
      now: () => clock.now(),
      setTimeout: (run: () => void, ms: number) => clock.setTimeout(run, ms),
      clearTimeout: (handle: unknown) => clock.clearTimeout(handle),
      setImmediate: (run: () => void) => clock.setImmediate(run),
      wallTimeMs,
    };
    const run = runServer(
      {
        onPreServer: (handshake) => void (handshake.expiresAt = wallTimeMs() + HOUR),
        server: async (ws) => void (await ws.closed),
      },
      { clock: set },
    );
    const client = await run.client;
    setMs = offsetMs;
    await clock.advance(endsAfterMs - 1);
    expect(client.closeInfo).toBe(undefined);
    await clock.advance(1);
    expect((await client.closed).code).toBe(4401);
  });

  it('refuses with 401 what has ended before the handshake', async () => {
    const { done } = runServer({
      onPreServer: (handshake) => void (handshake.expiresAt = Date.now() - 1),
      server: () => expect.unreachable(),
    });
    const outcome = await done;
    if (outcome.kind !== 'refused') expect.unreachable();
    expect([outcome.response.status, outcome.response.headers.get('www-authenticate')]).toEqual([
      401,
      'Bearer error="invalid_token"',
    ]);
    expect(await outcome.response.text()).toBe('The credential has expired\n');
  });

  it('is not asked about when its socket closes at the same moment', async () => {
    const asked: string[] = [];
    const { clock, client, ws } = await open({ onExpire: () => void asked.push('onExpire') });
    void ws.endServer(4000);
    await clock.advance(MINUTE);
    expect([(await client.closed).code, asked]).toEqual([4000, []]);
  });

  it('ends while its host drains', async () => {
    const { clock, client, host } = await open();
    void host.close({ graceMs: 2 * MINUTE });
    await clock.advance(MINUTE);
    expect((await client.closed).code).toBe(4401);
  });
});

describe('handshake.expiresAt', () => {
  it.each([[NaN], [-1], ['tomorrow'], [null], [new Date(0)]])('refuses %s', async (expiresAt) => {
    let error: unknown;
    await using run = runServer({
      onPreServer(handshake) {
        try {
          handshake.expiresAt = expiresAt as number;
        } catch (refused) {
          error = refused;
        }
        return handshake.expiresAt;
      },
      server: () => {},
    });
    await run.done;
    expect(error).toMatchObject({
      code: 'COROSOCK_ARGUMENT',
      message: expect.stringContaining(
        'handshake.expiresAt: expected milliseconds since 1970, ≥ 0',
      ) as string,
    });
  });

  it('can be read, changed and taken back while the hook runs, and not afterwards', async () => {
    const seen: unknown[] = [];
    let late: Handshake | undefined;
    const { client, clock } = await open({
      onPreServer(handshake) {
        seen.push(handshake.expiresAt);
        handshake.expiresAt = Date.now();
        handshake.expiresAt = undefined;
        seen.push(handshake.expiresAt);
        late = handshake;
      },
    });
    await clock.advance(MINUTE);
    expect([seen, client.closeInfo]).toEqual([[undefined, undefined], undefined]);
    expect(() => Object.assign(late ?? {}, { expiresAt: 1 })).toThrow(
      expect.objectContaining({ code: 'COROSOCK_TOO_LATE' }) as Error,
    );
  });
});

describe('ws.renew', () => {
  it('moves the end, back and forth', async () => {
    const { clock, client, ws } = await open();
    ws.renew(nowOf(clock) + 3 * MINUTE);
    await clock.advance(2 * MINUTE);
    expect(ws.closeInfo).toBe(undefined);
    ws.renew(nowOf(clock) + 1);
    await clock.advance(1);
    expect((await client.closed).code).toBe(4401);
  });

  it('replaces the context whole where one is given', async () => {
    const { clock, ws } = await open();
    const first = ws.context;
    ws.renew(nowOf(clock) + MINUTE);
    const kept = ws.context === first;
    const next = { role: 'admin' };
    ws.renew(nowOf(clock) + MINUTE, next);
    expect([kept, ws.context === next, ws.context]).toEqual([true, true, { role: 'admin' }]);
  });

  it('gives a credential to a socket that had none', async () => {
    const { clock, client, ws } = await open({ onPreServer: () => ({}) });
    ws.renew(nowOf(clock) + 1);
    await clock.advance(1);
    expect((await client.closed).code).toBe(4401);
  });

  it('to a time that has passed ends the socket in a later turn', async () => {
    const { clock, client, ws } = await open();
    ws.renew(0);
    expect(ws.closeInfo).toBe(undefined);
    await clock.advance(0);
    expect((await client.closed).code).toBe(4401);
  });

  it('only replaces the context of a socket that has ended', async () => {
    const { clock, client, ws } = await open();
    await client.close();
    ws.renew(nowOf(clock) + 1, 'last');
    expect([ws.context, clock.timers]).toEqual(['last', 0]);
  });

  it.each([[NaN], [-1], ['1'], [undefined]])('refuses %s, and changes nothing', async (expiresAt) => {
    const { ws } = await open();
    expect(() => ws.renew(expiresAt as number, 'other')).toThrow(
      /^ws\.renew\(\): expected milliseconds since 1970, ≥ 0, got /,
    );
    expect(ws.context).toEqual({ user: 'ann' });
  });
});

describe('onExpire', () => {
  it('keeps the socket when it renews, once for each end', async () => {
    const asked: unknown[] = [];
    const { clock, client, ws, reports } = await open({
      async onExpire(expired) {
        asked.push([expired.context, this !== undefined]);
        await Promise.resolve();
        if (asked.length < 3) expired.renew(nowOf(clock) + MINUTE, asked.length);
      },
    });
    await clock.advance(2 * MINUTE);
    expect([asked.length, ws.context, client.closeInfo]).toEqual([2, 2, undefined]);
    await clock.advance(MINUTE);
    expect([(await client.closed).code, asked.length, reports]).toEqual([4401, 3, []]);
  });

  it('serves messages while it decides', async () => {
    let decide = (): void => {};
    const { clock, client, ws } = await open({
      onExpire: (expired) =>
        new Promise((resolve) => {
          decide = () => {
            expired.renew(nowOf(clock) + MINUTE);
            resolve();
          };
        }),
    });
    await clock.advance(MINUTE);
    await client.write('Hello');
    expect(await ws.readMessage()).toEqual(['Hello', 'ok']);
    decide();
    await clock.advance(MINUTE - 1);
    expect(ws.closeInfo).toBe(undefined);
  });

  it('is reported when it throws, and closes', async () => {
    const { clock, client, reports } = await open({ onExpire: () => Promise.reject(new Error('no issuer')) });
    await clock.advance(MINUTE);
    expect([(await client.closed).code, reports]).toEqual([4401, [['onExpire', 'Error: no issuer']]]);
  });

  it('that throws keeps a socket that it has renewed', async () => {
    const { clock, client, reports } = await open({
      onExpire(ws) {
        ws.renew(nowOf(clock) + MINUTE);
        throw new Error('afterwards');
      },
    });
    await clock.advance(MINUTE);
    expect([client.closeInfo, reports.length]).toEqual([undefined, 1]);
  });

  it('has handshakeTimeoutMs, then the socket closes and a late renewal does nothing', async () => {
    let held: ServerSocket | undefined;
    const { clock, client, reports } = await open(
      {
        onExpire(ws) {
          held = ws;
          return new Promise(() => {});
        },
      },
      { handshakeTimeoutMs: 500 },
    );
    await clock.advance(MINUTE + 499);
    expect(client.closeInfo).toBe(undefined);
    await clock.advance(1);
    held?.renew(nowOf(clock) + MINUTE);
    expect([(await client.closed).code, reports]).toEqual([
      4401,
      [['onExpire', 'Error: onExpire has not settled in 500 ms']],
    ]);
  });

  it('is not reported for an end of its socket that leaves it', async () => {
    const { clock, client, reports } = await open({
      onExpire: (ws) =>
        new Promise((_, reject) =>
          ws.signal.addEventListener('abort', () => reject(ws.signal.reason as Error)),
        ),
    });
    await clock.advance(MINUTE);
    await client.close();
    await settle();
    expect([reports, clock.timers]).toEqual([[], 0]);
  });

  it('that never settles leaves no timer behind its socket, and is not reported', async () => {
    const { clock, client, done, reports } = await open({ onExpire: () => new Promise(() => {}) });
    await clock.advance(MINUTE);
    client.terminate();
    await done;
    expect(clock.timers).toBe(0);
    await clock.advance(MINUTE);
    expect(reports).toEqual([]);
  });

  it('has to be a function', () => {
    const server = { server: () => {}, onExpire: 'later' };
    expect(() => runServer(server as never)).toThrow(/onExpire: expected a function, got "later"/);
  });
});
