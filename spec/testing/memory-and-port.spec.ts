// The same conversation over a port, in memory, and over the bytes of a port in a world: what
// handler and client see is equal. What a transport promises by itself is in its contract.

import { describe, expect, it } from 'vitest';
import { serve } from 'corosock';
import type { Handler, HostOptions, ServerSocket } from 'corosock';
import { connect } from 'corosock/client';
import type { ClientSocket } from 'corosock/client';
import { runServer, world } from 'corosock/testing';

interface Journey {
  readonly server: (ws: ServerSocket, see: (seen: unknown) => void) => Promise<void>;
  readonly client: (client: ClientSocket, see: (seen: unknown) => void) => Promise<void>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly options?: HostOptions;
}

interface Seen {
  readonly server: readonly unknown[];
  readonly client: readonly unknown[];
}

/** Runs the two sides of a journey, and gives what each has seen. */
async function seenBy(
  { server, client }: Journey,
  open: (handler: Handler) => Promise<readonly [client: ClientSocket, host: AsyncDisposable]>,
): Promise<Seen> {
  const seen = { server: [] as unknown[], client: [] as unknown[] };
  let handled: () => void = () => {};
  const isHandled = new Promise<void>((resolve) => (handled = resolve));
  const [socket, host] = await open(async (ws) => {
    await server(ws, (value) => seen.server.push(value));
    handled();
  });
  await client(socket, (value) => seen.client.push(value));
  await isHandled;
  await host[Symbol.asyncDispose]();
  return seen;
}

interface AllSeen {
  readonly port: Seen;
  readonly memory: Seen;
  readonly wire: Seen;
}

async function overAll(journey: Journey): Promise<AllSeen> {
  const { headers = {}, options = {} } = journey;
  const given = { ...options, report: () => {} };
  const port = await seenBy(journey, async (handler) => {
    const host = await serve({ '/chat/:room': handler }, { ...given, hostname: '127.0.0.1', port: 0 });
    return [await connect(`${host.url}/chat/a`, { headers }), host];
  });
  const memory = await seenBy(journey, async (handler) => {
    const request = { url: 'ws://127.0.0.1:1/chat/a', headers, params: { room: 'a' } };
    const run = runServer(handler, { ...given, ...request });
    return [await run.client, run];
  });
  const wire = await seenBy(journey, async (handler) => {
    const w = world({ fidelity: 'wire' });
    const host = w.serve({ '/chat/:room': handler }, given);
    return [await w.connect(host, { url: 'ws://127.0.0.1:1/chat/a', headers }), w];
  });
  return { port, memory, wire };
}

/** Shows binary with its class, and an end with what its cause says to programs. */
function shown(value: unknown): unknown {
  if (value instanceof Uint8Array) return [value.constructor.name, ...value];
  return typeof value === 'string' && value.length > 100 ? value.length : value;
}

const causeOf = ({ code, by, cause }: { code: number; by: string; cause?: unknown }): unknown => [
  code,
  by,
  cause instanceof Error && {
    name: cause.name,
    code: Reflect.get(cause, 'code') as unknown,
    option: Reflect.get(cause, 'option') as unknown,
  },
];

async function* inParts<Part>(part: Part, count: number): AsyncGenerator<Part> {
  for (let sent = 0; sent < count; sent += 1) yield part;
}

const sees = async (ws: ServerSocket | ClientSocket, see: (seen: unknown) => void): Promise<void> =>
  see(causeOf(await ws.closed));

const JOURNEYS: Readonly<Record<string, Journey & { readonly seen: Seen }>> = {
  'binary whole, cut and in parts is a Buffer': {
    server: async (ws, see) => {
      see(shown((await ws.readMessage())[0]));
      see(shown((await ws.read(1))[0]));
      await ws.write(inParts(new Uint8Array([1, 2]), 2));
      await ws.write(new Uint8Array([3]));
    },
    client: async (client, see) => {
      await client.write(inParts(new Uint8Array([1, 2]), 2));
      await client.write(new Uint8Array([3, 4]));
      see(shown((await client.read())[0]));
      see(shown((await client.read())[0]));
    },
    seen: {
      server: [
        ['Buffer', 1, 2, 1, 2],
        ['Buffer', 3],
      ],
      client: [
        ['Buffer', 1, 2, 1, 2],
        ['Buffer', 3],
      ],
    },
  },
  'a message of 20,000 fragments is above the limit': {
    server: sees,
    client: async (client, see) => {
      await client.write(inParts('a', 20_000));
      await sees(client, see);
    },
    seen: {
      server: [
        [
          1008,
          'limit',
          { name: 'RangeError', code: 'WS_ERR_TOO_MANY_BUFFERED_PARTS', option: 'maxFragments' },
        ],
      ],
      client: [[1008, 'peer', false]],
    },
  },
  'and one of 20,000 is none where the host takes more': {
    server: async (ws, see) => see(shown((await ws.readMessage())[0])),
    client: async (client, see) => {
      see(await client.write(inParts('a', 20_000)));
      await client.closed;
    },
    // The last one is empty: only then the iterable has ended.
    options: { maxFragments: 20_001 },
    seen: { server: [20_000], client: ['ok'] },
  },
  'the cause of a message that is too long has a code': {
    server: sees,
    client: async (client, see) => {
      await client.write('a'.repeat(101));
      await sees(client, see);
    },
    options: { maxMessageBytes: 100 },
    seen: {
      server: [
        [
          1009,
          'limit',
          { name: 'RangeError', code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', option: 'maxMessageBytes' },
        ],
      ],
      client: [[1009, 'peer', false]],
    },
  },
  'a lost link has a cause': {
    server: sees,
    client: async (client, see) => {
      client.terminate();
      await sees(client, see);
    },
    seen: { server: [[1006, 'link', { name: 'Error' }]], client: [[1006, 'local', false]] },
  },
  'nothing is buffered after the end': {
    server: async (ws, see) => {
      await ws.write(new Uint8Array(8_000_000));
      await ws.closed;
      see(ws.bufferedBytes);
    },
    client: async (client, see) => {
      client.terminate();
      await client.closed;
      see(client.bufferedBytes);
    },
    seen: { server: [0], client: [0] },
  },
  'half a surrogate pair in a reason': {
    server: async (ws, see) => see((await ws.closed).reason),
    client: async (client, see) => see((await client.close(4001, 'a\ud800b')).reason),
    seen: { server: ['a\ufffdb'], client: ['a\ud800b'] },
  },
  'names of header lines are in lower case, and one is the host': {
    server: async (ws, see) => {
      const { headers, url } = ws.request;
      see([headers['x-mark'], headers['x-other'], headers.host === url.host]);
    },
    client: async (client) => void (await client.closed),
    headers: { 'X-Mark': 'a', 'x-OTHER': 'b' },
    seen: { server: [['a', 'b', true]], client: [] },
  },
  'a host that the client names is that of the URL': {
    server: async (ws, see) => see([ws.request.headers.host, ws.request.url.href]),
    client: async (client) => void (await client.closed),
    headers: { Host: 'a.example:81' },
    seen: { server: [['a.example:81', 'ws://a.example:81/chat/a']], client: [] },
  },
  'parameters have no prototype': {
    server: async (ws, see) => {
      const { params } = ws.request;
      see([{ ...params }, Object.getPrototypeOf(params), 'toString' in params]);
    },
    client: async (client) => void (await client.closed),
    seen: { server: [[{ room: 'a' }, null, false]], client: [] },
  },
};

describe('over a port, in memory, and over bytes in memory', () => {
  it.each(Object.entries(JOURNEYS))('%s', async (_, { seen, ...journey }) => {
    expect(await overAll(journey)).toEqual({ port: seen, memory: seen, wire: seen });
  });
});

describe('runServer', () => {
  it.each(['a b', 'a.example:99999', ''])('refuses the host %j with 400, as a port does', async (host) => {
    await using run = runServer(() => {}, { headers: { host } });
    const outcome = await run.done;
    expect('response' in outcome && outcome.response.status).toBe(400);
  });
});
