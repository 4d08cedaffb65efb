// What it costs to enter a room: nodes are asked only where their heartbeats say that they have
// something of rooms, and what comes before these heartbeats is found all the same.

import { describe, expect, it } from 'vitest';
import { deployment } from './bus-fixtures.ts';
import type { Deployment } from './bus-fixtures.ts';
import { losingNodes, presenceNode } from './presence-nodes.ts';
import type { PresenceNode } from './presence-nodes.ts';
import { KIND } from '../../src/hub/envelope.ts';
import type { BrokerFaults } from '../../src/brokers/memory-broker.ts';

describe('entering a room', () => {
  /** What is delivered to nodes, less the heartbeats. */
  function counted(): { readonly faults: BrokerFaults; readonly sent: string[] } {
    const sent: string[] = [];
    return {
      sent,
      faults: {
        delivery(from, to, address) {
          if (address !== 'nodes') sent.push(`${from} to ${to}: ${address}`);
          return undefined;
        },
      },
    };
  }

  /** Four nodes that are in a hundred rooms, and a fifth one. */
  async function fiveNodes(deployed: Deployment): Promise<readonly PresenceNode[]> {
    const nodes: PresenceNode[] = [];
    for (const name of ['a', 'b', 'c', 'd', 'e']) nodes.push(await presenceNode(deployed, name));
    await deployed.clock.advance(3000);
    for (const { registry } of nodes.slice(0, 4)) for (const room of ROOMS) registry.room(room).subscribe();
    await deployed.clock.advance(3000);
    return nodes;
  }

  const ROOMS = Array.from({ length: 100 }, (_, index) => `room ${index}`);

  it('costs no message while no node counts or retains anything', async () => {
    const { faults, sent } = counted();
    const deployed = deployment(faults);
    const nodes = await fiveNodes(deployed);
    sent.length = 0;
    for (const room of ROOMS) nodes[4]?.registry.room(room).subscribe();
    await deployed.clock.advance(10_000);
    expect([sent, nodes[4]?.presence('room 7').list().missingNodes]).toEqual([[], []]);
  });

  it('costs a question to the nodes in the room while one counts, and one to each that retains', async () => {
    const { faults, sent } = counted();
    const deployed = deployment(faults);
    const nodes = await fiveNodes(deployed);
    nodes[0]?.track('ada', undefined, 'room 1');
    nodes[1]?.registry.room('room 2').publish('x', { retain: true });
    await deployed.clock.advance(10_000);
    sent.length = 0;
    const events = nodes[4]?.registry.room('room 1').subscribe();
    await deployed.clock.advance(2000);
    expect(nodes[4]?.counts('room 1')).toEqual({ ada: 1 });
    const asked = [0, 1, 2, 3].map((node) => `4 to ${node}: room:room 1`);
    const told = [1, 2, 3, 4].map((node) => `0 to ${node}: room:room 1`);
    // All four have had the message that is retained, and so all retain it.
    const retained = ['a', 'b', 'c', 'd'].map((name, node) => `4 to ${node}: node:${name}`);
    const answers = [0, 1, 2, 3].map((node) => `${node} to 4: node:e`);
    expect(sent.toSorted()).toEqual([...asked, ...told, ...retained, ...answers].toSorted());
    events?.close();
  });

  it('finds what a node has counted whose heartbeat comes late', async () => {
    const { deployed, drops, nodes } = await losingNodes('a', 'b');
    const [a, b] = nodes;
    await deployed.clock.advance(10_000);
    drops.add('nodes');
    a.track('ada', undefined, 'other');
    await deployed.clock.advance(500);
    b.presence('other').changes();
    await deployed.clock.advance(500);
    expect(b.counts('other')).toEqual({});
    drops.clear();
    await deployed.clock.advance(2500);
    expect(b.counts('other')).toEqual({ ada: 1 });
  });

  it('finds what a node retains whose heartbeat comes late, and compares no older room', async () => {
    const { deployed, drops, nodes } = await losingNodes('a', 'b');
    const [a, b] = nodes;
    await deployed.clock.advance(10_000);
    drops.add('nodes');
    a.registry.room('other').publish('last', { retain: true });
    b.registry.room('other').subscribe();
    await deployed.clock.advance(500);
    expect(b.registry.retained('other').size).toBe(0);
    const compared: string[] = [];
    const publish = b.link.publish.bind(b.link);
    b.link.publish = (address, bytes) => {
      if (bytes[5] === KIND.retainedDigest) compared.push(address);
      return publish(address, bytes);
    };
    drops.clear();
    await deployed.clock.advance(2500);
    expect([b.registry.retained('other').get(true)?.data, compared]).toEqual(['last', ['room:other']]);
  });
});
