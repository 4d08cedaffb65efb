// Which host on one http server gets an upgrade, with streams in memory. Over real ports:
// spec/server/attach.spec.ts.

import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Routes } from 'corosock';
import { settle } from 'corosock/testing';
import { describe, expect, it, vi } from 'vitest';
import { parseUpgrade } from '../fixtures/parsed-request.ts';
import { writtenStream } from '../fixtures/written-stream.ts';
import { REFUSALS, responseOf } from '../../src/handshake/refusal.ts';
import { RouteTable } from '../../src/server/routes.ts';
import { registryOf } from '../../src/server/upgrade-registry.ts';
import type { RequestParts } from '../peers/raw-client.ts';

const nothing = (): void => {};

/** A host that only notes what it is given. */
function claim(server: Server, routes: Routes): { readonly table: RouteTable; readonly paths: string[] } {
  const paths: string[] = [];
  const table = new RouteTable(routes);
  registryOf(server).add(
    table,
    {
      handleUpgrade: ({ url = '' }) => void paths.push(url),
      tellRefused: () => false,
    },
    nothing,
  );
  return { table, paths };
}

/** Asks a server for upgrades of paths; what it wrote to the last one by itself. */
async function ask(server: Server, ...paths: readonly string[]): Promise<string> {
  let text = '';
  for (const path of paths) text = await askFor(server, { requestLine: `GET ${path} HTTP/1.1` });
  return text;
}

async function askFor(server: Server, parts: RequestParts): Promise<string> {
  const { stream, text } = writtenStream();
  server.emit('upgrade', await parseUpgrade(parts), stream, Buffer.alloc(0));
  await settle();
  stream.destroy();
  return text();
}

describe('UpgradeRegistry', () => {
  it('is one for each server', () => {
    const [a, b] = [createServer(), createServer()];
    expect(registryOf(a)).toBe(registryOf(a));
    expect(registryOf(a)).not.toBe(registryOf(b));
  });

  it('listens once, and not at all when no host is left', () => {
    const server = createServer();
    const counts = [server.listenerCount('upgrade')];
    const claims = [claim(server, { '/a': nothing }), claim(server, { '/b': nothing })];
    counts.push(server.listenerCount('upgrade'));
    for (const { table } of claims) {
      registryOf(server).remove(table);
      counts.push(server.listenerCount('upgrade'));
    }
    expect(counts).toEqual([0, 1, 1, 0]);
  });

  it('H20: gives each host the upgrades of its routes', async () => {
    const server = createServer();
    const a = claim(server, { '/a': nothing, '/both/:x': nothing });
    const b = claim(server, { '/b': nothing, '/both/b': nothing });
    await ask(server, '/a', '/b?x', '/both/b', 'http://127.0.0.1/a');
    expect([a.paths, b.paths]).toEqual([['/a', '/both/b', 'http://127.0.0.1/a'], ['/b?x']]);
  });

  it.each([['before'], ['after']])(
    'asks a host with patterns first that was added %s the one for every path',
    async (order) => {
      const server = createServer();
      const claims = [{ '/a': nothing }, nothing].toSorted(() => (order === 'before' ? 0 : -1));
      const [first, second] = claims.map((routes) => claim(server, routes));
      await ask(server, '/a', '/b');
      expect([first?.paths, second?.paths]).toEqual(order === 'before' ? [['/a'], ['/b']] : [['/b'], ['/a']]);
    },
  );

  it.each([
    ['the same pattern', { '/chat/:id': nothing }],
    ['the same under another name', { '/x': nothing, '/chat/:room': nothing }],
  ])('H20: refuses a host with %s, and stays as it was', async (_, routes) => {
    const server = createServer();
    const first = claim(server, { '/chat/:id': nothing });
    expect(() => claim(server, routes)).toThrow('/chat/:id is claimed already');
    expect(await ask(server, '/chat/1', '/x')).toBe(responseOf(REFUSALS.route));
    expect(first.paths).toEqual(['/chat/1']);
  });

  it('H20: refuses a second host for every path', () => {
    const server = createServer();
    claim(server, nothing);
    expect(() => claim(server, { server: nothing })).toThrow('every path is claimed already');
  });

  it('takes a pattern again whose host was removed', async () => {
    const server = createServer();
    const first = claim(server, { '/a': nothing });
    registryOf(server).remove(first.table);
    const second = claim(server, { '/a': nothing });
    await ask(server, '/a');
    expect([first.paths, second.paths]).toEqual([[], ['/a']]);
  });

  it.each([
    ['404 for a path without a host', { requestLine: 'GET /b HTTP/1.1' }, REFUSALS.route],
    ['what is wrong with the request', { requestLine: 'GET * HTTP/1.1' }, REFUSALS.target],
    ['what is wrong with the host', { headers: { Host: 'a b' } }, REFUSALS.host],
    ['that there is no host', { headers: { Host: undefined } }, REFUSALS.host],
  ])('answers %s when there is no other listener', async (_, parts, refusal) => {
    const server = createServer();
    claim(server, { '/a': nothing });
    expect(await askFor(server, parts)).toBe(responseOf(refusal));
  });

  it('answers HEAD without a body', async () => {
    const server = createServer();
    claim(server, { '/a': nothing });
    expect(await askFor(server, { requestLine: 'HEAD /b HTTP/1.1' })).toBe(
      responseOf(REFUSALS.method, 'HEAD'),
    );
  });

  it('leaves to other listeners a path without a host, and keeps ours', async () => {
    const server = createServer();
    const { paths } = claim(server, { '/a': nothing });
    const other = vi.fn<(request: IncomingMessage, stream: Duplex) => void>();
    server.on('upgrade', other);
    expect(await ask(server, '/a', '/b')).toBe('');
    expect([paths, other.mock.calls.map(([{ url }]) => url)]).toEqual([['/a'], ['/a', '/b']]);
  });
});
