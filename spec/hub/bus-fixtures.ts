// Nodes of one deployment on a virtual clock: buses over the broker in memory, whose links a spec
// cuts, and whose deliveries it may lose.

import type { Clock } from 'corosock';
import { settle, virtualClock } from 'corosock/testing';
import type { VirtualClock } from 'corosock/testing';
import { memoryBroker } from '../../src/brokers/memory-broker.ts';
import type { BrokerFaults, MemoryNode } from '../../src/brokers/memory-broker.ts';
import { bodyOf, KIND } from '../../src/hub/envelope.ts';
import { NodeBus } from '../../src/hub/node-bus.ts';
import type { PresenceRelay } from '../../src/hub/room-relay.ts';

/** One node. */
export interface TestNode {
  readonly bus: NodeBus;
  /** Its link to the broker. */
  readonly link: MemoryNode;
  /** What its listeners have got, in order. */
  readonly told: string[];
  readonly reports: unknown[];
  /** Subscribes to a room, and notes in `told` what comes: `a: text`, `gap 5`. */
  enter(room: string): Promise<void>;
  /** Publishes text to a room. */
  say(room: string, text: string): Promise<'sent' | 'failed'>;
}

/** The nodes of one deployment. */
export interface Deployment {
  readonly clock: VirtualClock;
  /** Makes a node and starts it. */
  node(name: string): Promise<TestNode>;
}

/** Makes a deployment without nodes. */
export function deployment(faults: BrokerFaults = {}): Deployment {
  const clock = virtualClock();
  const broker = memoryBroker({ clock, faults });
  return {
    clock,
    async node(name) {
      const node = testNode(name, broker.node(), clock);
      await node.bus.start();
      await settle();
      return node;
    },
  };
}

/** Makes a node over any link, and does not start it. */
export function testNode(name: string, link: MemoryNode, clock: Clock): TestNode {
  const reports: unknown[] = [];
  const told: string[] = [];
  const bus = new NodeBus(link, { nodeId: name, clock, report: (error) => reports.push(error) });
  return {
    bus,
    link,
    told,
    reports,
    async enter(room) {
      const subscription = bus.subscribe(`room:${room}`, {
        receive({ node, body }) {
          told.push(`${node.id}: ${Buffer.from(body).toString()}`);
          return true;
        },
        gap: (forMs) => void told.push(`gap ${forMs}`),
      });
      await subscription.opened;
    },
    say: (room, text) => bus.publish(`room:${room}`, KIND.room, bodyOf(Buffer.from(text))),
  };
}

/** For rooms whose presence is not looked at. */
export const NO_PRESENCE: PresenceRelay = {
  present() {},
  heardOf: () => ({ missingNodes: [], asOfMs: Infinity }),
  used() {},
  unused() {},
  entered() {},
  left() {},
  receive() {},
  gap() {},
  close() {},
};

/** Loses the deliveries to the addresses in `drops`. */
export function dropping(): { readonly drops: Set<string>; readonly faults: BrokerFaults } {
  const drops = new Set<string>();
  return {
    drops,
    faults: {
      delivery: (_from, _to, address) => (drops.has(address) ? { copies: 0, delayMs: 0 } : undefined),
    },
  };
}
