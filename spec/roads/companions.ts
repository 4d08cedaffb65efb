// The behaviour suite, what goes beyond one conversation: shared sockets, sessions, heartbeats,
// compression.

import type { CloseInfo, Data, Handshake, ServerSocket, Socket } from 'corosock';
import { settle, virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { until } from '../faults/until.ts';
import type { Road, RoadHost } from './road.ts';
import { briefs, echo, numbered, readAll, visit, writeAll } from './scenes.ts';

function share(handshake: Handshake): void {
  handshake.sharedConnection = true;
}

const SESSIONS = { secret: 'a secret of the specs, longer than 32 bytes' };

/** The id of the host's one socket, which outlives its handler. */
async function idOf({ host }: RoadHost): Promise<string> {
  await until(() => host.sockets.size === 1);
  return [...host.sockets.keys()][0] as string;
}

/** Opens a socket and leaves. @returns The cookie of its session. */
async function cookieOf(stage: RoadHost, target = '/'): Promise<string> {
  const { headers } = await stage.ask(target);
  return headers['set-cookie']?.split(';')[0] ?? '';
}

/** What was sent behind a ping has been answered: so has the ping. */
async function roundTrip(near: Socket, far: Socket): Promise<void> {
  void near.write('there');
  await far.readMessage();
  void far.write('and back');
  await near.readMessage();
}

export function companions(road: Road): void {
  describe('a shared socket', () => {
    it('outlives its handler, and is written to, read from and closed by id', async () => {
      await using stage = await road.serve({ onPreServer: share, server: (ws) => void ws.write('handler') });
      const client = await stage.connect();
      const id = await idOf(stage);
      expect(await client.readMessage()).toEqual(['handler', 'ok']);
      const [opened] = await stage.host.openServer(id);
      await opened?.write('pushed');
      expect(await client.readMessage()).toEqual(['pushed', 'ok']);
      await client.write('up');
      expect(await opened?.readMessage()).toEqual(['up', 'ok']);
      expect(await opened?.endServer(4000, 'done')).toMatchObject({ code: 4000, by: 'local', clean: true });
      expect(await client.closed).toMatchObject({ code: 4000, reason: 'done', by: 'peer' });
      expect(await stage.host.openServer(id)).toEqual([undefined, 'not-found']);
    });

    it('offers each message to onClientMessage first, and in order', async () => {
      const offered: Data[] = [];
      await using stage = await road.serve({
        onPreServer: share,
        server: () => {},
        onClientMessage: (_ws: ServerSocket, data: Data) => {
          offered.push(data);
          return Number(data) % 2 === 0;
        },
      });
      const client = await stage.connect();
      const [opened] = await stage.host.openServer(await idOf(stage));
      await writeAll(client, numbered(20));
      const read = opened === undefined ? [] : await readAll(opened, 10);
      expect([offered, read]).toEqual([numbered(20), numbered(20).filter((text) => Number(text) % 2 === 1)]);
    });

    it('is not to be had of a dedicated one', async () => {
      await using v = await visit(road);
      expect(await v.stage.host.openServer(v.ws.id)).toEqual([undefined, 'not-shared']);
    });
  });

  describe('a session', () => {
    it('is found again by its cookie, with what the last socket left in it', async () => {
      const seen: unknown[] = [];
      await using stage = await road.serve(
        async ({ session, sessionId }) => {
          await session?.update((data) => {
            data['visits'] = Number(data['visits'] ?? 0) + 1;
            seen.push([sessionId, data['visits']]);
          });
        },
        { sessions: SESSIONS },
      );
      const cookie = await cookieOf(stage);
      for (let visit = 1; visit <= 3; visit += 1) {
        const client = await stage.connect('/', { headers: { Cookie: `other=1; ${cookie}` } });
        await client.closed;
      }
      const [[id]] = seen as [[string]];
      expect(seen).toEqual([1, 2, 3, 4].map((visits) => [id, visits]));
    });

    it('that ends closes all of its sockets with 3008', async () => {
      await using stage = await road.serve(
        {
          '/idle': async (ws) => void (await ws.closed),
          '/logout': async (ws) => void (await ws.session?.end()),
        },
        { sessions: SESSIONS },
      );
      const cookie = await cookieOf(stage, '/idle');
      const clients = await Promise.all([1, 2].map(() => stage.connect('/idle', { headers: { cookie } })));
      await stage.connect('/logout', { headers: { cookie } });
      const ends = await Promise.all(clients.map((client) => client.closed));
      expect(ends.map(({ code, by }) => [code, by])).toEqual([
        [3008, 'peer'],
        [3008, 'peer'],
      ]);
    });
  });

  describe('a credential', () => {
    it('that ends closes its socket with expiryCode, unless it is renewed', async () => {
      const clock = virtualClock();
      const renewed: unknown[] = [];
      await using stage = await road.serve(
        {
          onPreServer: (handshake: Handshake) => {
            handshake.expiresAt = clock.wallTimeMs() + 1000;
            return 'once';
          },
          server: async (ws: ServerSocket) => void (await ws.closed),
          onExpire: (ws: ServerSocket) => {
            if (renewed.push(ws.context) === 1) ws.renew(clock.wallTimeMs() + 1000, 'again');
          },
        },
        { clock, expiryCode: 4009 },
      );
      const client = await stage.connect();
      await idOf(stage);
      await clock.advance(1000);
      expect([renewed, client.closeInfo]).toEqual([['once'], undefined]);
      await clock.advance(1000);
      expect(await client.closed).toMatchObject({ code: 4009, by: 'peer', clean: true });
      expect(renewed).toEqual(['once', 'again']);
    });

    it('that has ended before the handshake is 401', async () => {
      await using stage = await road.serve({
        onPreServer: (handshake: Handshake) => void (handshake.expiresAt = 1),
        server: () => {},
      });
      expect((await stage.ask()).status).toBe(401);
    });
  });

  describe('maxLifetimeMs', () => {
    it('asks a handler to finish, and closes with 1001', async () => {
      const clock = virtualClock();
      await using stage = await road.serve(
        async (ws) => {
          await new Promise((resolve) => ws.draining.addEventListener('abort', resolve));
          await ws.write('finished');
        },
        // The link goes by real time: nothing else may end the socket meanwhile.
        { clock, maxLifetimeMs: 60_000, heartbeat: false, closeTimeoutMs: 600_000 },
      );
      const client = await stage.connect();
      await idOf(stage);
      await clock.advance(66_000);
      expect(await readAll(client)).toEqual(['finished']);
      expect(client.closeInfo).toMatchObject({ code: 1001, by: 'peer', clean: true });
    });
  });

  describe('host.waits', () => {
    it('says where each handler waits', async () => {
      await using stage = await road.serve({
        '/reads': async (ws) => void (await ws.read()),
        '/ends': async (ws) => void (await ws.closed),
      });
      await Promise.all([stage.connect('/reads'), stage.connect('/ends')]);
      await until(() => stage.host.waits().length === 2);
      const reads = stage.host.waits().find(({ route }) => route === '/reads');
      const ends = stage.host.waits().find(({ route }) => route === '/ends');
      expect([reads?.waits, reads?.at]).toEqual(['read', expect.stringContaining('companions.ts')]);
      expect([ends?.waits, ends?.at]).toEqual(['close', expect.stringContaining('companions.ts')]);
    });
  });

  describe('a heartbeat', () => {
    const heartbeat = { intervalMs: 1000, timeoutMs: 500 };

    it('of the server is answered by the client, and keeps the socket', async () => {
      const clock = virtualClock();
      await using v = await visit(road, { clock, heartbeat });
      for (let half = 0; half < 10; half += 1) {
        await clock.advance(500);
        await roundTrip(v.ws, v.client);
      }
      expect([v.ws.closeInfo, v.client.closeInfo]).toEqual([undefined, undefined]);
    });

    it('of the client is answered by the server', async () => {
      const clock = virtualClock();
      await using v = await visit(road, {}, { clock, heartbeat });
      for (let half = 0; half < 10; half += 1) {
        await clock.advance(500);
        await roundTrip(v.client, v.ws);
      }
      expect([v.ws.closeInfo, v.client.closeInfo]).toEqual([undefined, undefined]);
    });
  });

  describe('compression', () => {
    it.each([
      [true, true],
      [true, false],
      [false, true],
    ])('changes no message: host %s, client %s', async (host, client) => {
      await using stage = await road.serve(echo, { compression: host });
      const socket = await stage.connect('/', { compression: client });
      const texts = ['', 'short', ...numbered(20, 5000), 'z'.repeat(300_000)];
      const sending = writeAll(socket, texts);
      expect(briefs(await readAll(socket, texts.length))).toEqual(briefs(texts));
      expect(await sending).toBe('ok');
      expect(await socket.close()).toMatchObject({ code: 1000, clean: true });
    });

    it('can be left out for one message', async () => {
      await using v = await visit(road, { compression: true }, { compression: true });
      for (const compress of [true, false, true]) void v.ws.write(`${compress}`, { compress });
      expect(await readAll(v.client, 3)).toEqual(['true', 'false', 'true']);
      await settle();
      const end: CloseInfo = await v.client.close();
      expect(end.clean).toBe(true);
    });
  });
}
