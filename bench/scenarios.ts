// What is measured, in parts: one scenario for each row of a table. Those of rooms and nodes are
// room-scenarios.ts's, and what a scenario is stands in scenario.ts.

import { inProcess, kept } from './in-process-scenarios.ts';
import { atMost, MEASURED, server, YARDSTICK } from './our-servers.ts';
import { MAIN_PEERS, peers, SOCKET_IO, UWEBSOCKETS, withBufferutil } from './peers.ts';
import { ROOMS } from './room-scenarios.ts';
import type {
  BlockScenario,
  EchoScenario,
  FloodScenario,
  GrowthScenario,
  HandshakesScenario,
  IdleScenario,
  LatencyScenario,
  Limit,
  Scenario,
  Server,
} from './scenario.ts';

const RAW = server(YARDSTICK, 'raw-ws');
const DEDICATED = server(MEASURED, 'corosock');
const ADMITTING = { ...server(MEASURED, 'corosock-admitting'), setsCookie: true };
const SHARED = server(MEASURED, 'corosock-shared');
const CLIENT_MESSAGES = server(MEASURED, 'corosock-client-messages');
const PEERS = peers();
const MAIN = PEERS.filter(({ name }) => MAIN_PEERS.has(name));
const WITH_BUFFERUTIL = [RAW, DEDICATED].flatMap((plain) => withBufferutil(plain) ?? []);

const ECHO = 'every text message is checked, decoded to a string, encoded again and sent back';
const FLOOD = `${ECHO}; one peer has sent 200,000 messages of one byte, another one sends one each millisecond from a process of its own and waits for no answer`;
const HANDSHAKE =
  'each client connects, sends the upgrade, checks status and accept key of the 101 and resets the connection';

/** KiB. */
const MORE_THAN_RAW: Limit = { by: 'difference', bound: 'at most', value: 1 };

/** For so long the event loop of a server may be blocked. */
const BLOCKED_MS = 10;

const ONE_EACH = { sockets: 64, inFlight: 1, bytes: 64 };
const MANY_EACH = { sockets: 64, inFlight: 64, bytes: 64 };
const LONG = { sockets: 8, inFlight: 4, bytes: 65_536 };
const BINARY = { sameWork: 'every binary message is sent back as it came', isBinary: true };

const HANDSHAKES = handshakes('handshakes to a handler', DEDICATED, 1, {
  work: "`ws` listens for message, close and error, corosock's function is called and reads",
});
const HALF_LOAD: LatencyScenario = {
  kind: 'latency',
  name: 'round trip at half load, 64 sockets × 64 B',
  sameWork: `${ECHO}, at half the rate that raw \`ws\` reaches; no message waits for another's answer`,
  servers: [RAW, DEDICATED],
  beside: YARDSTICK,
  sockets: 64,
  bytes: 64,
  load: 0.5,
  limit: atMost(1),
};
const WARM_FLOOD = flood("flood of 200,000 messages, another's round trip", false, atMost(0.05));
const FIRST_FLOOD = flood(
  "first flood of 200,000 messages after a start, another's round trip",
  true,
  atMost(0.3),
);
const GROWTH: GrowthScenario = {
  kind: 'growth',
  name: 'growth, 64 to 5,000 sockets at 20,000 messages a second',
  sameWork: `${ECHO}; the sockets take turns, and the rate over all is the same`,
  servers: [RAW, DEDICATED],
  beside: YARDSTICK,
  few: 64,
  many: 5000,
  perSecond: 20_000,
  bytes: 64,
  limit: atMost(1.15),
};
const IDLE = idle(
  '5,000 idle sockets',
  'a read waiting with the default time-out, and the default heartbeat',
  {
    servers: [RAW, DEDICATED],
    limit: atMost(1.15),
  },
);

/** What there are targets for. */
const TARGETS: readonly Scenario[] = [
  echo('echo, 64 sockets × 64 in flight × 64 B', MANY_EACH, atMost(0.1)),
  {
    ...echo('echo, 64 sockets × 64 in flight × 64 B, beside uWebSockets', MANY_EACH, atMost(1)),
    servers: [...PEERS.filter(({ name }) => name === UWEBSOCKETS), DEDICATED],
    beside: UWEBSOCKETS,
  },
  echo('echo, 64 sockets × 1 in flight × 64 B', ONE_EACH, atMost(0.95)),
  { ...echo('echo, 8 sockets × 4 in flight × 64 KiB', LONG, atMost(1)), countsMarkSweeps: true },
  {
    ...echo('echo, 8 sockets × 4 in flight × 64 KiB, binary', LONG, atMost(1)),
    ...BINARY,
    countsMarkSweeps: true,
  },
  GROWTH,
  {
    kind: 'burst',
    name: 'burst, 10 messages to each of 1,000 sockets',
    sameWork: 'one message comes, and its text is sent ten times to every socket, in one turn',
    servers: [server(YARDSTICK, 'raw-ws-burst', '10'), server(MEASURED, 'corosock-burst', '10')],
    beside: YARDSTICK,
    sockets: 1000,
    messages: 10,
    bytes: 64,
    limit: atMost(0.15),
  },
  IDLE,
  HANDSHAKES,
  HALF_LOAD,
  WARM_FLOOD,
  FIRST_FLOOD,
  block('event loop, 200,000 messages on one socket', 1),
  block('event loop, 200,000 messages on 32 sockets', 32),
  inProcess('read of a queued message', 'queued read', 300),
  inProcess('read that waits, with the default time-out', 'parked read', 2000),
  inProcess('select over three sources, one ready', 'ready select', 1000),
  inProcess('select over three sources that waits, with a time-out', 'parked select', 3000),
  kept('1,000,000 reads of one socket', 'parked read', 20),
  kept('1,000,000 selects with one socket', 'parked select', 20),
];

/** Scenarios that are measured and written together. */
export interface Part {
  /** By which it is picked on the command line. */
  readonly name: string;
  readonly title: string;
  readonly scenarios: readonly Scenario[];
}

const SOCKETS: readonly Scenario[] = [
  ...TARGETS,
  clientMessages('onClientMessage, 64 sockets × 1 in flight × 64 B', ONE_EACH),
  clientMessages('onClientMessage, 64 sockets × 64 in flight × 64 B', MANY_EACH),
  handshakes('handshakes with onPreServer and a session', ADMITTING, 0.85, {
    work: 'corosock awaits its hook, begins a session in memory and sets the signed cookie besides, `ws` does nothing of that',
  }),
  idle('5,000 idle shared sockets', 'a queue for whoever opens them by id; the handler has returned', {
    servers: [RAW, SHARED],
    limit: MORE_THAN_RAW,
  }),
  idle('5,000 idle shared sockets with onClientMessage', '`onClientMessage`; the handler has returned', {
    servers: [RAW, CLIENT_MESSAGES],
    limit: MORE_THAN_RAW,
  }),
  besidePeers('peers, 64 sockets × 1 in flight × 64 B', echoOf(ONE_EACH), PEERS),
  besidePeers('peers, 64 sockets × 64 in flight × 64 B', echoOf(MANY_EACH), PEERS),
  besidePeers('peers, 8 sockets × 4 in flight × 64 KiB', echoOf(LONG), [...MAIN, ...WITH_BUFFERUTIL]),
  besidePeers('peers, 8 sockets × 4 in flight × 64 KiB, binary', { ...echoOf(LONG), ...BINARY }, [
    // Of socket.io the load generator speaks text alone.
    ...MAIN.filter(({ name }) => name !== SOCKET_IO),
    ...WITH_BUFFERUTIL,
  ]),
  ...[GROWTH, IDLE, HANDSHAKES, HALF_LOAD, WARM_FLOOD, FIRST_FLOOD].map((scenario) =>
    besidePeers(`peers, ${scenario.name}`, scenario, MAIN),
  ),
];

export const PARTS: readonly Part[] = [
  { name: 'sockets', title: 'Sockets of one process', scenarios: SOCKETS },
  { name: 'rooms', title: 'Rooms, and several nodes', scenarios: ROOMS },
];
export const SCENARIOS: readonly Scenario[] = PARTS.flatMap(({ scenarios }) => scenarios);
/** A quick look is at these. */
export const CORE: readonly Scenario[] = [...TARGETS, ...ROOMS];

type Traffic = Pick<EchoScenario, 'sockets' | 'inFlight' | 'bytes'>;

function echo(name: string, traffic: Traffic, limit: Limit): EchoScenario & { readonly limit: Limit } {
  const servers = [RAW, DEDICATED];
  return {
    kind: 'echo',
    name,
    sameWork: ECHO,
    servers,
    beside: YARDSTICK,
    ...traffic,
    isBinary: false,
    limit,
  };
}

function clientMessages(name: string, traffic: Traffic): EchoScenario {
  const servers = [RAW, CLIENT_MESSAGES];
  const sameWork = `${ECHO}, by a callback of \`ws\` and by \`onClientMessage\` of a shared socket`;
  return { ...echo(name, traffic, atMost(1.3)), sameWork, servers };
}

function echoOf(traffic: Traffic): EchoScenario {
  return echo('', traffic, atMost(Infinity));
}

/** All of them in one table; what of it has a limit is a row of its own above. */
function besidePeers(name: string, scenario: Scenario, others: readonly Server[]): Scenario {
  const hasSocketIo = others.some((each) => each.name === SOCKET_IO);
  const inOwnWay = `by each in its own way${hasSocketIo ? '; socket.io in its own protocol' : ''}`;
  const sameWork = `${scenario.sameWork}, ${inOwnWay}`;
  return { ...scenario, name, sameWork, servers: [...scenario.servers, ...others], limit: undefined };
}

function flood(name: string, isCold: boolean, limit: Limit): FloodScenario {
  return {
    kind: 'flood',
    name,
    sameWork: `${FLOOD}; ${isCold ? 'the server has just started' : 'floods have come to the server before'}`,
    servers: [RAW, DEDICATED],
    beside: YARDSTICK,
    messages: 200_000,
    isCold,
    limit,
  };
}

function block(name: string, sockets: number): BlockScenario {
  return {
    kind: 'block',
    name,
    sameWork: `${ECHO}; all peers have sent 200,000 messages of one byte at once, and floods have come to the server before`,
    servers: [RAW, DEDICATED],
    beside: YARDSTICK,
    messages: 200_000,
    sockets,
    limit: { by: 'itself and beside', bound: 'at most', value: BLOCKED_MS },
  };
}

function handshakes(
  name: string,
  ours: Server,
  least: number,
  { work }: { readonly work: string },
): HandshakesScenario {
  return {
    kind: 'handshakes',
    name,
    sameWork: `${HANDSHAKE}; ${work}`,
    servers: [RAW, ours],
    beside: YARDSTICK,
    atOnce: 32,
    limit: { by: 'ratio', bound: 'at least', value: least },
  };
}

function idle(name: string, ours: string, compared: Pick<IdleScenario, 'servers' | 'limit'>): IdleScenario {
  const sameWork = `open, and silent from the start; \`ws\` listens for message, close and error, corosock has ${ours}`;
  return { kind: 'idle', name, sameWork, beside: YARDSTICK, sockets: 5000, ...compared };
}
