// Nodes that retain messages of a room, and what they say to each other about it.

import type { Deployment } from './bus-fixtures.ts';
import { presenceNode } from './presence-nodes.ts';
import type { PresenceNode } from './presence-nodes.ts';
import { KIND } from '../../src/hub/envelope.ts';
import type { BrokerFaults } from '../../src/brokers/memory-broker.ts';

/** Nodes with a subscriber in the room `r`. */
export async function nodesOf<const Names extends readonly string[]>(
  deployed: Deployment,
  ...names: Names
): Promise<{ readonly [Index in keyof Names]: PresenceNode }> {
  const nodes: PresenceNode[] = [];
  for (const name of names) nodes.push(await presenceNode(deployed, name));
  await deployed.clock.advance(500);
  for (const { registry } of nodes) registry.room('r').subscribe();
  await deployed.clock.advance(5000);
  return nodes as { readonly [Index in keyof Names]: PresenceNode };
}

/** Publishes a message that is retained. */
export function put({ registry }: PresenceNode, data: string, key: true | string = true, room = 'r'): void {
  registry.room(room).publish(data, { retain: key });
}

/** The kinds of what is sent to rooms about what is retained, one delivery each. */
export function listening(): {
  readonly faults: BrokerFaults;
  readonly kinds: string[];
  watch(node: PresenceNode): void;
} {
  const kinds: string[] = [];
  const names: Record<number, string> = {
    [KIND.retained]: 'entries',
    [KIND.retainedDigest]: 'digest',
    [KIND.retainedVersions]: 'versions',
  };
  return {
    faults: {},
    kinds,
    watch({ link, bus }) {
      const publish = link.publish.bind(link);
      link.publish = (address, bytes) => {
        const name = names[bytes[5] as number];
        if (name !== undefined && address.startsWith('room:')) kinds.push(`${bus.id} ${name}`);
        return publish(address, bytes);
      };
    },
  };
}

/** What a node retains, without what was removed. */
export function keptOf({ registry }: PresenceNode, room = 'r'): Readonly<Record<string, string>> {
  const entries = [...registry.retained(room)].map(([key, { data }]) => [String(key), String(data)] as const);
  return Object.fromEntries(entries.filter(([, data]) => data !== ''));
}
