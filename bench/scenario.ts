// What a scenario is: one row of the table, which says what is worked, by which
// servers, and within which limit. The rows themselves are scenarios.ts's; how each
// kind is worked and measured is said in works.ts and measure-*.ts, how it is shown in
// kinds.ts.

import type { BrokerClientName } from './broker-clients.ts';
import type { Environment } from './child.ts';
import type { DialectName } from './dialects.ts';
import type { OperationName } from './operations.ts';

/** Stands beside a figure that has only its limit. */
export const NOTHING = '–';

/** What every scenario says of itself. */
interface Described {
  /** By which it is picked on the command line, in whole or in part. */
  readonly name: string;
  /** What every server does for it, in one line. */
  readonly sameWork: string;
  /** Each name once; ours is among them. Those that are not there are left out. */
  readonly servers: readonly Server[];
  /** The name of the server with which ours is compared, or {@link NOTHING}. */
  readonly beside: string;
  /** undefined where figures are only shown. */
  readonly limit?: Limit | undefined;
}

/** Echo: `sockets` peers keep `inFlight` messages of `bytes` bytes of ASCII under way, each. */
export interface EchoScenario extends Described {
  readonly kind: 'echo';
  readonly sockets: number;
  readonly inFlight: number;
  readonly bytes: number;
  readonly isBinary: boolean;
  /**
   * Whether mark-sweeps are shown: what a message holds is memory beside the heap, which makes the
   * engine collect the more often the longer messages live. Default: false.
   */
  readonly countsMarkSweeps?: boolean;
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

/** Latency: round trips at a part of the rate that the one beside reaches, each from when it was due. */
export interface LatencyScenario extends Described {
  readonly kind: 'latency';
  readonly sockets: number;
  readonly bytes: number;
  /** Of the most that the one beside reaches, 0 to 1. */
  readonly load: number;
}

/**
 * Flood: round trips of one peer, each from when it was due, while another one has sent so many
 * messages of one byte at once.
 */
export interface FloodScenario extends Described {
  readonly kind: 'flood';
  readonly messages: number;
  /** Whether it is the first thing that comes to a server that has just started. */
  readonly isCold: boolean;
}

/** Block: how long the event loop is blocked while so many messages of one byte come at once, over all sockets. */
export interface BlockScenario extends Described {
  readonly kind: 'block';
  readonly messages: number;
  readonly sockets: number;
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

/** In process: one word of a handler's, over a link in memory, and what one call of it takes. */
export interface InProcessScenario extends Described {
  readonly kind: 'in process';
  readonly operation: OperationName;
  /** What stands beside it. */
  readonly besideOperation: OperationName;
}

/** Kept: the same word so many times on one socket, and what is left of each call. */
export interface KeptScenario extends Described {
  readonly kind: 'kept';
  readonly operation: OperationName;
  readonly times: number;
}

/** Across: what passes from one node to another, beside a message of the broker's client alone. */
export interface AcrossScenario extends Described {
  readonly kind: 'across';
  /**
   * `message`: to a member of the room on the other node, beyond one to a member on the same node ·
   * `write`: to the socket of another node, until its status is there · `read`: from the socket of
   * another node, of a message that waits there.
   */
  readonly what: 'message' | 'write' | 'read';
  readonly client: BrokerClientName;
  readonly bytes: number;
}

/** Carried: what each of so many messages in one turn costs that crosses to another node. */
export interface CarriedScenario extends Described {
  readonly kind: 'carried';
  readonly messages: number;
  readonly bytes: number;
}

/** Wire: bytes on the links of Redis for one write to the socket of another node, and its status. */
export interface WireScenario extends Described {
  readonly kind: 'wire';
  readonly client: 'ioredis' | 'node-redis';
  readonly bytes: number;
}

/** Handles on sockets of another node, and what each holds in the process at one of its ends. */
export interface HandlesScenario extends Described {
  readonly kind: 'handles';
  readonly client: BrokerClientName;
  readonly handles: number;
  readonly end: 'opener' | 'owner';
}

/** Bystanders: how long a broadcast takes to members that read, beside some that do not. */
export interface BystandersScenario extends Described {
  readonly kind: 'bystanders';
  readonly sockets: number;
  /** Their cable is pulled, without FIN. */
  readonly dead: number;
  /** They are there, and read nothing. */
  readonly stalled: number;
  readonly perSecond: number;
  readonly bytes: number;
}

export type Scenario =
  | EchoScenario
  | BurstScenario
  | GrowthScenario
  | LatencyScenario
  | FloodScenario
  | BlockScenario
  | HandshakesScenario
  | IdleScenario
  | InProcessScenario
  | KeptScenario
  | AcrossScenario
  | CarriedScenario
  | WireScenario
  | HandlesScenario
  | BystandersScenario;

/** What runs a server that is not ours. */
export type Runtime = 'node' | 'bun' | 'deno' | 'python3';

/** A server program below `servers/`, or below `peers/`. */
export interface Server {
  /** By which it is shown. */
  readonly name: string;
  /** The package of npm that it shows; undefined where it comes from elsewhere. */
  readonly package: string | undefined;
  readonly program: URL;
  /** Words behind its name. Default none. */
  readonly words?: readonly string[];
  /** Beside the environment of the benchmark. Default none. */
  readonly env?: Environment;
  /** How it is started where it is no program of ours. */
  readonly command?: readonly string[];
  /** What prints its versions where no package of npm does. */
  readonly versionCommand?: readonly string[];
  readonly dialect: DialectName;
  /** Over which client of a broker two nodes of it run; undefined: one runs, alone. */
  readonly over?: BrokerClientName;
  /** Whether each 101 brings a cookie, as it must where sessions begin. */
  readonly setsCookie: boolean;
}

/** What our figure may be. */
export interface Limit {
  /**
   * The one beside, in the same run, divides it or is taken away from it; or it stands for itself,
   * where `and beside` holds it to the one beside, too.
   */
  readonly by: 'ratio' | 'difference' | 'itself' | 'itself and beside';
  readonly bound: 'at most' | 'at least';
  /** Has the unit of the scenario's kind, unless it is a ratio. */
  readonly value: number;
}

/** Beside its sockets a process has so many files open at most. */
const OTHER_FILES = 100;

/**
 * Opened before memory is looked at for the first time: what the compiler and the
 * collector set aside for the first thousand handshakes is no socket's. With 100
 * of them those fixed megabytes came to 2 KiB a socket for one server or the other.
 */
export const FIRST_IDLE_SOCKETS = 1000;

/** How many files a server and its clients have open, each; undefined where it is a few. */
export function filesNeeded(scenario: Scenario): number | undefined {
  const { kind } = scenario;
  if (kind === 'burst') return scenario.sockets + OTHER_FILES;
  if (kind === 'growth') return scenario.many + OTHER_FILES;
  if (kind === 'handles') return scenario.handles + FIRST_IDLE_SOCKETS + OTHER_FILES;
  if (kind === 'bystanders') return scenario.sockets + scenario.dead + scenario.stalled + OTHER_FILES;
  return kind === 'idle' ? scenario.sockets + FIRST_IDLE_SOCKETS + OTHER_FILES : undefined;
}

/** @returns undefined where nothing passes between nodes. */
export function brokerClientOf(scenario: Scenario): BrokerClientName | undefined {
  const { kind, servers } = scenario;
  if (kind === 'across' || kind === 'wire' || kind === 'handles') return scenario.client;
  return servers.find(({ over }) => over !== undefined)?.over;
}
