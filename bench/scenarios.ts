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

/** Echo: `sockets` peers keep `inFlight` messages of `bytes` bytes of ASCII text under way, each. */
export interface EchoScenario extends Described {
  readonly kind: 'echo';
  readonly sockets: number;
  readonly inFlight: number;
  readonly bytes: number;
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

export type Scenario = EchoScenario | HandshakesScenario | IdleScenario;

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
  echo('64 sockets × 1 in flight × 64 B', { sockets: 64, inFlight: 1, bytes: 64 }),
  echo('64 sockets × 64 in flight × 64 B', { sockets: 64, inFlight: 64, bytes: 64 }),
  echo('8 sockets × 4 in flight × 64 KiB', { sockets: 8, inFlight: 4, bytes: 65_536 }),
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
    limit: { by: 'ratio', bound: 'at least', value: 0.9 },
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
    limit: { by: 'ratio', bound: 'at most', value: 1.5 },
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
  const echoing = echo(name, traffic);
  const sameWork = `${ECHO}, by each in its own way; socket.io in its own protocol`;
  return { ...echoing, name: `peers, ${name}`, sameWork, servers: [RAW, DEDICATED, ...peers()] };
}

type Traffic = Pick<EchoScenario, 'sockets' | 'inFlight' | 'bytes'>;

function echo(name: string, traffic: Traffic): EchoScenario {
  const servers = [RAW, DEDICATED];
  const limit = { by: 'ratio', bound: 'at most', value: 1.15 } as const;
  return { kind: 'echo', name: `echo, ${name}`, sameWork: ECHO, servers, ...traffic, limit };
}

function clientMessages(name: string, traffic: Traffic): EchoScenario {
  const servers = [RAW, CLIENT_MESSAGES];
  const limit = { by: 'ratio', bound: 'at most', value: 1.3 } as const;
  const sameWork = `${ECHO}, by a callback of \`ws\` and by \`onClientMessage\` of a shared socket`;
  return { kind: 'echo', name: `onClientMessage, ${name}`, sameWork, servers, ...traffic, limit };
}

function idle(name: string, ours: string, compared: Pick<IdleScenario, 'servers' | 'limit'>): IdleScenario {
  const sameWork = `open, and silent from the start; \`ws\` listens for message, close and error, corosock has ${ours}`;
  return { kind: 'idle', name, sameWork, sockets: 5000, ...compared };
}

function server(packageName: string, program: string): Server {
  const url = new URL(`servers/${program}.js`, import.meta.url);
  return { name: packageName, package: packageName, program: url, dialect: 'plain', setsCookie: false };
}
