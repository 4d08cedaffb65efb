// How many clients a host takes: at once, by key, and without an admission.

import { limitByAddress } from 'corosock';
import type { Handler, HostOptions, ServerSocket } from 'corosock';
import { settle } from 'corosock/testing';
import { describe, expect, it, vi } from 'vitest';
import { drop, enterAll, open } from './limited-host.ts';
import type { Client } from './limited-host.ts';
import { MemoryHost } from '../fixtures/memory-host.ts';
import { ForeignPromise } from '../fixtures/patched-promise.ts';
import { parseUpgrade } from '../fixtures/parsed-request.ts';
import { writtenStream } from '../fixtures/written-stream.ts';
import type { WrittenStream } from '../fixtures/written-stream.ts';
import { REFUSALS, responseOf } from '../../src/handshake/refusal.ts';

const untilClosed: Handler = async (ws) => void (await ws.closed);
const FULL = responseOf(REFUSALS.full);
const UNADMITTED = responseOf(REFUSALS.unadmitted);

describe('maxSockets', () => {
  it('H15: takes 1,000 of 10,000 upgrades, and answers the others with 503 and Retry-After', async () => {
    const house = open(untilClosed, { maxSockets: 1000 });
    const request = await parseUpgrade();
    const all = Array.from({ length: 10_000 }, () => {
      const written = writtenStream();
      house.host.handleUpgrade(request, written.stream, Buffer.alloc(0));
      return written;
    });
    await settle();
    const answers = all.map(({ text }) => text());
    expect(answers.slice(0, 1000).every((text) => text.startsWith('HTTP/1.1 101 '))).toBe(true);
    expect(new Set(answers.slice(1000))).toEqual(new Set([FULL]));
    expect([FULL.includes('\r\nRetry-After: 5\r\n'), house.host.sockets.size]).toEqual([true, 1000]);
    for (const { stream } of all) stream.destroy();
  });

  it('makes nothing for a client that it refuses: no instance, no session, no hook', async () => {
    const made = vi.fn<() => void>();
    const get = vi.fn<() => Promise<undefined>>();
    class Counted {
      constructor() {
        made();
      }

      onPreServer(): void {
        made();
      }

      server = untilClosed;
    }
    const noop = async (): Promise<void> => {};
    const store = { get, set: noop, touch: noop, delete: noop };
    const house = open(Counted, { maxSockets: 1, sessions: { secret: 's'.repeat(32), store } });
    await house.enter();
    expect(made).toHaveBeenCalledTimes(2);
    expect((await house.enter({ headers: { Cookie: 'corosock.sid=s%3Aforged' } })).text()).toBe(FULL);
    expect([made.mock.calls.length, get.mock.calls.length, house.reports]).toEqual([2, 0, []]);
  });

  it('counts handshakes under way', async () => {
    const house = open({ server: untilClosed, onPreServer: () => new Promise(() => {}) }, { maxSockets: 2 });
    await enterAll(house, 2);
    expect((await house.enter()).text()).toBe(FULL);
  });

  it('is asked behind the route: a path that is not served is 404 in a full house, too', async () => {
    const house = open({ '/': untilClosed }, { maxSockets: 1 });
    await house.enter();
    expect([await house.status({ path: '/other' }), await house.status()]).toEqual([
      [404, undefined],
      [503, 5],
    ]);
  });

  it('is Infinity by default', async () => {
    const house = open(untilClosed);
    expect((await enterAll(house, 50)).every(({ text }) => text().includes(' 101 '))).toBe(true);
  });
});

describe('limitBy', () => {
  const byUser: HostOptions['limitBy'] = ({ headers }) => ({ key: String(headers['x-user']), maxSockets: 2 });
  const user = (name: string): Client => ({ headers: { 'X-User': name } });

  it('answers 429 beyond the sockets of a key, and leaves other keys alone', async () => {
    const house = open(untilClosed, { limitBy: byUser });
    await enterAll(house, 2, user('ann'));
    expect([await house.status(user('ann')), await house.status(user('bob'))]).toEqual([
      [429, 5],
      [101, undefined],
    ]);
  });

  it.each([
    [1000, 1],
    [1001, 2],
    [100, 1],
    [60_000, 60],
    [60_001, 61],
  ])('answers 429 beyond a handshake in %d ms, to come again after %d s', async (perMs, seconds) => {
    const limitBy = (): object => ({ key: 'all', handshakes: { count: 1, perMs } });
    const house = open(untilClosed, { limitBy: limitBy as HostOptions['limitBy'] & object });
    await house.enter();
    expect(await house.status()).toEqual([429, seconds]);
    await house.clock.advance(seconds * 1000);
    expect(await house.status()).toEqual([101, undefined]);
  });

  it('counts handshakes that are refused later, and none that it refuses itself', async () => {
    const server = { server: untilClosed, onPreServer: () => new Response(null, { status: 403 }) };
    const limitBy: HostOptions['limitBy'] = () => ({ key: 'all', handshakes: { count: 2, perMs: 1000 } });
    const house = open(server, { limitBy });
    const statuses: number[] = [];
    for (let i = 0; i < 4; i++) statuses.push((await house.status())[0]);
    await house.clock.advance(1000);
    for (let i = 0; i < 3; i++) statuses.push((await house.status())[0]);
    expect(statuses).toEqual([403, 403, 429, 429, 403, 403, 429]);
  });

  it('is not asked for a path that is not served, nor in a full house', async () => {
    const limitBy = vi.fn<NonNullable<HostOptions['limitBy']>>();
    const house = open({ '/': untilClosed }, { limitBy, maxSockets: 1 });
    await house.enter({ path: '/other' });
    await house.enter();
    await house.enter();
    expect(limitBy).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['null', () => null, 'COROSOCK_ARGUMENT'],
    ['a key that is no string', () => ({ key: 5 }), 'COROSOCK_ARGUMENT'],
    ['a promise', async () => ({ key: 'a' }), 'COROSOCK_ARGUMENT'],
    ['a promise that rejects', async () => Promise.reject(new Error('late')), 'COROSOCK_ARGUMENT'],
    [
      'a promise of another realm that rejects',
      () => ForeignPromise.reject(new Error('late')),
      'COROSOCK_ARGUMENT',
    ],
    ['a limit below 1', () => ({ key: 'a', maxSockets: 0 }), 'COROSOCK_ARGUMENT'],
    [
      'an error',
      () => {
        throw new Error('of the user');
      },
      undefined,
    ],
  ])(
    'answers 500 where it gives %s, and reports it once a minute; no slot is taken',
    async (_, limitBy, code) => {
      const bad: unknown = limitBy;
      const house = open(untilClosed, { limitBy: bad as HostOptions['limitBy'] & object, maxSockets: 1 });
      expect([await house.status(), await house.status()]).toEqual([
        [500, undefined],
        [500, undefined],
      ]);
      expect(house.reports.map(([error, phase]) => [(error as { code?: string }).code, phase])).toEqual([
        [code, 'limitBy'],
      ]);
      await house.clock.advance(60_000);
      expect(house.reports.map(([error]) => (error as { count?: number }).count)).toEqual([undefined, 1]);
    },
  );

  it('keeps no timer after host.close', async () => {
    const limitBy: HostOptions['limitBy'] = () => ({ key: 'all', handshakes: { count: 1, perMs: 60_000 } });
    const house = open(untilClosed, { limitBy });
    await drop(await house.enter());
    expect(house.clock.timers).toBe(1);
    await house.host.close();
    expect(house.clock.timers).toBe(0);
  });
});

describe('limitByAddress', () => {
  it('H16: counts by the address of the link, whatever a header says', async () => {
    const house = open(untilClosed, { limitBy: limitByAddress({ maxSockets: 2 }) });
    const statuses: number[] = [];
    for (const forged of ['192.0.2.1', '192.0.2.2', '192.0.2.3']) {
      const headers = { 'X-Forwarded-For': forged, Forwarded: `for=${forged}` };
      statuses.push((await house.status({ address: '198.51.100.7', headers }))[0]);
    }
    expect(statuses).toEqual([101, 101, 429]);
  });

  it('counts all addresses of a /64 together, and an IPv4 address in each form', async () => {
    const house = open(untilClosed, { limitBy: limitByAddress({ maxSockets: 1 }) });
    const statuses: number[] = [];
    for (const address of [
      '2001:db8::1',
      '2001:db8::2',
      '2001:db8:0:1::1',
      '192.0.2.1',
      '::ffff:192.0.2.1',
    ]) {
      statuses.push((await house.status({ address }))[0]);
    }
    expect(statuses).toEqual([101, 429, 101, 101, 429]);
  });
});

describe('ws.admit', () => {
  /** Admits its client with the first message of the spec's choice. */
  const admitting =
    (sockets: ServerSocket[]): Handler =>
    async (ws) => {
      sockets.push(ws);
      await ws.closed;
    };

  it('changes nothing where no handler calls it', async () => {
    const house = open(untilClosed, { maxUnadmitted: 1 });
    await enterAll(house, 5);
    expect(await house.status()).toEqual([101, undefined]);
  });

  it('bounds the sockets of its route that are not admitted, from the first call on', async () => {
    const sockets: ServerSocket[] = [];
    const house = open({ '/': admitting(sockets), '/other': untilClosed }, { maxUnadmitted: 2 });
    await enterAll(house, 3);
    sockets[0]?.admit();
    const answers = [(await house.enter()).text(), await house.status({ path: '/other' })];
    expect(answers).toEqual([UNADMITTED, [101, undefined]]);
    sockets[1]?.admit();
    expect([await house.status(), await house.status()]).toEqual([
      [101, undefined],
      [503, 5],
    ]);
  });

  it('counts once, and not after the end', async () => {
    const sockets: ServerSocket[] = [];
    const house = open(admitting(sockets), { maxUnadmitted: 2 });
    const [first] = await enterAll(house, 2);
    sockets[1]?.admit();
    sockets[1]?.admit();
    await drop(first as WrittenStream);
    sockets[0]?.admit();
    expect((await enterAll(house, 3)).map(({ text }) => text().split(' ', 2)[1])).toEqual([
      '101',
      '101',
      '503',
    ]);
  });

  it('counts handshakes under way, and each end of an admitted or unadmitted socket', async () => {
    const sockets: ServerSocket[] = [];
    const server = { server: admitting(sockets), onPreServer: () => settle() };
    const house = open(server, { maxUnadmitted: 3 });
    const [a, b] = await enterAll(house, 2);
    await settle();
    sockets[0]?.admit();
    await drop(a as WrittenStream);
    await drop(b as WrittenStream);
    const entered = Array.from({ length: 4 }, () => house.enter());
    const answers = (await Promise.all(entered)).map(({ text }) => text().split(' ', 2)[1]);
    await settle();
    expect([answers.filter((status) => status === '503'), sockets.length]).toEqual([['503'], 5]);
  });

  it('counts the unadmitted sockets of all routes that call it together', async () => {
    const sockets: ServerSocket[] = [];
    const house = open({ '/a': admitting(sockets), '/b': admitting(sockets) }, { maxUnadmitted: 2 });
    for (const path of ['/a', '/b', '/a', '/b']) await house.enter({ path });
    sockets[0]?.admit();
    sockets[1]?.admit();
    expect([await house.status({ path: '/a' }), await house.status({ path: '/b' })]).toEqual([
      [503, 5],
      [503, 5],
    ]);
  });

  it('counts by its own slot also where limitBy gives one by key', async () => {
    const sockets: ServerSocket[] = [];
    const limitBy: HostOptions['limitBy'] = () => ({ key: 'all', maxSockets: 3 });
    const house = open(admitting(sockets), { maxUnadmitted: 1, limitBy });
    await house.enter();
    sockets[0]?.admit();
    await house.enter();
    expect([(await house.enter()).text()]).toEqual([UNADMITTED]);
    sockets[1]?.admit();
    expect([await house.status(), await house.status()]).toEqual([
      [101, undefined],
      [503, 5],
    ]);
  });

  it('works in memory, where nothing is counted', async () => {
    const { run } = new MemoryHost({ maxUnadmitted: 1 }).visit(untilClosed);
    expect(() => run.ws.admit()).not.toThrow();
  });
});
