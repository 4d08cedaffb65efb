// How many messages a publish is to the broker, counted at hosts with many members: one message in, and
// one out for each node that has members, whatever the members of a node are.

import type { ServerSocket } from 'corosock';
import { settle, virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { MemoryHost } from '../fixtures/memory-host.ts';
import { memoryBroker } from '../../src/brokers/memory-broker.ts';

const HOSTS = 5;
const MEMBERS = 20;
const PUBLISHES = 7;

interface Counted {
  readonly hosts: readonly MemoryHost[];
  /** To the address of a room: what hosts give to the broker, and what it brings to hosts. */
  readonly counts: { given: number; brought: number };
}

/** Hosts of one deployment, of which the first ones have members. */
async function countedHosts(withMembers: number): Promise<Counted> {
  const clock = virtualClock();
  const counts = { given: 0, brought: 0 };
  const broker = memoryBroker({
    clock,
    faults: {
      delivery(_from, _to, address) {
        if (address.startsWith('room:')) counts.brought += 1;
        return undefined;
      },
    },
  });
  const hosts = Array.from({ length: HOSTS }, () => {
    const node = broker.node();
    const publish = node.publish.bind(node);
    node.publish = (address, bytes) => {
      if (address.startsWith('room:')) counts.given += 1;
      return publish(address, bytes);
    };
    return new MemoryHost({ clock, broker: node });
  });
  const join = async (ws: ServerSocket): Promise<void> => {
    await ws.join('room');
    await ws.closed;
  };
  for (const host of hosts.slice(0, withMembers))
    for (let member = 0; member < MEMBERS; member += 1) host.visit(join);
  await clock.advance(1000);
  await settle();
  // Hosts have asked each other who is present.
  Object.assign(counts, { given: 0, brought: 0 });
  return { hosts, counts };
}

describe('a publish', () => {
  it.each([0, 1, 2, HOSTS])(
    'is one message to the broker, and one from it for each other host with members: %i of them',
    async (withMembers) => {
      const { hosts, counts } = await countedHosts(withMembers);
      const sender = hosts.at(-1) as MemoryHost;
      for (let n = 0; n < PUBLISHES; n += 1) {
        const report = sender.host.room('room').publish('hello');
        expect(await report.relayed).toBe('sent');
      }
      await settle();
      const others = withMembers === HOSTS ? HOSTS - 1 : withMembers;
      expect(counts).toEqual({ given: PUBLISHES, brought: PUBLISHES * others });
      for (const host of hosts.slice(0, withMembers))
        expect(host.host.room('room').members.size).toBe(MEMBERS);
      for (const { host } of hosts) void host.close({ graceMs: 0 });
    },
  );
});
