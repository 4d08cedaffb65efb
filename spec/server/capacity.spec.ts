// How many clients a host takes: at once, without an admission, and by key. Streams in memory and a
// virtual clock; each way for a handshake or a socket to end gives its slot back once.

import { limitByAddress } from 'corosock';
import type { Handler, HostOptions, Routes, ServerSocket, WebSocketServer } from 'corosock';
import { settle, virtualClock } from 'corosock/testing';
import type { VirtualClock } from 'corosock/testing';
import { describe, expect, it, vi } from 'vitest';
import { MemoryHost } from '../fixtures/memory-host.ts';
import { parseUpgrade } from '../fixtures/parsed-request.ts';
import { writtenStream } from '../fixtures/written-stream.ts';
import type { WrittenStream } from '../fixtures/written-stream.ts';
import { REFUSALS, responseOf } from '../../src/handshake/refusal.ts';
import { settingsOf } from '../../src/server/host-options.ts';
import { RouteTable } from '../../src/server/routes.ts';
import { ServingHost } from '../../src/server/serving-host.ts';

const untilClosed: Handler = async (ws) => void (await ws.closed);
const FULL = responseOf(REFUSALS.full);
const UNADMITTED = responseOf(REFUSALS.unadmitted);

/** What a client is, so far as the limits see it. */
interface Client {
  readonly path?: string;
  readonly address?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface House {
  readonly host: ServingHost;
  readonly clock: VirtualClock;
  readonly reports: Array<readonly [error: unknown, phase: string]>;
  /** Hands an upgrade over, and waits until nothing more happens. */
  readonly enter: (client?: Client, written?: WrittenStream) => Promise<WrittenStream>;
  /** Hands an upgrade over. @returns Its status, and the seconds of `Retry-After`. */
  readonly status: (client?: Client) => Promise<readonly [status: number, retryAfter: number | undefined]>;
}

function open(routes: Routes, options: HostOptions = {}): House {
  const clock = virtualClock();
  const reports: Array<readonly [error: unknown, phase: string]> = [];
  const report: HostOptions['report'] = (error, { phase }) => reports.push([error, phase]);
  const settings = settingsOf('spec', { clock, heartbeat: false, report, ...options });
  const host = new ServingHost(new RouteTable(routes), settings, {
    address: undefined,
    close: async () => {},
  });
  const enter = async (
    { path = '/', address, headers = {} }: Client = {},
    written = writtenStream(),
  ): Promise<WrittenStream> => {
    const request = await parseUpgrade({ requestLine: `GET ${path} HTTP/1.1`, headers });
    Object.defineProperty(request.socket, 'remoteAddress', { value: address });
    host.handleUpgrade(request, written.stream, Buffer.alloc(0));
    await settle();
    return written;
  };
  const status = async (client?: Client): Promise<readonly [number, number | undefined]> => {
    const text = (await enter(client)).text();
    const [, seconds] = /^Retry-After: (\d+)\r$/m.exec(text) ?? [];
    return [Number(text.split(' ', 2)[1]), seconds === undefined ? undefined : Number(seconds)];
  };
  return { host, clock, reports, enter, status };
}

async function enterAll(house: House, count: number, client?: Client): Promise<readonly WrittenStream[]> {
  return Promise.all(Array.from({ length: count }, () => house.enter(client)));
}

/** Drops the connection, as a reset does. */
async function drop({ stream }: WrittenStream): Promise<void> {
  stream.destroy();
  await settle();
}

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

interface Ending {
  readonly server?: Routes;
  readonly options?: HostOptions;
  readonly headers?: Readonly<Record<string, string>>;
  readonly written?: () => WrittenStream;
  /** Makes the first client leave. */
  readonly end?: (house: House, written: WrittenStream) => unknown;
}

const hooked = (onPreServer: WebSocketServer['onPreServer']): Routes => ({
  server: untilClosed,
  ...(onPreServer && { onPreServer }),
});
const socketOf = (house: House): ServerSocket => [...house.host.sockets.values()][0] as ServerSocket;
let isFirst = true;
/** Does it for the first client only: the second one is to come in. */
function once<T>(act: () => T): () => T | undefined {
  return () => {
    if (!isFirst) return undefined;
    isFirst = false;
    return act();
  };
}
const refuse = (): never => {
  throw new Error('not today');
};

const ENDINGS: Readonly<Record<string, Ending>> = {
  'its client drops the connection': { end: (_, written) => drop(written) },
  'it is terminated': { end: (house) => socketOf(house).terminate() },
  'it is ended, and the client does not answer': {
    options: { closeTimeoutMs: 100 },
    end: (house) => {
      void socketOf(house).endServer();
      return house.clock.advance(100);
    },
  },
  'its handler returns, and the client drops the connection': {
    server: () => {},
    end: (_, written) => drop(written),
  },
  'its handler throws, and the client drops the connection': {
    server: refuse,
    end: (_, written) => drop(written),
  },
  'its handler runs on after its end': {
    server: () => new Promise(() => {}),
    end: (_, written) => drop(written),
  },
  'its hook refuses': { server: hooked(once(() => new Response(null, { status: 401 }))) },
  'its hook throws': { server: hooked(once(refuse)) },
  'its hook is too slow': {
    server: hooked(once(() => new Promise(() => {}))),
    options: { handshakeTimeoutMs: 100 },
    end: (house) => house.clock.advance(100),
  },
  'its client leaves while the hook decides': {
    server: hooked(once(() => new Promise(() => {}))),
    end: (_, { stream }) => stream.push(null),
  },
  'its client drops the connection while the hook decides': {
    server: hooked(once(() => new Promise(() => {}))),
    end: (_, written) => drop(written),
  },
  'the constructor of its class throws': {
    server: class {
      constructor() {
        once(refuse)();
      }

      server = untilClosed;
    },
  },
  'the session store is down': {
    options: {
      sessions: {
        secret: 's'.repeat(32),
        store: {
          get: async () => undefined,
          set: async () => void once(refuse)(),
          touch: async () => {},
          delete: async () => {},
        },
      },
    },
    server: hooked(async ({ session }) => void (await session?.update((data) => void (data['a'] = 1)))),
  },
  'its extensions are malformed': {
    options: { compression: true },
    headers: { 'Sec-WebSocket-Extensions': ';' },
  },
  'its 101 cannot be written': {
    written: () => {
      const written = writtenStream();
      written.stream.write = refuse;
      return written;
    },
  },
  'its client has left before': {
    written: () => {
      const written = writtenStream();
      written.stream.destroy();
      return written;
    },
  },
};

describe('a slot is free again, and only one, when', () => {
  it.each(Object.entries(ENDINGS))('%s', async (_, { server = untilClosed, options, ...ending }) => {
    isFirst = true;
    const limits: HostOptions = { maxSockets: 1, limitBy: () => ({ key: 'all', maxSockets: 1 }) };
    const house = open(server, { ...options, ...limits });
    const { headers = {}, written, end } = ending;
    const first = await house.enter({ headers }, written?.());
    if (end !== undefined) expect((await house.enter()).text()).toBe(FULL);
    await end?.(house, first);
    await settle();
    const answers = [await house.enter(), await house.enter()].map(({ text }) => text().split(' ', 2)[1]);
    expect(answers).toEqual(['101', '503']);
  });

  it('its conversation cannot be begun', async () => {
    const memory = new MemoryHost({ maxSockets: 1 });
    vi.spyOn(memory.host, 'converse').mockImplementationOnce(refuse);
    const enter = async (): Promise<string> => {
      const written = writtenStream();
      memory.host.handleUpgrade(await parseUpgrade(), written.stream, Buffer.alloc(0));
      await settle();
      return written.text().slice(0, 12);
    };
    expect([await enter(), memory.reports.length]).toEqual(['HTTP/1.1 101', 1]);
    expect([await enter(), await enter()]).toEqual(['HTTP/1.1 101', 'HTTP/1.1 503']);
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
    const server = hooked(() => new Response(null, { status: 403 }));
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
    ['a limit below 1', () => ({ key: 'a', maxSockets: 0 }), 'COROSOCK_ARGUMENT'],
    ['an error', () => refuse(), undefined],
  ])('answers 500 where it gives %s, and reports it; no slot is taken', async (_, limitBy, code) => {
    const bad: unknown = limitBy;
    const house = open(untilClosed, { limitBy: bad as HostOptions['limitBy'] & object, maxSockets: 1 });
    expect([await house.status(), await house.status()]).toEqual([
      [500, undefined],
      [500, undefined],
    ]);
    expect(house.reports.map(([error, phase]) => [(error as { code?: string }).code, phase])).toEqual([
      [code, 'limitBy'],
      [code, 'limitBy'],
    ]);
  });

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
