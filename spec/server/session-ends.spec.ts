// `session.end()` on a host with a broker: the sockets of the session close on all nodes.

import { memoryBroker } from 'corosock';
import { settle, virtualClock } from 'corosock/testing';
import type { VirtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { HostNode } from '../../src/server/host-node.ts';
import { settingsOf } from '../../src/server/host-options.ts';
import { RunRegistry } from '../../src/server/run-registry.ts';
import { outageReport } from '../fixtures/outage-report.ts';
import { MemorySessionStore } from '../../src/session/memory-session-store.ts';
import { NotedStore, setScene } from '../session/session-fixtures.ts';
import type { Joined, Scene } from '../session/session-fixtures.ts';

interface SessionNode extends Scene {
  readonly id: string;
  readonly link: ReturnType<ReturnType<typeof memoryBroker>['node']>;
  readonly node: HostNode;
}

interface Nodes {
  readonly clock: VirtualClock;
  readonly deployment: ReturnType<typeof memoryBroker>;
  readonly one: SessionNode;
  readonly two: SessionNode;
  /** A socket on each, of the same session. */
  readonly joined: readonly [Joined, Joined];
}

async function nodes(): Promise<Nodes> {
  const clock = virtualClock();
  const deployment = memoryBroker({ clock });
  const store = new NotedStore(new MemorySessionStore(clock));
  const make = (): SessionNode => {
    const link = deployment.node();
    const scene = setScene({}, { clock, store });
    const runs = new RunRegistry();
    const settings = settingsOf('spec', { clock, broker: link, report: outageReport });
    const node = new HostNode(runs, settings, scene.sessions);
    return { ...scene, id: runs.nodeId, link, node };
  };
  const [one, two] = [make(), make()];
  await clock.advance(1000);
  const first = await one.join();
  const second = await two.join(first.session.writeCookie()?.split(';')[0]);
  return { clock, deployment, one, two, joined: [first, second] };
}

describe('session.end() with a broker', () => {
  it('closes the sockets of the session on all nodes, and names the nodes', async () => {
    const { one, two, joined } = await nodes();
    expect(joined[1].session.id).toBe(joined[0].session.id);
    const end = await joined[0].session.end();
    expect([...end.nodes]).toEqual([
      [one.id, 1],
      [two.id, 1],
    ]);
    expect([end.missingNodes, joined.map(({ socket }) => socket.closed)]).toEqual([[], [1, 1]]);
  });

  it('leaves other sessions alone', async () => {
    const { one, two, joined } = await nodes();
    const other = await two.join();
    const third = await one.join();
    await joined[0].session.end();
    expect([other.socket.closed, third.socket.closed]).toEqual([0, 0]);
  });

  it('closes them on a node that is missing once it is back', async () => {
    const { clock, two, joined } = await nodes();
    two.link.cut();
    await clock.advance(6000);
    const end = await joined[0].session.end();
    expect([end.missingNodes, joined[1].socket.closed]).toEqual([[two.id], 0]);
    two.link.mend();
    await clock.advance(3000);
    expect(joined[1].socket.closed).toBe(1);
  });

  it('ends them everywhere though the store is down', async () => {
    const { one, joined } = await nodes();
    one.store.answers.delete = () => Promise.reject(new Error('the store is down'));
    await expect(joined[0].session.end()).rejects.toThrow('the store is down');
    await settle();
    expect(joined.map(({ socket }) => socket.closed)).toEqual([1, 1]);
  });

  it('counts a node without sessions, which has none', async () => {
    const { clock, deployment, joined } = await nodes();
    const runs = new RunRegistry();
    const three = new HostNode(runs, settingsOf('spec', { clock, broker: deployment.node() }));
    await clock.advance(1000);
    const end = await joined[0].session.end();
    expect([three.readiness, end.nodes.get(runs.nodeId), end.missingNodes]).toEqual(['ready', 0, []]);
  });
});

describe('session.end() without a broker', () => {
  it('gives no nodes', async () => {
    const { join } = setScene();
    const { session } = await join();
    expect(await session.end()).toEqual({ nodes: new Map(), missingNodes: [] });
  });
});
