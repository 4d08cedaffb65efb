// The hook of the host and the hook of the route: who is asked first, who hears what, and when the
// server of the connection is made.

import type { Handshake, HostOptions, Servable } from 'corosock';
import { runServer, settle, virtualClock } from 'corosock/testing';
import type { FakeOptions, Outcome } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { cookieOf, SECRET } from '../session/session-fixtures.ts';
import { ForeignPromise, patchPromise } from '../fixtures/patched-promise.ts';
import { enterAll, open } from './limited-host.ts';
import type { House } from './limited-host.ts';

/** Answers the client with its context. */
async function tellContext(ws: {
  readonly context: unknown;
  writeJson(value: unknown): Promise<unknown>;
}): Promise<void> {
  await ws.writeJson(ws.context ?? null);
}

/** What the client of a server hears first, or the status and the text of its refusal. */
async function hear(server: Servable, options: FakeOptions = {}): Promise<unknown> {
  await using run = runServer(server, options);
  const client = await run.client.catch(() => undefined);
  if (client !== undefined) return (await client.readJson())[0];
  const outcome: Outcome = await run.done;
  return outcome.kind === 'refused' && [outcome.response.status, await outcome.response.text()];
}

const ann = (): unknown => ({ user: 'ann' });
const later = async (): Promise<unknown> => (await settle(), { user: 'ann' });

describe('onPreServer of a host', () => {
  it.each([
    ['at once', ann],
    ['later', later],
  ])('gives ws.context where the route has no hook, %s', async (_, onPreServer) => {
    class Tell {
      server = tellContext;
    }
    for (const server of [tellContext, { server: tellContext }, Tell, { create: () => new Tell() }]) {
      expect(await hear(server, { onPreServer })).toEqual({ user: 'ann' });
    }
  });

  it.each([
    ['at once', ann],
    ['later', later],
  ])('gives handshake.context of the hook of the route, %s', async (_, onPreServer) => {
    const server = {
      onPreServer: ({ context }: Handshake) => ({ ...(context as object), room: 'lobby' }),
      server: tellContext,
    };
    expect(await hear(server, { onPreServer })).toEqual({ user: 'ann', room: 'lobby' });
  });

  it('leaves handshake.context undefined for itself, and for routes of a host without it', async () => {
    const seen: unknown[] = [];
    const hook = ({ context }: Handshake): void => void seen.push(context);
    await hear({ onPreServer: hook, server: tellContext });
    await hear(tellContext, { onPreServer: hook });
    expect(seen).toEqual([undefined, undefined]);
  });

  it('is overruled by the hook of the route, also by undefined, and in what both set', async () => {
    const onPreServer = (handshake: Handshake): string => {
      handshake.sharedConnection = true;
      handshake.protocol = 'b';
      return 'of the host';
    };
    const server = {
      onPreServer: (handshake: Handshake): void => {
        handshake.protocol = 'a';
      },
      server: (ws: Parameters<typeof tellContext>[0] & { sharedConnection: boolean; protocol: string }) =>
        ws.writeJson([ws.context ?? null, ws.sharedConnection, ws.protocol]) as Promise<never>,
    };
    expect(await hear(server, { onPreServer, protocols: ['a', 'b'] })).toEqual([null, true, 'a']);
  });

  it.each<[string, () => unknown, readonly [number, string]]>([
    ['with 403 by false', () => false, [403, 'This client may not connect\n']],
    ['with 403 by a promise of false', async () => false, [403, 'This client may not connect\n']],
    ['with the Response that it returns', () => new Response('no', { status: 401 }), [401, 'no']],
    [
      'with 500 by a throw',
      () => {
        throw new Error('a secret');
      },
      [500, 'The server has failed\n'],
    ],
  ])('H27: refuses %s, and no server is made', async (_, onPreServer, answer) => {
    const made: string[] = [];
    const create = (): never => (made.push('server'), expect.unreachable());
    const reports: unknown[] = [];
    const report: HostOptions['report'] = (error, { phase }) => reports.push([String(error), phase]);
    expect(await hear({ create }, { onPreServer, report })).toEqual(answer);
    expect([made, reports]).toEqual([[], answer[0] === 500 ? [['Error: a secret', 'onPreServer']] : []]);
  });

  it.each([0, '', null, undefined, NaN])(
    'takes %s for a context, as every value but false',
    async (value) => {
      const seen: unknown[] = [];
      await using run = runServer((ws) => void seen.push(ws.context), { onPreServer: () => value });
      await run.done;
      expect(seen).toEqual([value]);
    },
  );

  it('sees the session, and refuses with its cookie', async () => {
    await using run = runServer(tellContext, {
      sessions: { secret: 's'.repeat(32) },
      onPreServer: async ({ session }) => {
        await session?.update((data) => void (data['tries'] = 1));
        return false;
      },
    });
    const outcome = await run.done;
    expect(outcome.kind === 'refused' && outcome.response.headers.get('set-cookie')).toMatch(
      /^corosock\.sid=/,
    );
  });

  it('takes one turn of maxHandshakes together with the hook of the route', async () => {
    const order: string[] = [];
    const note =
      (hook: string) =>
      async ({ request }: Handshake) => {
        order.push(`${hook} ${request.url.pathname}`);
        await settle();
      };
    const server = { onPreServer: note('route'), server: async () => {} };
    const house = open({ '/a': server, '/b': server }, { maxHandshakes: 1, onPreServer: note('host') });
    await Promise.all([house.enter({ path: '/a' }), house.enter({ path: '/b' })]);
    await settle();
    await settle();
    expect(order).toEqual(['host /a', 'route /a', 'host /b', 'route /b']);
  });

  it('has no route asked for a client that has left meanwhile', async () => {
    const clock = virtualClock();
    const made: string[] = [];
    let decide = (): void => {};
    const decision = new Promise<void>((resolve) => {
      decide = resolve;
    });
    const create = (): never => (made.push('server'), expect.unreachable());
    const house = open({ create }, { onPreServer: () => decision, clock });
    const [written] = await enterAll(house, 1);
    await clock.advance(10_000);
    decide();
    await settle();
    expect([written?.text().split('\r\n', 1)[0], made]).toEqual(['HTTP/1.1 408 Request Timeout', []]);
  });
});

describe('onPreServer of a route', () => {
  it.each<[string, () => unknown]>([
    ['false', () => false],
    ['a promise of false', async () => false],
  ])('H27: refuses with 403 by %s, and nothing else of the server runs', async (_, onPreServer) => {
    const ran: string[] = [];
    const server = {
      onPreServer: onPreServer as () => false,
      server: () => void ran.push('server'),
      onPostServer: () => void ran.push('onPostServer'),
    };
    expect(await hear(server)).toEqual([403, 'This client may not connect\n']);
    expect(ran).toEqual([]);
  });
});

describe('an object like a Response, of the hook of a host', () => {
  it('H33: refuses with 500, and no server is made', async () => {
    const reports: string[] = [];
    const create = (): never => expect.unreachable();
    const report = (error: unknown): unknown => reports.push(String(error));
    expect(await hear({ create }, { onPreServer: () => ({ status: 401 }), report })).toEqual([
      500,
      expect.any(String),
    ]);
    expect(reports).toEqual([expect.stringContaining('return new Response(null, { status: 401 })')]);
  });
});

describe('create', () => {
  class Chat {
    readonly #greeting: string;

    constructor(greeting: string) {
      this.#greeting = greeting;
    }

    async server(ws: Parameters<typeof tellContext>[0]): Promise<void> {
      await ws.writeJson(this.#greeting);
    }
  }

  it.each([
    ['at once', () => new Chat('hello')],
    ['later', async () => (await settle(), new Chat('hello'))],
    // oxlint-disable-next-line unicorn/no-thenable -- it is what is tested
    ['later, by any thenable', () => ({ then: (done: (chat: Chat) => void) => done(new Chat('hello')) })],
  ])('makes the server of a connection, %s', async (_, create) => {
    expect(await hear({ create } as Servable)).toBe('hello');
  });

  it('runs once for each connection, and keeps `this`', async () => {
    const factory = {
      made: 0,
      create(): Chat {
        this.made += 1;
        return new Chat(`number ${this.made}`);
      },
    };
    await using run = runServer(factory);
    const [one, two] = [await run.client, await run.connect()];
    expect([await one.readJson(), await two.readJson()]).toEqual([
      ['number 1', 'ok'],
      ['number 2', 'ok'],
    ]);
  });

  it('has the hooks of what it makes run', async () => {
    const create = async (): Promise<object> => ({ onPreServer: ann, server: tellContext });
    expect(await hear({ create } as Servable)).toEqual({ user: 'ann' });
  });

  it.each<[string, () => unknown, string]>([
    [
      'throws',
      () => {
        throw new Error('no database');
      },
      'Error: no database',
    ],
    ['rejects', () => Promise.reject(new Error('no database')), 'Error: no database'],
    [
      'makes what is no server',
      () => ({ serve: 1 }),
      'UsageError: runServer().create(): expected an object with server(), got an object',
    ],
    [
      'makes what is no server later',
      async () => 'chat',
      'UsageError: runServer().create(): expected an object with server(), got "chat"',
    ],
    [
      'makes a server whose hook is no function',
      () => ({ server: () => {}, onPreServer: 1 }),
      'UsageError: runServer().create().onPreServer: expected a function, got 1',
    ],
  ])('H28: refuses with 500 where it %s, and reports it', async (_, create, error) => {
    const reports: unknown[] = [];
    const report: HostOptions['report'] = (thrown, { phase }) => reports.push([String(thrown), phase]);
    for (const onPreServer of [undefined, () => {}]) {
      const answer = await hear({ create } as Servable, { report, ...(onPreServer && { onPreServer }) });
      expect(answer).toEqual([500, 'The server has failed\n']);
    }
    expect(reports).toEqual([
      [error, 'handshake'],
      [error, 'handshake'],
    ]);
  });

  it('H28: is given up after handshakeTimeoutMs, with 408; what it makes later is dropped', async () => {
    const clock = virtualClock();
    const ran: string[] = [];
    let make: (server: object) => void = () => {};
    const making = new Promise<object>((resolve) => {
      make = resolve;
    });
    await using run = runServer({ create: () => making } as Servable, { clock });
    await settle();
    await clock.advance(10_000);
    const outcome = await run.done;
    make({ onPreServer: () => void ran.push('hook'), server: () => void ran.push('server') });
    await settle();
    expect([outcome.kind === 'refused' && outcome.response.status, ran]).toEqual([408, []]);
  });

  it.each<[string, HostOptions]>([
    ['without a hook of the host', {}],
    ['with one', { onPreServer: () => {} }],
  ])('H28: refuses with 503 where it has closed the host, %s', async (_, options) => {
    const create = (): object => (void house.host.close(), { server: tellContext });
    const house: House = open({ create } as Servable, options);
    expect(await house.status()).toEqual([503, 5]);
  });
});

// As zone.js does it: what async functions return is then no instance of `Promise`.
describe('hooks where the global Promise is patched', () => {
  const tell = { onPreServer: later, server: tellContext };

  it.each<[string, Servable, FakeOptions]>([
    ['of a server', tell, {}],
    ['of the host', tellContext, { onPreServer: later }],
    ['of a server that is made later', { create: async () => tell }, {}],
    [
      'of a server that is made later, behind that of the host',
      { create: async () => tell },
      { onPreServer: ann },
    ],
  ])('are awaited: that %s', async (name, server, options) => {
    using _ = patchPromise();
    expect([name, await hear(server, options)]).toEqual([name, { user: 'ann' }]);
  });

  it('are awaited where they wait for their turn', async () => {
    using _ = patchPromise();
    const refusing = { onPreServer: async () => (await settle(), false as const), server: tellContext };
    const house = open(refusing, { maxHandshakes: 1 });
    const written = await enterAll(house, 3);
    await settle();
    await settle();
    expect(written.map((client) => client.text().slice(0, 12))).toEqual(Array(3).fill('HTTP/1.1 403'));
  });

  it('find the session that a store gives later', async () => {
    using _ = patchPromise();
    const store = {
      get: async () => ({ name: 'ann' }),
      set: async () => {},
      touch: async () => {},
      delete: async () => {},
    };
    const onPreServer = ({ session }: Handshake): unknown => session?.load().then((data) => data['name']);
    const headers = { cookie: cookieOf('known') };
    expect(
      await hear({ onPreServer, server: tellContext }, { headers, sessions: { secret: SECRET, store } }),
    ).toBe('ann');
  });
});

describe('promises of another realm', () => {
  it.each<[string, Servable, FakeOptions]>([
    ['of a hook', { onPreServer: () => ForeignPromise.resolve('ann'), server: tellContext }, {}],
    ['of the hook of a host', tellContext, { onPreServer: () => ForeignPromise.resolve('ann') }],
    [
      'of create()',
      { create: () => ForeignPromise.resolve({ onPreServer: () => 'ann', server: tellContext }) },
      {},
    ],
  ])('are awaited: that %s', async (_, server, options) => {
    expect(await hear(server, options)).toBe('ann');
  });
});
