// Clients that send much before their handshake is answered: what the host holds of it meanwhile,
// that nothing of it is lost, and that a client which leaves is noticed.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import { serve } from 'corosock';
import type { Handshake, Host, ServeOptions } from 'corosock';
import { settle, virtualClock } from 'corosock/testing';
import type { VirtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { until, untilStill } from './until.ts';
import { closeFrame, textFrame } from '../peers/frames.ts';
import { connectRaw, upgradeRequest } from '../peers/raw-client.ts';
import type { RawClient } from '../peers/raw-client.ts';
import { EARLY_BYTES } from '../../src/handshake/early-data.ts';

const read = (name: string): string =>
  readFileSync(new URL(`../fixtures/localhost-${name}.pem`, import.meta.url), 'utf8');

/** What one read of a socket gives at most. */
const READ_BYTES = 65_536;
const REQUEST_BYTES = upgradeRequest().length;
const TEXT = 'x'.repeat(1000);
const COUNT = 1000;
const FLOOD = Buffer.concat([...Array.from({ length: COUNT }, () => textFrame(TEXT)), closeFrame(1000)]);

interface Waiting extends AsyncDisposable {
  readonly host: Host;
  readonly clock: VirtualClock;
  /** The first handshake, once its hook was called. */
  readonly handshake: () => Handshake | undefined;
  readonly socket: () => Socket;
  /** Lets the hook decide. */
  readonly decide: () => void;
  readonly read: string[];
}

/** Serves with a hook that waits. */
async function waiting(options: ServeOptions = {}): Promise<Waiting> {
  const clock = virtualClock();
  const read: string[] = [];
  let handshake: Handshake | undefined;
  let socket: Socket | undefined;
  let decide = (): void => {};
  const decided = new Promise<void>((resolve) => {
    decide = resolve;
  });
  const server = {
    async onPreServer(given: Handshake): Promise<void> {
      handshake = given;
      socket = given.request.raw?.socket;
      await decided;
    },
    async server(ws: AsyncIterable<unknown>): Promise<void> {
      for await (const data of ws) read.push(String(data));
    },
  };
  const host = await serve(server, { ...options, clock, handshakeTimeoutMs: 10_000 });
  return {
    host,
    clock,
    read,
    decide,
    handshake: () => handshake,
    socket: () => socket as Socket,
    [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
  };
}

type Sending = (client: RawClient, told: Waiting) => Promise<unknown>;

const WAYS: ReadonlyArray<readonly [how: string, send: Sending]> = [
  ['with its request', (client) => client.send(Buffer.concat([Buffer.from(upgradeRequest()), FLOOD]))],
  [
    'once its hook waits',
    async (client, { handshake }) => {
      await client.send(upgradeRequest());
      await until(() => handshake() !== undefined);
      await client.send(FLOOD);
    },
  ],
  [
    'in part before, just below the limit',
    async (client, { handshake, socket }) => {
      await client.send(upgradeRequest());
      await until(() => handshake() !== undefined);
      const before = socket().bytesRead;
      await client.send(FLOOD.subarray(0, EARLY_BYTES - 1));
      await until(() => socket().bytesRead === before + EARLY_BYTES - 1);
      await client.send(FLOOD.subarray(EARLY_BYTES - 1));
    },
  ],
];

describe('a client that sends a megabyte before its answer', () => {
  it.each(WAYS)('is read up to 16 KiB and one read of its socket: %s', async (_, send) => {
    await using told = await waiting();
    using client = await connectRaw(told.host.port);
    void send(client, told).catch(() => {});
    await until(() => told.handshake() !== undefined && told.socket().bytesRead > EARLY_BYTES);
    const bytes = await untilStill(() => told.socket().bytesRead);
    expect(bytes).toBeLessThanOrEqual(EARLY_BYTES + READ_BYTES + REQUEST_BYTES);
  });

  it.each(WAYS)('loses nothing: %s', async (_, send) => {
    await using told = await waiting();
    using client = await connectRaw(told.host.port);
    void send(client, told).catch(() => {});
    await until(() => told.handshake() !== undefined && told.socket().bytesRead > EARLY_BYTES);
    await untilStill(() => told.socket().bytesRead);
    told.decide();
    expect((await client.answer()).status).toBe(101);
    expect(await client.untilCloseFrame()).toMatchObject({ code: 1000 });
    expect([told.read.length, new Set(told.read)]).toEqual([COUNT, new Set([TEXT])]);
  });

  it.each(WAYS)('is noticed within a second when it drops the connection: %s', async (_, send) => {
    await using told = await waiting();
    using client = await connectRaw(told.host.port);
    void send(client, told).catch(() => {});
    await until(() => told.handshake() !== undefined && told.socket().bytesRead > EARLY_BYTES);
    await untilStill(() => told.socket().bytesRead);
    client.reset();
    await settle();
    await until(() => {
      void told.clock.advance(1000);
      return told.handshake()?.signal.aborted === true;
    });
    expect(told.handshake()?.signal.reason).toMatchObject({ why: 'gone' });
  });

  it('loses nothing over TLS', async () => {
    await using told = await waiting({ tls: { cert: read('cert'), key: read('key') } });
    const client = connectSecurely({ port: told.host.port, host: '127.0.0.1', ca: read('cert') });
    client.write(Buffer.concat([Buffer.from(upgradeRequest()), FLOOD]));
    await until(() => told.handshake() !== undefined);
    await untilStill(() => told.socket().bytesRead);
    told.decide();
    client.resume();
    await once(client, 'close');
    expect([told.read.length, new Set(told.read)]).toEqual([COUNT, new Set([TEXT])]);
  });

  it('can be refused', async () => {
    await using host = await serve({
      onPreServer: async () => {
        await settle();
        return new Response('no', { status: 403 });
      },
      server: () => {},
    });
    using client = await connectRaw(host.port);
    void client.send(Buffer.concat([Buffer.from(upgradeRequest()), FLOOD])).catch(() => {});
    expect((await client.answer()).status).toBe(403);
  });
});
