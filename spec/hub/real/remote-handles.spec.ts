// Handles on sockets of another process over real brokers: they write and read, and end truthfully
// where the node of the socket or the broker does.

import type { CloseInfo, Host, SharedSocket } from 'corosock';
import type { ClientSocket } from 'corosock/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUSY_MS, Deployment, KINDS, NodeProgram, SERVERS } from './deployments.ts';
import type { Opener } from './deployments.ts';
import type { NodeProcess } from './node-process.ts';
import { gist } from '../../fixtures/memory-host.ts';

/** A handle whose node does not answer for so long has ended. */
const SILENT_MS = 8000;
/** A node that is not heard for so long is forgotten. */
const FORGOTTEN_MS = 62_000;
const KILLS = 3;

let program: NodeProgram;
beforeAll(async () => {
  program = await NodeProgram.make();
});
afterAll(() => program[Symbol.asyncDispose]());

/** Opens a socket of a node that may just have begun. */
async function handleOf(deployment: Deployment, opener: Opener, id: string): Promise<SharedSocket> {
  await deployment.until('the socket is found', async () => (await opener.openServer(id))[1] === 'ok');
  const [ws] = await opener.openServer(id);
  if (ws === undefined) throw new Error(`The socket ${id} is gone`);
  return ws;
}

/** A socket of another process, and a handle on it. */
interface Remote {
  readonly host: Host;
  readonly far: NodeProcess;
  readonly client: ClientSocket;
  readonly id: string;
  readonly ws: SharedSocket;
}

/** Opens a socket of another process from a host of this one. */
async function opened(deployment: Deployment): Promise<Remote> {
  const { host } = await deployment.host();
  const far = await deployment.process();
  const { client, id } = await far.visit('ada');
  return { host, far, client, id, ws: await handleOf(deployment, host, id) };
}

const shown = (end: CloseInfo): unknown => gist(end);
const BY_LINK = [1006, 'link', false];

/** Reads until a text comes. */
async function read(ws: Pick<SharedSocket, 'readText'>, last: string): Promise<readonly string[]> {
  const got: string[] = [];
  while (got.at(-1) !== last) {
    const [text, status] = await ws.readText();
    if (status !== 'ok') throw new Error(`The socket is ${status} behind ${got.join(', ')}`);
    got.push(text);
  }
  return got;
}

/** Expects that a write that was given up has come once or not, and that the socket goes on. */
async function expectNotTwice(deployment: Deployment, { host, id, client }: Remote): Promise<void> {
  const again = await handleOf(deployment, host, id);
  expect(await again.write('last')).toBe('ok');
  expect([['last'], ['perhaps', 'last']]).toContainEqual(await read(client, 'last'));
}

/** Reads until a text comes, over as many handles as it takes. */
async function readOver(open: () => Promise<SharedSocket>, last: string): Promise<readonly string[]> {
  const got: string[] = [];
  while (got.at(-1) !== last) {
    const [text, status] = await (await open()).readText();
    if (status === 'ok') got.push(text);
  }
  return got;
}

describe.concurrent.each(KINDS)(
  'a handle on a socket of another process, over $title',
  { timeout: BUSY_MS },
  (kind) => {
    it.skipIf(!kind.isHere).each(['host', 'hub'] as const)('of a %s writes and reads', async (opens) => {
      await using deployment = await Deployment.of(kind, program);
      const opener = opens === 'hub' ? await deployment.hub() : (await deployment.host()).host;
      const far = await deployment.process();
      const { client, id } = await far.visit('ada');
      const ws = await handleOf(deployment, opener, id);
      const reading = ws.read();
      expect(await ws.write('hello')).toBe('ok');
      expect(await client.read()).toEqual(['hello', 'ok']);
      await client.write('hello yourself');
      expect(await reading).toEqual(['hello yourself', 'ok']);
      await client.close();
      expect(await ws.read()).toEqual([undefined, 'closed']);
      expect(shown(await ws.closed)).toEqual([1000, 'peer', true]);
      expect((await opener.openServer(id))[1]).toBe('not-found');
    });

    it.skipIf(!kind.isHere)(
      'K7: ends where the process of the socket is killed, and so does its id',
      async () => {
        await using deployment = await Deployment.of(kind, program);
        const { host, far, id, ws } = await opened(deployment);
        const reading = ws.read();
        await far.kill();
        const writing = ws.write('lost');
        await deployment.clock.advance(SILENT_MS);
        expect([await reading, await writing]).toEqual([[undefined, 'closed'], 'closed']);
        expect(shown(await ws.closed)).toEqual(BY_LINK);
        expect((await host.openServer(id, { timeoutMs: 100 }))[1]).toBe('timeout');
        await deployment.clock.advance(FORGOTTEN_MS);
        expect((await host.openServer(id))[1]).toBe('not-found');
      },
    );

    it.skipIf(!kind.isHere)(
      'K7: ends where that process stands still, and writes nothing twice',
      async () => {
        await using deployment = await Deployment.of(kind, program);
        const remote = await opened(deployment);
        await remote.far.pause();
        const writing = remote.ws.write('perhaps');
        await deployment.clock.advance(SILENT_MS);
        expect([await writing, shown(await remote.ws.closed)]).toEqual(['closed', BY_LINK]);
        remote.far.resume();
        await expectNotTwice(deployment, remote);
      },
    );

    it.skipIf(!kind.isHere)('ends where the broker is stopped before it has taken a write', async () => {
      await using deployment = await Deployment.of(kind, program);
      const remote = await opened(deployment);
      await deployment.broker.pause();
      expect([await remote.ws.write('perhaps'), shown(await remote.ws.closed)]).toEqual(['closed', BY_LINK]);
      deployment.broker.resume();
      await expectNotTwice(deployment, remote);
    });
  },
);

describe.concurrent.each(SERVERS)(
  'handles on a socket while the server is killed, over $title',
  { timeout: BUSY_MS },
  (kind) => {
    it.skipIf(!kind.isHere)('read what the client says behind it once', async () => {
      await using deployment = await Deployment.of(kind, program);
      const { host, far, client, id, ws } = await opened(deployment);
      // This handle, and the next where that one has ended.
      const reading = readOver(() => handleOf(deployment, host, id), 'three');
      expect(await ws.write('before')).toBe('ok');
      await deployment.broker.kill();
      await deployment.until('the host is down', () => host.brokerHealth.broker === 'down');
      await deployment.broker.start();
      await deployment.until('both are up', async () => {
        return host.brokerHealth.broker === 'up' && (await far.list()).health === 'up';
      });
      for (const text of ['one', 'two', 'three']) await client.write(text);
      expect(await reading).toEqual(['one', 'two', 'three']);
    });

    it.skipIf(!kind.isHere)(`K10: write what is ok once and in order, in ${KILLS} kills`, async () => {
      await using deployment = await Deployment.of(kind, program);
      const { host } = await deployment.host();
      const far = await deployment.process();
      const visitor = await far.visit('ada');
      const accepted: string[] = [];
      let said = 0;
      const say = async (ws: SharedSocket): Promise<void> => {
        const mine = `${said}`;
        said += 1;
        if ((await ws.write(mine)) === 'ok') accepted.push(mine);
      };
      for (let kill = 0; kill < KILLS; kill += 1) {
        const ws = await handleOf(deployment, host, visitor.id);
        for (let count = 0; count < 10; count += 1) await say(ws);
        await Promise.all([say(ws), say(ws), deployment.broker.kill(), say(ws), say(ws)]);
        await deployment.broker.start();
        await deployment.until('the host is up', () => host.brokerHealth.broker === 'up');
      }
      const ws = await handleOf(deployment, host, visitor.id);
      expect(await ws.write('last')).toBe('ok');
      const got = await read(visitor.client, 'last');
      expect(got.slice(0, -1)).toEqual(
        [...new Set(got.slice(0, -1))].toSorted((a, b) => Number(a) - Number(b)),
      );
      expect(accepted.filter((text) => !got.includes(text))).toEqual([]);
    });
  },
);
