// What a log shows of hosts and their sockets: id, route, state, address and what is queued; no
// private parts, no message, no query of a URL.

import { createServer } from 'node:http';
import { inspect } from 'node:util';
import { attach, serve } from 'corosock';
import type { ServerSocket } from 'corosock';
import { connect } from 'corosock/client';
import { fakeSocket, runServer, settle, virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { until } from '../faults/until.ts';

const untilClosed = async (ws: ServerSocket): Promise<void> => void (await ws.closed);

describe('a handler’s socket', () => {
  it('is shown with id, route, address, state and what is queued', async () => {
    const shown: string[] = [];
    const ids: string[] = [];
    await using host = await serve({
      '/chat/:room': async (ws) => {
        while (ws.queued.messages === 0) await settle();
        ids.push(ws.id);
        shown.push(inspect(ws));
      },
    });
    const client = await connect(`${host.url}/chat/lobby?token=secret`);
    await client.write('hello');
    await until(() => shown.length > 0);
    await client.close();
    expect(shown).toEqual([
      [
        'ServerSocket {',
        `  id: '${ids[0]}',`,
        `  route: '/chat/:room',`,
        `  address: '127.0.0.1',`,
        `  state: 'open',`,
        '  queued: { messages: 1, bytes: 5 },',
        '  bufferedBytes: 0',
        '}',
      ].join('\n'),
    ]);
  });

  it('says that it is shared, and a handle on it is a SharedSocket', async () => {
    const seen: string[] = [];
    await using run = runServer(
      {
        onPreServer: (handshake) => void (handshake.sharedConnection = true),
        server: async (ws) => {
          const [handle] = await ws.host.openServer(ws.id);
          seen.push(inspect(ws), inspect(handle));
        },
      },
      { clock: virtualClock() },
    );
    await run.client;
    await settle();
    expect(seen).toEqual([
      expect.stringMatching(/^ServerSocket \{[^]*route: '\*',[^]*sharedConnection: true,/u),
      expect.stringMatching(/^SharedSocket \{\s+id: '[\w.-]+',\s+state: 'open',/u),
    ]);
  });

  it('is shown after its end', async () => {
    const { ws, client } = fakeSocket();
    await client.close();
    await ws.closed;
    expect(inspect(ws)).toMatch(/^ServerSocket \{[^]*state: 'closed',[^]*by: 'peer'/u);
  });

  it('is a name alone where it is no socket', () => {
    const impostor: unknown = Object.create(Object.getPrototypeOf(fakeSocket().ws) as object);
    expect(inspect(impostor)).toBe('[ServerSocket]');
  });
});

describe('a host', () => {
  it('is shown with its URL, its routes and the number of its sockets', async () => {
    await using host = await serve({ '/chat/:room': untilClosed, '/news': untilClosed });
    const client = await connect(`${host.url}/news`);
    await until(() => host.sockets.size === 1);
    expect(inspect(host)).toBe(
      [
        'Host {',
        `  url: '${host.url}',`,
        '  ready: true,',
        `  routes: [ '/chat/:room', '/news' ],`,
        '  sockets: 1',
        '}',
      ].join('\n'),
    );
    expect(inspect(host.sockets)).toMatch(/^Sockets Map\(1\) \{\s+'[\w.-]+' => ServerSocket \{/u);
    await client.close();
  });

  it('is shown before it listens, and after its end', async () => {
    const host = attach(createServer(), untilClosed);
    expect(inspect(host)).toBe(`Host { url: '', ready: true, routes: [ '*' ], sockets: 0 }`);
    await host.close();
    expect(inspect(host)).toContain('ready: false');
  });
});
