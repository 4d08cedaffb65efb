// Each way for a handshake or a socket to end gives its slot back, and once.

import type { Handler, HostOptions, Routes, ServerSocket, WebSocketServer } from 'corosock';
import { settle } from 'corosock/testing';
import { describe, expect, it, vi } from 'vitest';
import { drop, open } from './limited-host.ts';
import type { House } from './limited-host.ts';
import { MemoryHost } from '../fixtures/memory-host.ts';
import { parseUpgrade } from '../fixtures/parsed-request.ts';
import { writtenStream } from '../fixtures/written-stream.ts';
import type { WrittenStream } from '../fixtures/written-stream.ts';
import { REFUSALS, responseOf } from '../../src/handshake/refusal.ts';

const untilClosed: Handler = async (ws) => void (await ws.closed);
const FULL = responseOf(REFUSALS.full);

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
          set: async () => {
            once(refuse)();
          },
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
