// What is measured of rooms, and of several nodes: one scenario for each row.

import { brokerProgram } from './broker-server.ts';
import type { BrokerClientName } from './broker-clients.ts';
import { inProcess, kept } from './in-process-scenarios.ts';
import { atMost, MEASURED, server, YARDSTICK } from './our-servers.ts';
import { publishing, SOCKET_IO, socketIoNodes, UWEBSOCKETS } from './peers.ts';
import { NOTHING } from './scenario.ts';
import type {
  AcrossScenario,
  BurstScenario,
  BystandersScenario,
  CarriedScenario,
  HandlesScenario,
  Limit,
  Scenario,
  Server,
} from './scenario.ts';

const ONE_ROOM = 'a single room';
const OBJECTS_HELD = 'a single room, 100,000 plain objects held';
const ALL_READ = 'all read';

/** What a client does alone: its package, and the broker. */
const CLIENTS: Readonly<Record<BrokerClientName, readonly [packageName: string, over: string]>> = {
  nats: ['@nats-io/transport-node', 'NATS'],
  ioredis: ['ioredis', 'Redis with ioredis'],
  'node-redis': ['redis', 'Redis with node-redis'],
};
const BARE = 'one process sends a message to itself by way of the broker, and waits for it';
/** A write, or a read, is a message there and one back: as many as two of the client's own. */
const THERE_AND_BACK = 4;

/** All of them have a limit, or stand beside socket.io. */
export const ROOMS: readonly Scenario[] = [
  broadcast('broadcast, 64 B to 2,000 members', 1, YARDSTICK, atMost(0.75)),
  broadcast('broadcast, 64 B to 2,000 members, beside uWebSockets', 1, UWEBSOCKETS, atMost(1.5)),
  broadcast('broadcast, 10 of 64 B in one turn to 2,000 members', 10, YARDSTICK, atMost(0.2)),
  bystanders(),
  inProcess('join of a room, and leave', 'join and leave', 1000),
  {
    ...inProcess('publish in one of 100,000 rooms', 'publish in one of 100,000 rooms', Infinity),
    sameWork: 'one message after another to a room with one member, over a link in memory',
    servers: [server(ONE_ROOM, 'in-process'), server(MEASURED, 'in-process')],
    beside: ONE_ROOM,
    besideOperation: 'publish in one room',
    limit: atMost(1.1),
  },
  {
    ...inProcess(
      'publish in one of 100,000 rooms, beside as many objects',
      'publish in one of 100,000 rooms',
      Infinity,
    ),
    sameWork:
      'one message after another to a room with one member, over a link in memory; both processes hold as much',
    servers: [server(OBJECTS_HELD, 'in-process'), server(MEASURED, 'in-process')],
    beside: OBJECTS_HELD,
    besideOperation: 'publish in one room, 100,000 objects held',
    limit: atMost(1.1),
  },
  kept('240,000 memberships, 24,000 in each room', 'join', 200, 240_000),
  message('nats'),
  message('ioredis'),
  message('node-redis'),
  {
    ...message('node-redis'),
    name: 'nodes, message to a member on another node, beside socket.io',
    sameWork: `${messageWork()}; socket.io with its Redis adapter, in its own protocol`,
    servers: besideSocketIo(),
    beside: SOCKET_IO,
    limit: atMost(1.1),
  },
  {
    kind: 'burst',
    name: 'nodes, broadcast of 64 B to 500 members on each of two, beside socket.io',
    sameWork:
      'one message comes to a node, and its text goes to all members of both over Redis; the processor time of both nodes is shared by the deliveries; socket.io with its Redis adapter, in its own protocol',
    servers: besideSocketIo(),
    beside: SOCKET_IO,
    sockets: 1000,
    messages: 1,
    bytes: 64,
    limit: atMost(1),
  },
  carried('nats', 60),
  carried('ioredis', 100),
  ...(['nats', 'node-redis'] as const).flatMap((client) => [
    handle('write', client, 'write to a socket of another node, until its status is there'),
    handle('read', client, 'read of a message that waits at a socket of another node'),
  ]),
  {
    kind: 'wire',
    name: 'nodes, bytes at Redis for a write of 64 B to a socket of another node',
    sameWork: 'the write to Redis and from it, its status to Redis and from it, and what acknowledges them',
    servers: [server(MEASURED, 'corosock-opener')],
    beside: NOTHING,
    client: 'node-redis',
    bytes: 64,
    limit: { by: 'itself', bound: 'at most', value: 1000 },
  },
  handles('opener', 'where they are opened', 6000),
  handles('owner', 'where they live', 4000),
];

/** @param times - Publishes in one turn. */
function broadcast(name: string, times: number, beside: string, limit: Limit): BurstScenario {
  const peer = publishing(String(times));
  return {
    kind: 'burst',
    name,
    sameWork: `one message comes, and its text is sent ${times === 1 ? '' : `${times} times `}to all: by a loop of \`ws.send\`, by \`publish\` of uWebSockets, by \`room.publish\``,
    servers: [
      beside === YARDSTICK ? server(YARDSTICK, 'raw-ws-burst', String(times)) : peer,
      server(MEASURED, 'corosock-room', String(times)),
    ].filter((each) => each !== undefined),
    beside,
    sockets: 2000,
    messages: times,
    bytes: 64,
    limit,
  };
}

function bystanders(): BystandersScenario {
  const [sockets, others] = [980, 10];
  return {
    kind: 'bystanders',
    name: 'broadcast, 64 B to 1,000 members, 1 % dead and 1 % stalled',
    sameWork: `10 messages a second are published to ${sockets} members that read; beside them ours has ${others} members whose cable was pulled, and ${others} that read nothing, all of them full`,
    servers: [server(ALL_READ, 'corosock-bystanders'), server(MEASURED, 'corosock-bystanders')],
    beside: ALL_READ,
    sockets,
    dead: others,
    stalled: others,
    perSecond: 10,
    bytes: 64,
    limit: atMost(1.1),
  };
}

function messageWork(): string {
  return 'a client says one message after another to a room with members on two nodes, and it counts by how much later it comes to the other node than to the same one';
}

function message(client: BrokerClientName): AcrossScenario {
  const [, over] = CLIENTS[client];
  return {
    kind: 'across',
    name: `nodes, message to a member on another node over ${over}`,
    sameWork: `${messageWork()}; beside it ${BARE}`,
    servers: [bare(client), node(client)],
    beside: bare(client).name,
    what: 'message',
    client,
    bytes: 64,
    limit: atMost(2),
  };
}

/** @param most - µs. */
function carried(client: BrokerClientName, most: number): CarriedScenario {
  const [, over] = CLIENTS[client];
  const messages = 32;
  return {
    kind: 'carried',
    name: `nodes, ${messages} messages in one turn to another node over ${over}`,
    sameWork:
      'a message of a client is published so many times to a room with one member on each of two nodes; the processor time of the broker, and that of both nodes, is shared by the messages that cross',
    servers: [server(brokerProgram(client), ''), node(client, messages)],
    beside: brokerProgram(client),
    messages,
    bytes: 64,
    limit: { by: 'itself', bound: 'at most', value: most },
  };
}

function handle(what: 'write' | 'read', client: BrokerClientName, name: string): AcrossScenario {
  const [, over] = CLIENTS[client];
  return {
    kind: 'across',
    name: `nodes, ${name}, over ${over}`,
    sameWork: `a process has opened a socket of another by its id, and does one call after another, each a message there and one back; beside it ${BARE}, once`,
    servers: [bare(client), server(MEASURED, 'corosock-opener')],
    beside: bare(client).name,
    what,
    client,
    bytes: 64,
    limit: atMost(THERE_AND_BACK),
  };
}

/** @param most - Bytes for each handle. */
function handles(end: HandlesScenario['end'], name: string, most: number): HandlesScenario {
  return {
    kind: 'handles',
    name: `nodes, 5,000 open sockets of another node, ${name}`,
    sameWork:
      'a process has opened shared sockets of another by their ids over Redis; the heap is looked at after full collections',
    servers: [server(MEASURED, 'corosock-opener')],
    beside: NOTHING,
    client: 'node-redis',
    handles: 5000,
    end,
    limit: { by: 'itself', bound: 'at most', value: most },
  };
}

function bare(client: BrokerClientName): Server {
  const [packageName] = CLIENTS[client];
  return { ...server(`${client} alone`, 'bare-broker-client'), package: packageName };
}

/** @param times - Publishes for each message of a client. */
function node(client: BrokerClientName, times = 1): Server {
  return { ...server(MEASURED, 'corosock-node', String(times)), over: client, dialect: 'joined' };
}

function besideSocketIo(): readonly Server[] {
  const peer = socketIoNodes();
  return [...(peer === undefined ? [] : [peer]), node('node-redis')];
}
