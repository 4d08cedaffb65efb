// An http server whose upgrades others answer, too: over ports, with servers of `ws`. Hosts beside
// each other: attach.spec.ts.

import type { Server } from 'node:http';
import { attach } from 'corosock';
import type { Handler, Host, HostOptions, ServerSocket } from 'corosock';
import { describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { listen } from '../fixtures/listening-server.ts';

const echo: Handler = async (ws) => {
  for await (const data of ws) await ws.write(data);
};

interface Attached {
  readonly host: Host;
  readonly reports: readonly unknown[];
}

function attachTo(server: Server, handler: Handler = echo): Attached {
  const reports: unknown[] = [];
  const host = attach(server, { '/ours': handler }, { report: (error) => reports.push(error) });
  return { host, reports };
}

/** A server of `ws` that answers 400 to all paths but its own. */
function theirs(server: Server): WebSocketServer {
  const wss = new WebSocketServer({ server, path: '/theirs' });
  wss.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
  return wss;
}

/** What a client meets: the echo of its word, or an error, or the end. */
function visit(url: string, options = {}): Promise<string> {
  const client = new WebSocket(url, options);
  return new Promise((resolve) => {
    client.on('open', () => client.send('word'));
    client.on('error', ({ message }) => resolve(message));
    client.on('close', (code) => resolve(`closed with ${code}`));
    client.on('message', (data: Buffer) => {
      client.terminate();
      resolve(String(data));
    });
  });
}

const REPORT = {
  code: 'COROSOCK_OTHER_LISTENER',
  message: expect.stringMatching(/^attach\(\): .*"\/ours".*noServer: true/) as string,
};

describe('attach beside a server of ws with a path', () => {
  it.each([
    [
      'made before',
      (server: Server): Attached => {
        theirs(server);
        return attachTo(server);
      },
      'Unexpected server response: 400',
    ],
    [
      'made after',
      (server: Server): Attached => {
        const attached = attachTo(server);
        theirs(server);
        return attached;
      },
      'Invalid WebSocket frame',
    ],
  ])('H26: says once what is wrong, and the cure: %s', async (_, arrange, met) => {
    await using plain = await listen();
    const { host, reports } = arrange(plain.server);
    expect(await visit(`${host.url}/ours`)).toContain(met);
    expect(await visit(`${host.url}/ours`)).toContain(met);
    expect(await visit(`${host.url}/theirs`)).toBe('word');
    expect(reports).toMatchObject([REPORT]);
    await host.close({ graceMs: 0 });
  });

  it('H26: says so where its hook takes a while', async () => {
    await using plain = await listen();
    const reports: unknown[] = [];
    const server = { onPreServer: () => new Promise((resolve) => setImmediate(resolve)), server: echo };
    const host = attach(plain.server, { '/ours': server }, { report: (error) => reports.push(error) });
    theirs(plain.server);
    expect(await visit(`${host.url}/ours`)).toContain('400');
    expect(reports).toMatchObject([REPORT]);
    await host.close({ graceMs: 0 });
  });

  it('works with the cure', async () => {
    await using plain = await listen();
    const wss = new WebSocketServer({ noServer: true });
    wss.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
    plain.server.on('upgrade', (request, socket, head) => {
      if (request.url !== '/theirs') return;
      wss.handleUpgrade(request, socket, head, (client) => wss.emit('connection', client, request));
    });
    const { host, reports } = attachTo(plain.server);
    expect([await visit(`${host.url}/ours`), await visit(`${host.url}/theirs`)]).toEqual(['word', 'word']);
    expect(reports).toEqual([]);
    await host.close({ graceMs: 0 });
  });

  const ANY: HostOptions = { origins: 'any' };
  it.each<[string, HostOptions, Handler, string]>([
    ['refuses by itself', {}, echo, 'Unexpected server response: 403'],
    ['ends at once', ANY, (ws: ServerSocket) => ws.terminate(), 'closed with 1006'],
    ['closes at once', ANY, (ws: ServerSocket) => void ws.endServer(4000), 'closed with 4000'],
  ])(
    'is silent beside a listener that leaves its paths alone, also where it %s',
    async (_, options, handler, met) => {
      await using plain = await listen();
      plain.server.on('upgrade', () => {});
      const reports: unknown[] = [];
      const host = attach(
        plain.server,
        { '/ours': handler },
        {
          ...options,
          report: (error) => reports.push(error),
        },
      );
      expect(await visit(`${host.url}/ours`, { origin: 'http://foreign.example' })).toBe(met);
      expect(reports).toEqual([]);
      await host.close({ graceMs: 0 });
    },
  );
});
