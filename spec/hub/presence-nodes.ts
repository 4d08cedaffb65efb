// Nodes with rooms and presence on one virtual clock: what `track` counts on one is listed on the
// others, through the broker in memory and its faults.

import { settle } from 'corosock/testing';
import { deployment, dropping } from './bus-fixtures.ts';
import type { Deployment, TestNode } from './bus-fixtures.ts';
import { PresenceReplica } from '../../src/hub/presence-replica.ts';
import { BusRoomRelay } from '../../src/hub/room-relay.ts';
import type { SocketInRooms } from '../../src/rooms/member.ts';
import type { PresenceOf } from '../../src/rooms/room.ts';
import { RoomRegistry } from '../../src/rooms/room-registry.ts';

interface Ws {
  readonly id: string;
  readonly binaryData: boolean;
}

/** A socket that is counted. */
export type Tracked = SocketInRooms<Ws> & { end(): void };

/** A node with rooms. */
export interface PresenceNode extends TestNode {
  readonly relay: BusRoomRelay;
  readonly registry: RoomRegistry<Ws>;
  presence(room?: string): PresenceOf<Ws>;
  /** Counts a new socket. */
  track(key: string, meta?: unknown, room?: string): Tracked;
  /** How many sockets each key has, as this node lists it; those that leave are left out. */
  counts(room?: string): Readonly<Record<string, number>>;
  /** As a host ends: says goodbye. */
  close(): Promise<void>;
}

let number = 0;

/** Makes a node and starts it. */
export async function presenceNode({ clock, node }: Deployment, name: string): Promise<PresenceNode> {
  const test = await node(name);
  const sockets = new Map<unknown, Tracked>();
  const registry = new RoomRegistry<Ws>({
    clock,
    maxRooms: 1000,
    find: () => undefined,
    socketOf: (ws) => sockets.get(ws),
    report: (kind) => test.told.push(kind),
  });
  const replica = new PresenceReplica(test.bus, registry, clock);
  const relay = new BusRoomRelay(test.bus, registry, clock, replica);
  registry.connect(relay);
  const socket = (): Tracked => {
    number += 1;
    const ws = { id: `socket ${number}`, binaryData: false };
    const queue: { end: unknown } = { end: undefined };
    const made = {
      ws,
      conversation: { queue } as unknown as Tracked['conversation'],
      memberships: undefined as Tracked['memberships'],
      end() {
        queue.end = 'over';
        made.memberships?.leaveAll();
      },
    };
    sockets.set(ws, made);
    return made;
  };
  return {
    ...test,
    relay,
    registry,
    presence: (room = 'r') => registry.room(room).presence,
    track(key, meta, room = 'r') {
      const tracked = socket();
      registry.room(room).presence.track(tracked.ws, key, meta);
      return tracked;
    },
    counts(room = 'r') {
      const { members } = registry.room(room).presence.list();
      const counted = [...members].map(([key, { sockets: count }]) => [key, count] as const);
      return Object.fromEntries(
        counted.filter(([, count]) => count > 0).toSorted(([a], [b]) => (a < b ? -1 : 1)),
      );
    },
    async close() {
      registry.close();
      relay.close();
      await test.bus.close();
    },
  };
}

/** Nodes that know each other, each with `changes` of the room `r`. */
export async function presenceNodes<const Names extends readonly string[]>(
  deployed: Deployment,
  ...names: Names
): Promise<{ readonly [Index in keyof Names]: PresenceNode }> {
  const nodes: PresenceNode[] = [];
  for (const name of names) nodes.push(await presenceNode(deployed, name));
  for (const node of nodes) node.presence().changes();
  await deployed.clock.advance(2000);
  await settle();
  return nodes as { readonly [Index in keyof Names]: PresenceNode };
}

/** Nodes of a deployment of their own, which loses the deliveries to the addresses in `drops`. */
export async function losingNodes<const Names extends readonly string[]>(
  ...names: Names
): Promise<{
  readonly deployed: Deployment;
  readonly drops: Set<string>;
  readonly nodes: { readonly [Index in keyof Names]: PresenceNode };
}> {
  const { drops, faults } = dropping();
  const deployed = deployment(faults);
  return { deployed, drops, nodes: await presenceNodes<Names>(deployed, ...names) };
}
