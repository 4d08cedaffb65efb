// graphql-ws over corosock, unchanged: `useServer` of its adapter for `ws`, and its own client, over
// a port. The page for users: docs/guide/adapters.md.

import { EventEmitter, once } from 'node:events';
import { GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql';
import { createClient } from 'graphql-ws';
import type { Client } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import { asWs } from 'corosock';
import type { WsView } from 'corosock';
import { fakeSocket, settle } from 'corosock/testing';
import { describe, expect, it, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { adaptedHost } from './adapted-host.ts';
import type { AdaptedHost } from './adapted-host.ts';

/** How many values of a subscription were asked for. */
let counted = 0;
/** How a subscription to silence has ended. */
let onStopped: () => void = () => {};

const schema = new GraphQLSchema({
  query: new GraphQLObjectType({
    name: 'Query',
    fields: { hello: { type: GraphQLString, resolve: () => 'world' } },
  }),
  subscription: new GraphQLObjectType({
    name: 'Subscription',
    fields: {
      count: {
        type: GraphQLString,
        async *subscribe() {
          for (let count = 1; count <= 500; count += 1) {
            counted = count;
            yield { count: `${count} ${'x'.repeat(1000)}` };
          }
        },
      },
      silence: {
        type: GraphQLString,
        subscribe: () => ({
          [Symbol.asyncIterator]: () => ({
            next: () => new Promise(() => {}),
            return: async () => {
              onStopped();
              return { done: true, value: undefined };
            },
          }),
        }),
      },
    },
  }),
});

type Adapted = AdaptedHost & { readonly dispose: () => void | Promise<void> };

async function graphqlHost(options: object = {}, keepAliveMs = 0): Promise<Adapted> {
  let server = { dispose: (): void | Promise<void> => {} };
  const adapted = await adaptedHost(
    (wss) => {
      server = useServer({ schema, ...options }, wss, keepAliveMs);
    },
    { protocols: ['graphql-transport-ws'] },
  );
  return { ...adapted, dispose: () => server.dispose() };
}

function client({ host }: Adapted): Client {
  return createClient({ url: host.url, webSocketImpl: WebSocket, retryAttempts: 0 });
}

/** What a query or a subscription gives, one after the other. */
async function results(graphql: Client, query: string): Promise<readonly unknown[]> {
  const all: unknown[] = [];
  for await (const { data } of graphql.iterate({ query })) all.push(data);
  return all;
}

/** A client without the library: says something, and tells how it is closed. */
async function saying({ host }: Adapted, text: string): Promise<readonly [code: number, reason: string]> {
  const socket = new WebSocket(host.url, 'graphql-transport-ws');
  await once(socket, 'open');
  socket.send(text);
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
  return [code, String(reason)];
}

/** Emits `pong` when a server has got one. */
const pongs = new EventEmitter();

/** A client without the library, which answers pings or does not. */
async function visitor({ host, wss }: Adapted, autoPong: boolean): Promise<WebSocket> {
  const connected = once(wss, 'connection');
  const socket = new WebSocket(host.url, 'graphql-transport-ws', { autoPong });
  const [view] = (await connected) as [WsView];
  view.on('pong', () => pongs.emit('pong'));
  if (socket.readyState !== WebSocket.OPEN) await once(socket, 'open');
  return socket;
}

describe('graphql-ws', () => {
  it('answers a query', async () => {
    await using adapted = await graphqlHost();
    const graphql = client(adapted);
    expect(await results(graphql, '{ hello }')).toEqual([{ hello: 'world' }]);
    await graphql.dispose();
    expect(adapted.reports).toEqual([]);
  });

  it('gives all values of a subscription, in order', async () => {
    await using adapted = await graphqlHost();
    const graphql = client(adapted);
    const counts = await results(graphql, 'subscription { count }');
    expect(counts).toHaveLength(500);
    expect(counts.map((value) => parseInt((value as { count: string }).count, 10))).toEqual(
      Array.from({ length: 500 }, (_, index) => index + 1),
    );
    await graphql.dispose();
  });

  it('holds a subscription back whose client does not read', async () => {
    const wss = new WebSocketServer({ noServer: true });
    useServer({ schema }, wss, 0);
    const { ws, client: peer } = fakeSocket({
      protocols: ['graphql-transport-ws'],
      writeBufferBytes: 10_000,
    });
    wss.emit('connection', asWs(ws), {});
    await peer.writeJson({ type: 'connection_init' });
    await peer.writeJson({ type: 'subscribe', id: '1', payload: { query: 'subscription { count }' } });
    counted = 0;
    await settle();
    expect([counted > 0, counted < 250]).toEqual([true, true]);
    const types: unknown[] = [];
    while (types.length < 502) types.push((await peer.readJson<{ type: string }>())[0]?.type);
    expect(types).toEqual(['connection_ack', ...Array.from({ length: 500 }, () => 'next'), 'complete']);
  });

  it('ends a subscription that its client has left', async () => {
    await using adapted = await graphqlHost();
    const stopped = new Promise<string>((resolve) => {
      onStopped = () => resolve('stopped');
    });
    const graphql = client(adapted);
    const stop = graphql.subscribe(
      { query: 'subscription { silence }' },
      { next: () => {}, error: () => {}, complete: () => {} },
    );
    await results(graphql, '{ hello }');
    stop();
    expect(await stopped).toBe('stopped');
    await graphql.dispose();
  });

  it('ends a subscription whose socket is lost', async () => {
    const events = new EventEmitter();
    const [begun, left] = [once(events, 'operation'), once(events, 'disconnect')];
    await using adapted = await graphqlHost({
      onOperation: () => void events.emit('operation'),
      onDisconnect: (_: unknown, code: number) => void events.emit('disconnect', code),
    });
    const stopped = new Promise<string>((resolve) => {
      onStopped = () => resolve('stopped');
    });
    const graphql = client(adapted);
    graphql.subscribe(
      { query: 'subscription { silence }' },
      { next: () => {}, error: () => {}, complete: () => {} },
    );
    await begun;
    for (const ws of adapted.host.sockets.values()) ws.terminate();
    expect(await stopped).toBe('stopped');
    expect(await left).toEqual([1006]);
  });

  it.each([
    ['no JSON', 4400, 'Invalid message received'],
    ['{"type":"subscribe","id":"1","payload":{"query":"{ hello }"}}', 4401, 'Unauthorized'],
  ])('closes with the codes of its protocol: %s', async (text, code, reason) => {
    await using adapted = await graphqlHost({ isProd: true });
    expect(await saying(adapted, text)).toEqual([code, expect.stringContaining(reason)]);
    expect(adapted.reports).toEqual([]);
  });

  it('pings, and terminates a client that does not answer', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] });
    await using adapted = await graphqlHost({}, 1000);
    const alive = await visitor(adapted, true);
    const dead = await visitor(adapted, false);
    const pinged = [once(alive, 'ping'), once(dead, 'ping'), once(pongs, 'pong')];
    vi.advanceTimersByTime(1000);
    await Promise.all(pinged);
    const ends = once(dead, 'close');
    vi.advanceTimersByTime(1000);
    expect([(await ends)[0], alive.readyState]).toEqual([1006, WebSocket.OPEN]);
    vi.useRealTimers();
  });

  it('closes all clients when it is disposed of', async () => {
    await using adapted = await graphqlHost();
    const socket = new WebSocket(adapted.host.url, 'graphql-transport-ws');
    await once(socket, 'open');
    const closed = once(socket, 'close');
    await adapted.host.close({ graceMs: 0 });
    await adapted.dispose();
    expect((await closed)[0]).toBe(1001);
  });
});
