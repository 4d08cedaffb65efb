// tRPC over corosock, unchanged: `applyWSSHandler` of its adapter for `ws`, and `wsLink` of its own
// client, over a port. The page for users: docs/guide/adapters.md.

import { once } from 'node:events';
import { createTRPCClient, createWSClient, wsLink } from '@trpc/client';
import { initTRPC } from '@trpc/server';
import { applyWSSHandler } from '@trpc/server/adapters/ws';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { adaptedHost } from './adapted-host.ts';
import type { AdaptedHost } from './adapted-host.ts';

interface Context {
  readonly token: string | null;
  readonly path: string | undefined;
}

const t = initTRPC.context<Context>().create();

const router = t.router({
  hello: t.procedure.query(({ ctx }) => `hello ${ctx.token ?? 'you'} at ${ctx.path}`),
  fail: t.procedure.mutation((): string => {
    throw new Error('broken');
  }),
  count: t.procedure.subscription(async function* () {
    for (let count = 1; count <= 500; count += 1) yield { count, text: 'x'.repeat(1000) };
  }),
  silence: t.procedure.subscription(async function* ({ signal }) {
    yield 'begun';
    if (signal !== undefined) await once(signal, 'abort');
    left?.();
  }),
});

/** Called when the server has seen the end of a silence. */
let left: (() => void) | undefined;

type Adapted = AdaptedHost & { readonly handler: ReturnType<typeof applyWSSHandler> };

async function trpcHost(): Promise<Adapted> {
  let handler: Adapted['handler'] = { broadcastReconnectNotification: () => {} };
  const adapted = await adaptedHost((wss) => {
    handler = applyWSSHandler({
      wss,
      router,
      createContext: ({ req, info }) => ({ token: info.connectionParams?.['token'] ?? null, path: req.url }),
    });
  });
  return { ...adapted, handler };
}

function clientOf({ host }: Adapted, connectionParams?: Record<string, string>) {
  const socket = createWSClient({
    url: `${host.url}/rpc`,
    WebSocket: WebSocket as never,
    ...(connectionParams && { connectionParams }),
  });
  const client = createTRPCClient<typeof router>({ links: [wsLink({ client: socket })] });
  return { client, socket };
}

/** All values of the subscription that counts. */
function counts({ client }: ReturnType<typeof clientOf>): Promise<readonly number[]> {
  return new Promise((resolve, reject) => {
    const all: number[] = [];
    client.count.subscribe(undefined, {
      onData: ({ count }) => void all.push(count),
      onComplete: () => resolve(all),
      onError: reject,
    });
  });
}

/** Resolves when a silence has begun. */
function begunSilence({ client }: ReturnType<typeof clientOf>): Promise<{ unsubscribe(): void }> {
  return new Promise((resolve, reject) => {
    const silence = client.silence.subscribe(undefined, {
      onData: () => resolve(silence),
      onError: reject,
    });
  });
}

describe('tRPC', () => {
  it('answers a query, with the request of the handshake in its context', async () => {
    await using adapted = await trpcHost();
    const { client, socket } = clientOf(adapted);
    expect(await client.hello.query()).toBe('hello you at /rpc');
    await socket.close();
    expect(adapted.reports).toEqual([]);
  });

  it('takes connection parameters as the first message', async () => {
    await using adapted = await trpcHost();
    const { client, socket } = clientOf(adapted, { token: 'ada' });
    expect(await client.hello.query()).toBe('hello ada at /rpc?connectionParams=1');
    await socket.close();
  });

  it('gives an error of a procedure to its client', async () => {
    await using adapted = await trpcHost();
    const { client, socket } = clientOf(adapted);
    await expect(client.fail.mutate()).rejects.toThrow('broken');
    expect(await client.hello.query()).toContain('hello');
    await socket.close();
  });

  it('gives all values of a subscription, in order', async () => {
    await using adapted = await trpcHost();
    const link = clientOf(adapted);
    expect(await counts(link)).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
    await link.socket.close();
  });

  it.each([
    ['its client has left', (silence: { unsubscribe(): void }) => silence.unsubscribe()],
    [
      'its socket is lost',
      (_: unknown, { host }: Adapted) => {
        for (const ws of host.sockets.values()) ws.terminate();
      },
    ],
  ])('ends a subscription when %s', async (_, end) => {
    await using adapted = await trpcHost();
    const ended = new Promise<string>((resolve) => {
      left = () => resolve('ended');
    });
    const link = clientOf(adapted);
    end(await begunSilence(link), adapted);
    expect(await ended).toBe('ended');
    await link.socket.close();
  });

  it('tells all clients to connect again', async () => {
    await using adapted = await trpcHost();
    const raw = new WebSocket(adapted.host.url);
    await once(raw, 'open');
    const told = once(raw, 'message');
    adapted.handler.broadcastReconnectNotification();
    expect(String((await told)[0])).toBe('{"id":null,"method":"reconnect"}');
  });

  it('answers its own pings', async () => {
    await using adapted = await trpcHost();
    const raw = new WebSocket(adapted.host.url);
    await once(raw, 'open');
    raw.send('PING');
    expect(String((await once(raw, 'message'))[0])).toBe('PONG');
  });
});
