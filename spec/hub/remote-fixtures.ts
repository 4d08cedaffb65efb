// Two nodes, one with a socket: a handle of the other node on it, over the broker in memory.

import { settle, virtualClock } from 'corosock/testing';
import type { VirtualClock } from 'corosock/testing';
import { memoryBroker } from '../../src/brokers/memory-broker.ts';
import type { BrokerFaults, MemoryBroker, MemoryNode } from '../../src/brokers/memory-broker.ts';
import { BufferingSink } from '../../src/transport/buffering-sink.ts';
import { Conversation } from '../../src/conversation/conversation.ts';
import { NodeBus } from '../../src/hub/node-bus.ts';
import { RemoteSockets } from '../../src/hub/remote-sockets.ts';
import type { Opened } from '../../src/hub/remote-sockets.ts';
import type { SocketOfNode } from '../../src/hub/served-sockets.ts';
import { outageReport } from '../fixtures/outage-report.ts';
import { settingsOf } from '../../src/server/host-options.ts';
import type { HostOptions } from '../../src/server/host-options.ts';
import { SocketHandle } from '../../src/server/hosted-socket.ts';
import { memoryLink } from '../../src/transport/memory-transport.ts';
import type { MemoryTransport } from '../../src/transport/memory-transport.ts';
import type { Clock } from '../../src/time/clock.ts';

/** A node that opens and serves sockets. */
export interface RemoteNode {
  readonly bus: NodeBus;
  readonly link: MemoryNode;
  readonly remote: RemoteSockets;
  /** Its sockets, by id. */
  readonly sockets: Map<string, SocketOfNode>;
  /** Makes a socket, `<node>.<name>`. @returns A handle of this node, and the end of the client. */
  socket(
    name: string,
    shared?: boolean,
    mostBytes?: number,
  ): { readonly ws: SocketHandle; readonly client: MemoryTransport };
  /** Opens a socket of another node. */
  open(id: string, options?: { timeoutMs?: number; signal?: AbortSignal }): Promise<Opened>;
  /** Opens one that is there. */
  handle(id: string): Promise<SocketHandle>;
}

export interface RemoteDeployment {
  readonly broker: MemoryBroker;
  readonly clock: VirtualClock;
  node(name: string): Promise<RemoteNode>;
}

/** Makes nodes on a virtual clock. */
function remoteDeployment(faults: BrokerFaults = {}, options: HostOptions = {}): RemoteDeployment {
  const clock = virtualClock();
  const broker = memoryBroker({ clock, faults });
  return {
    clock,
    broker,
    async node(name) {
      const node = remoteNode(name, broker.node(), clock, options);
      await node.bus.start();
      await settle();
      return node;
    },
  };
}

/** Makes a node over any link, and does not start it. */
export function remoteNode(
  name: string,
  link: MemoryNode,
  clock: Clock,
  options: HostOptions = {},
): RemoteNode {
  const settings = settingsOf('spec', { clock, report: outageReport, ...options });
  const bus = new NodeBus(link, { nodeId: name, clock, report: settings.report });
  const sockets = new Map<string, SocketOfNode>();
  const remote = new RemoteSockets(bus, { find: (id) => sockets.get(id), settings });
  const open: RemoteNode['open'] = (id, given = {}) => remote.open(id, given);
  return {
    bus,
    link,
    remote,
    sockets,
    socket(socketName, isShared = true, mostBytes = 1_048_576) {
      const [near, client] = memoryLink({ protocol: 'chat', maxMessageBytes: [Infinity, mostBytes] });
      const conversation = new Conversation(near, settings, 'many');
      const id = `${name}.${socketName}`;
      sockets.set(id, { conversation, isShared });
      return { ws: new SocketHandle({ id, conversation }), client };
    },
    open,
    async handle(id) {
      const conversation = await open(id);
      if (typeof conversation === 'string') throw new Error(conversation);
      return new SocketHandle({ id, conversation });
    },
  };
}

/** A socket with its client, and a node that opens it. */
export interface Pair extends RemoteDeployment {
  readonly caller: RemoteNode;
  readonly owner: RemoteNode;
  /** The socket on its own node, and its client. */
  readonly local: SocketHandle;
  readonly client: MemoryTransport;
  /** What the client has received. */
  readonly got: string[];
}

/** Makes the socket `owner.one`, and the node `caller`. @param mostBytes - Longest for the client. */
export async function pair(
  faults: BrokerFaults = {},
  options: HostOptions = {},
  mostBytes?: number,
): Promise<Pair> {
  const made = remoteDeployment(faults, options);
  const owner = await made.node('owner');
  const caller = await made.node('caller');
  const { ws: local, client } = owner.socket('one', true, mostBytes);
  const got: string[] = [];
  const sink = new (class extends BufferingSink {
    override receive(data: string | Uint8Array): void {
      got.push(typeof data === 'string' ? data : `${data.length} bytes`);
    }

    override peerClosed(): void {
      client.close(1000, '');
    }
  })();
  client.open(sink);
  return { ...made, caller, owner, local, client, got };
}

/** Sends text from the client. */
export function say(client: MemoryTransport, ...texts: readonly string[]): void {
  for (const text of texts) client.send(text, { binary: false, compress: false });
}
