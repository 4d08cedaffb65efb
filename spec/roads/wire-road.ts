// The roads of bytes: `serve` on a port of this machine, with TLS, and behind a proxy; `attach`. Clients are those of `corosock/client`; proxies.ts starts proxies.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request as requestPlain } from 'node:http';
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { request as requestSecure } from 'node:https';
import { connect as connectPlain } from 'node:net';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { connect as connectSecure } from 'node:tls';
import { attach, serve } from 'corosock';
import type { Host, HostOptions, Routes } from 'corosock';
import { connect } from 'corosock/client';
import { listen } from '../fixtures/listening-server.ts';
import { RawClient, upgradeRequest } from '../peers/raw-client.ts';
import type { Proxy, StartProxy } from './proxies.ts';
import { HOST_PORT_HEADER } from './proxies.ts';
import type { Answer, Question, Road, RoadHost } from './road.ts';

/** A host on a port, and where clients go to reach it. */
interface Served {
  readonly host: Host;
  /** Without a path. */
  readonly url: string;
  /** Lines that each request carries. */
  readonly headers?: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** `serve`, and nothing between. */
export const loopbackRoad: Road = wireRoad('ws:', async (routes, options) => {
  const host = await serve(routes, options);
  return { host, url: host.url, close: () => closeNow(host) };
});

/** `serve` with TLS. Clients trust its certificate. */
export const tlsRoad: Road = wireRoad('wss:', async (routes, options) => {
  const host = await serve(routes, { ...options, tls: { cert: fixture('cert'), key: fixture('key') } });
  return { host, url: host.url, close: () => closeNow(host) };
});

/** The certificate of hosts and proxies here is its own authority, whatever `Host` says. */
const TRUST = { ca: fixture('cert'), servername: 'localhost' };

function fixture(name: 'cert' | 'key'): Buffer {
  return readFileSync(new URL(`../fixtures/localhost-${name}.pem`, import.meta.url));
}

/** A host that is attached to an http server of the user. */
export const attachedRoad: Road = wireRoad('ws:', async (routes, options) => {
  const http = await listen();
  const host = attach(http.server, routes, options);
  const close = async (): Promise<void> => {
    await closeNow(host);
    await http[Symbol.asyncDispose]();
  };
  return { host, url: host.url, close };
});

/** `serve` behind a proxy, which is started by the first host. */
export function proxyRoad(start: StartProxy): Road {
  let starting: Promise<Proxy> | undefined;
  const road = wireRoad('ws:', async (routes, options) => {
    starting ??= start();
    const { url } = await starting;
    const host = await serve(routes, options);
    const headers = { [HOST_PORT_HEADER]: `${host.port}` };
    return { host, url, headers, close: () => closeNow(host) };
  });
  return { ...road, stop: async () => (await starting)?.[Symbol.asyncDispose]() };
}

function wireRoad(
  scheme: Road['sees']['scheme'],
  open: (routes: Routes, options?: HostOptions) => Promise<Served>,
): Road {
  return {
    sees: { address: '127.0.0.1', scheme },
    isWire: true,
    async serve(routes, options) {
      const { host, url, headers: always = {}, close } = await open(routes, options);
      return {
        host,
        connect: (target = '/', { headers, ...more } = {}) =>
          connect(url + target, { ...more, tls: TRUST, headers: { ...headers, ...always } }),
        ask: (target = '/', { headers, ...more } = {}) =>
          ask(url + target, { ...more, headers: { ...headers, ...always } }),
        raw: (request = {}, firstBytes = Buffer.alloc(0)) => {
          const headers = { Host: new URL(url).host, ...always, ...request.headers };
          return openOver(url, upgradeRequest({ ...request, headers }), firstBytes);
        },
        [Symbol.asyncDispose]: close,
      } satisfies RoadHost;
    },
    stop: async () => {},
  };
}

/** Opens a link, and sends a request on it. The answer is still to be read. */
async function openOver(url: string, request: string, firstBytes: Uint8Array): Promise<RawClient> {
  const { protocol, hostname, port } = new URL(url);
  const plain = connectPlain({ host: hostname, port: Number(port), allowHalfOpen: true, noDelay: true });
  const socket = protocol === 'wss:' ? secured(plain) : plain;
  const client = new RawClient(socket);
  await once(socket, protocol === 'wss:' ? 'secureConnect' : 'connect');
  await client.send(Buffer.concat([Buffer.from(request), firstBytes]));
  return client;
}

/** Node does not reset a link by its TLS socket. */
function secured(plain: Socket): Socket {
  const socket = connectSecure({ socket: plain, ...TRUST });
  socket.resetAndDestroy = () => {
    plain.resetAndDestroy();
    return socket;
  };
  return socket;
}

async function closeNow(host: Host): Promise<void> {
  await host.close({ graceMs: 0 });
}

async function ask(url: string, { headers, protocols = [] }: Question): Promise<Answer> {
  const request = url.startsWith('wss:') ? requestSecure : requestPlain;
  const offer = protocols.length === 0 ? {} : { 'Sec-WebSocket-Protocol': protocols.join(', ') };
  const upgrade = {
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Version': '13',
    // RFC 6455 §1.3's own example.
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  };
  const sent = request(url.replace('ws', 'http'), {
    headers: { ...upgrade, ...offer, ...headers },
    agent: false,
    ...TRUST,
  });
  sent.end();
  return answerTo(sent);
}

async function answerTo(sent: ClientRequest): Promise<Answer> {
  const controller = new AbortController();
  const { signal } = controller;
  try {
    return await Promise.race([
      once(sent, 'upgrade', { signal }).then(([response, stream]) => {
        (stream as Duplex).destroy();
        return { ...headOf(response as IncomingMessage), body: '' };
      }),
      once(sent, 'response', { signal }).then(async ([response]) => ({
        ...headOf(response as IncomingMessage),
        body: await text(response as IncomingMessage),
      })),
    ]);
  } finally {
    controller.abort();
  }
}

function headOf({ statusCode = 0, headers }: IncomingMessage): Omit<Answer, 'body'> {
  return { status: statusCode, headers: linesOf(headers) };
}

function linesOf(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')]),
  );
}
