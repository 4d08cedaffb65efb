// Presence on two hosts over real brokers: a host of this process, and one in a process of its own
// that stops or is killed.

import { isDeepStrictEqual } from 'node:util';
import type { Handler, Host } from 'corosock';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUSY_MS, Deployment, KINDS, NodeProgram } from './deployments.ts';
import type { Kind } from './deployments.ts';
import type { NodeProcess } from './node-process.ts';
import type { MemoryHost } from '../../fixtures/memory-host.ts';
import { nodeOfSocket } from '../../../src/hub/remote-sockets.ts';

/** A node that is not heard for so long is missing; after a minute it is forgotten. */
const MISSING_MS = 7000;
const FORGOTTEN_MS = 62_000;
/** A key goes so long after its last socket. */
const GRACE_MS = 6000;

let program: NodeProgram;
beforeAll(async () => {
  program = await NodeProgram.make();
});
afterAll(() => program[Symbol.asyncDispose]());

/** Is present as long as its client is there. */
const present =
  (name: string): Handler =>
  async (ws) => {
    const { room } = await ws.join('lobby');
    room.presence.track(ws, name);
    await ws.closed;
  };

type Counts = Readonly<Record<string, number>>;

/** How many sockets each key has; also keys that have none any more. */
function countsAt(host: Pick<Host, 'room'>): Counts {
  const { members } = host.room('lobby').presence.list();
  return Object.fromEntries([...members].map(([key, { sockets }]) => [key, sockets]));
}

/** Both hosts of a deployment. */
class Both {
  readonly deployment: Deployment;
  readonly memory: MemoryHost;
  readonly far: NodeProcess;

  constructor(deployment: Deployment, memory: MemoryHost, far: NodeProcess) {
    this.deployment = deployment;
    this.memory = memory;
    this.far = far;
  }

  get near(): Host {
    return this.memory.host;
  }

  /** Waits until both list the same. */
  async until(counts: Counts): Promise<void> {
    const what = `both list ${JSON.stringify(counts)}`;
    await this.deployment.until(what, async () => {
      return (
        isDeepStrictEqual(countsAt(this.near), counts) &&
        isDeepStrictEqual((await this.far.list()).sockets, counts)
      );
    });
  }
}

/** A host of this process, with `presence` in use, and one of another. */
async function bothOf(kind: Kind): Promise<Both> {
  const deployment = await Deployment.of(kind, program);
  const memory = await deployment.host();
  memory.host.room('lobby').presence.changes();
  return new Both(deployment, memory, await deployment.process());
}

describe.concurrent.each(KINDS)('presence over $title', { timeout: BUSY_MS }, (kind) => {
  it.skipIf(!kind.isHere)('follows on both nodes who comes and goes, and a node that stops', async () => {
    const both = await bothOf(kind);
    await using deployment = both.deployment;
    const ada = await both.far.visit('ada');
    const { client: bob } = both.memory.visit(present('bob'));
    await both.until({ ada: 1, bob: 1 });
    const again = await both.far.visit('ada');
    await both.until({ ada: 2, bob: 1 });
    await Promise.all([ada.client.close(), bob.close()]);
    await both.until({ ada: 1, bob: 0 });
    await deployment.clock.advance(GRACE_MS);
    expect(countsAt(both.near)).toEqual({ ada: 1 });
    await both.far.stop();
    await deployment.until('ada has gone', () => isDeepStrictEqual(countsAt(both.near), { ada: 0 }));
    expect((await again.client.closed).code).toBe(1001);
    await deployment.clock.advance(GRACE_MS);
    expect(both.near.room('lobby').presence.list()).toMatchObject({ members: new Map(), missingNodes: [] });
  });

  it.skipIf(!kind.isHere)('K7: names a node that is killed, and forgets it after a minute', async () => {
    const both = await bothOf(kind);
    await using deployment = both.deployment;
    const { id } = await both.far.visit('ada');
    both.memory.visit(present('bob'));
    await both.until({ ada: 1, bob: 1 });
    await both.far.kill();
    await deployment.clock.advance(MISSING_MS);
    const { presence } = both.near.room('lobby');
    expect([countsAt(both.near), presence.list().missingNodes]).toEqual([
      { ada: 1, bob: 1 },
      [nodeOfSocket(id)],
    ]);
    await deployment.clock.advance(FORGOTTEN_MS + GRACE_MS);
    expect([countsAt(both.near), presence.list().missingNodes]).toEqual([{ bob: 1 }, []]);
  });

  it.skipIf(!kind.isHere)('K2: is the same on both nodes after an outage of the broker', async () => {
    const both = await bothOf(kind);
    await using deployment = both.deployment;
    const ada = await both.far.visit('ada');
    const { client: bob } = both.memory.visit(present('bob'));
    await both.until({ ada: 1, bob: 1 });
    await deployment.broker.takeAway();
    const { brokerHealth } = both.near;
    await deployment.until('the host is down', () => brokerHealth.broker === 'down');
    await Promise.all([ada.client.close(), bob.close(), both.far.visit('eve')]);
    both.memory.visit(present('dan'));
    await deployment.until('each has its own', async () => {
      const { sockets } = await both.far.list();
      return sockets['eve'] === 1 && sockets['ada'] === 0 && countsAt(both.near)['dan'] === 1;
    });
    await deployment.broker.bringBack();
    await both.until({ ada: 0, bob: 0, dan: 1, eve: 1 });
    const { presence } = both.near.room('lobby');
    await deployment.until('no node is missing', () => presence.list().missingNodes.length === 0);
    expect(countsAt(both.near)).toMatchObject({ dan: 1, eve: 1 });
  });
});
