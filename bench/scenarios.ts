// What is measured: the server programs that are compared, and one scenario for
// each row of the table, which says how and against which limit. How a kind of
// scenario is measured is said in its measure-*.ts, how it is shown in kinds.ts.

import type { DialectName } from './dialects.ts';
import { peers } from './peers.ts';

/** What every scenario says of itself. */
interface Described {
  /** By which it is picked on the command line, in whole or in part. */
  readonly name: string;
  /** What every server does for it, in one line. */
  readonly sameWork: string;
  /** Each name once; {@link YARDSTICK} and {@link MEASURED} are among them. Those that are not there are left out. */
  readonly servers: readonly Server[];
  readonly limit: Limit;
}

/** Echo: `sockets` peers keep `inFlight` messages of `bytes` bytes of ASCII under way, each. */
export interface EchoScenario extends Described {
  readonly kind: 'echo';
  readonly sockets: number;
  readonly inFlight: number;
  readonly bytes: number;
  readonly isBinary: boolean;
}

/** Burst: one peer asks, and every one of them is sent so many messages in one turn. */
export interface BurstScenario extends Described {
  readonly kind: 'burst';
  readonly sockets: number;
  readonly messages: number;
  readonly bytes: number;
}

/** Growth: what a message costs with many sockets, divided by what it costs with few at the same rate over all. */
export interface GrowthScenario extends Described {
  readonly kind: 'growth';
  readonly few: number;
  readonly many: number;
  readonly perSecond: number;
  readonly bytes: number;
}

/** Latency: round trips at a part of the rate that the yardstick reaches. */
export interface LatencyScenario extends Described {
  readonly kind: 'latency';
  readonly sockets: number;
  readonly bytes: number;
  /** Of the yardstick's most, 0 to 1. */
  readonly load: number;
}

/** Flood: round trips of one peer while another one has sent so many messages of one byte at once. */
export interface FloodScenario extends Described {
  readonly kind: 'flood';
  readonly messages: number;
}

/** Handshakes: `atOnce` clients connect, upgrade and reset the connection, over and over. */
export interface HandshakesScenario extends Described {
  readonly kind: 'handshakes';
  readonly atOnce: number;
}

/** Sockets that are open and have never carried a message. */
export interface IdleScenario extends Described {
  readonly kind: 'idle';
  readonly sockets: number;
}

export type Scenario =
  | EchoScenario
  | BurstScenario
  | GrowthScenario
  | LatencyScenario
  | FloodScenario
  | HandshakesScenario
  | IdleScenario;

/** What runs a server that is not ours. */
export type Runtime = 'node' | 'bun' | 'deno' | 'python3';

/** A server program below `servers/`, or below `peers/`. */
export interface Server {
  /** By which it is shown. */
  readonly name: string;
  /** The package of npm that it shows; undefined where it comes from elsewhere. */
  readonly package: string | undefined;
  readonly program: URL;
  /** How it is started where it is no program of ours. */
  readonly command?: readonly string[];
  readonly dialect: DialectName;
  /** Whether each 101 brings a cookie, as it must where sessions begin. */
  readonly setsCookie: boolean;
}

/** What the figure of {@link MEASURED} may be, beside that of {@link YARDSTICK} in the same run. */
export interface Limit {
  /** Theirs divides it, or is taken away from it. */
  readonly by: 'ratio' | 'difference';
  readonly bound: 'at most' | 'at least';
  /** A difference has the unit of the scenario's kind. */
  readonly value: number;
}

/** The server with which ours is compared. */
export const YARDSTICK = 'ws';
export const MEASURED = 'corosock';

const RAW = server(YARDSTICK, 'raw-ws');
const DEDICATED = server(MEASURED, 'corosock');
const ADMITTING = { ...server(MEASURED, 'corosock-admitting'), setsCookie: true };
const SHARED = server(MEASURED, 'corosock-shared');
const CLIENT_MESSAGES = server(MEASURED, 'corosock-client-messages');

const ECHO = 'every text message is checked, decoded to a string, encoded again and sent back';
const HANDSHAKE =
  'each client connects, sends the upgrade, checks status and accept key of the 101 and resets the connection';

/** KiB. */
const MORE_THAN_RAW: Limit = { by: 'difference', bound: 'at most', value: 1 };

export const SCENARIOS: readonly Scenario[] = [
  echo('64 sockets × 1 in flight × 64 B', { sockets: 64, inFlight: 1, bytes: 64 }, 1.05),
  echo('64 sockets × 64 in flight × 64 B', { sockets: 64, inFlight: 64, bytes: 64 }, 0.2),
  echo('8 sockets × 4 in flight × 64 KiB', { sockets: 8, inFlight: 4, bytes: 65_536 }, 1.05),
  {
    ...echo('8 sockets × 4 in flight × 64 KiB, binary', { sockets: 8, inFlight: 4, bytes: 65_536 }, 1.02),
    sameWork: 'every binary message is sent back as it came',
    isBinary: true,
  },
  {
    kind: 'burst',
    name: 'burst, 10 messages to each of 1,000 sockets',
    sameWork: 'one message comes, and its text is sent ten times to every socket, in one turn',
    servers: [server(YARDSTICK, 'raw-ws-burst'), server(MEASURED, 'corosock-burst')],
    sockets: 1000,
    messages: 10,
    bytes: 64,
    limit: atMost(0.25),
  },
  {
    kind: 'growth',
    name: 'growth, 64 to 5,000 sockets at 20,000 messages a second',
    sameWork: `${ECHO}; the sockets take turns, and the rate over all is the same`,
    servers: [RAW, DEDICATED],
    few: 64,
    many: 5000,
    perSecond: 20_000,
    bytes: 64,
    limit: atMost(1.15),
  },
  {
    kind: 'latency',
    name: 'round trip at half load, 64 sockets × 64 B',
    sameWork: `${ECHO}, at half the rate that raw \`ws\` reaches`,
    servers: [RAW, DEDICATED],
    sockets: 64,
    bytes: 64,
    load: 0.5,
    limit: atMost(1.05),
  },
  {
    kind: 'flood',
    name: "flood of 200,000 messages, another's round trip",
    sameWork: `${ECHO}; one peer has sent 200,000 messages of one byte, another sends one after another`,
    servers: [RAW, DEDICATED],
    messages: 200_000,
    limit: atMost(0.3),
  },
  besidePeers('64 sockets × 1 in flight × 64 B', { sockets: 64, inFlight: 1, bytes: 64 }),
  besidePeers('64 sockets × 64 in flight × 64 B', { sockets: 64, inFlight: 64, bytes: 64 }),
  clientMessages('64 sockets × 1 in flight × 64 B', { sockets: 64, inFlight: 1, bytes: 64 }),
  clientMessages('64 sockets × 64 in flight × 64 B', { sockets: 64, inFlight: 64, bytes: 64 }),
  {
    kind: 'handshakes',
    name: 'handshakes to a handler',
    sameWork: `${HANDSHAKE}; \`ws\` listens for message, close and error, corosock's function is called and reads`,
    servers: [RAW, DEDICATED],
    atOnce: 32,
    limit: { by: 'ratio', bound: 'at least', value: 0.95 },
  },
  {
    kind: 'handshakes',
    name: 'handshakes with onPreServer and a session',
    sameWork: `${HANDSHAKE}; corosock awaits its hook, begins a session in memory and sets the signed cookie besides, \`ws\` does nothing of that`,
    servers: [RAW, ADMITTING],
    atOnce: 32,
    limit: { by: 'ratio', bound: 'at least', value: 0.8 },
  },
  idle('5,000 idle sockets', 'a read waiting with the default time-out', {
    servers: [RAW, DEDICATED],
    limit: atMost(1.25),
  }),
  idle('5,000 idle shared sockets', 'a queue for whoever opens them by id; the handler has returned', {
    servers: [RAW, SHARED],
    limit: MORE_THAN_RAW,
  }),
  idle('5,000 idle shared sockets with onClientMessage', '`onClientMessage`; the handler has returned', {
    servers: [RAW, CLIENT_MESSAGES],
    limit: MORE_THAN_RAW,
  }),
];

function besidePeers(name: string, traffic: Traffic): EchoScenario {
  const echoing = echo(name, traffic, 1.05);
  const sameWork = `${ECHO}, by each in its own way; socket.io in its own protocol`;
  return { ...echoing, name: `peers, ${name}`, sameWork, servers: [RAW, DEDICATED, ...peers()] };
}

type Traffic = Pick<EchoScenario, 'sockets' | 'inFlight' | 'bytes'>;

function echo(name: string, traffic: Traffic, limit: number): EchoScenario {
  return {
    kind: 'echo',
    name: `echo, ${name}`,
    sameWork: ECHO,
    servers: [RAW, DEDICATED],
    ...traffic,
    isBinary: false,
    limit: atMost(limit),
  };
}

function atMost(value: number): Limit {
  return { by: 'ratio', bound: 'at most', value };
}

function clientMessages(name: string, traffic: Traffic): EchoScenario {
  const servers = [RAW, CLIENT_MESSAGES];
  const sameWork = `${ECHO}, by a callback of \`ws\` and by \`onClientMessage\` of a shared socket`;
  return { ...echo(name, traffic, 1.3), name: `onClientMessage, ${name}`, sameWork, servers };
}

function idle(name: string, ours: string, compared: Pick<IdleScenario, 'servers' | 'limit'>): IdleScenario {
  const sameWork = `open, and silent from the start; \`ws\` listens for message, close and error, corosock has ${ours}`;
  return { kind: 'idle', name, sameWork, sockets: 5000, ...compared };
}

function server(packageName: string, program: string): Server {
  const url = new URL(`servers/${program}.js`, import.meta.url);
  return { name: packageName, package: packageName, program: url, dialect: 'plain', setsCookie: false };
}
