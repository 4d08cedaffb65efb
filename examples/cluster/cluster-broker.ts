// What the demo runs over: a server of NATS or Redis that it starts, or the channels between its own
// processes. It can be taken away and brought back.

import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { ipcBroker } from 'corosock/ipc';
import type { IpcBroker } from 'corosock/ipc';
import type { NodeSettings } from './node.ts';
import { Program } from './program.ts';

export type BrokerName = NodeSettings['broker'];

/** What carries messages between the nodes. */
export interface ClusterBroker {
  /** What it is, in a few words. */
  readonly title: string;
  /** Where nodes find it; '' where they need no address. */
  readonly url: string;
  readonly isUp: boolean;
  start(): void;
  /** Takes it away, as a crash does. */
  kill(): Promise<void>;
  /** A node has been started. */
  adopt(node: ChildProcess): void;
}

const SERVERS = {
  nats: {
    program: process.env['NATS_SERVER_PATH'] ?? 'nats-server',
    argsFor: (port: string) => ['-a', '127.0.0.1', '-p', port],
  },
  redis: {
    program: process.env['REDIS_SERVER_PATH'] ?? 'redis-server',
    argsFor: (port: string) => ['--bind', '127.0.0.1', '--port', port, '--save', '', '--appendonly', 'no'],
  },
} as const;

/** Some systems keep servers in a folder that is not on the path of each user. */
const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` };

/** Tells whether the server of a broker can be started here. */
export function isInstalled(name: 'nats' | 'redis'): boolean {
  return spawnSync(SERVERS[name].program, ['--version'], { env }).status === 0;
}

/**
 * Makes a broker that is not started.
 *
 * @param port - Of its server, 0 to 65535; 0 is any free port.
 * @param changed - Called when it has come or gone.
 */
export async function clusterBroker(
  name: BrokerName,
  port: number,
  changed: () => void,
): Promise<ClusterBroker> {
  if (name === 'processes') return new BetweenProcesses(changed);
  return new BrokerServer(name, port === 0 ? await freePort() : port, changed);
}

/** A server on a port of its own. */
class BrokerServer implements ClusterBroker {
  readonly title: string;
  readonly url: string;
  readonly #program: Program;

  constructor(name: 'nats' | 'redis', port: number, changed: () => void) {
    const { program, argsFor } = SERVERS[name];
    this.title = program;
    this.url = `${name}://127.0.0.1:${port}`;
    this.#program = new Program(
      () => spawn(program, argsFor(String(port)), { env, stdio: 'ignore' }),
      changed,
    );
  }

  get isUp(): boolean {
    return this.#program.pid !== undefined;
  }

  start(): void {
    this.#program.start();
  }

  kill(): Promise<void> {
    return this.#program.end('SIGKILL');
  }

  adopt(): void {}
}

/** This process, which passes on what those that it has started send. */
class BetweenProcesses implements ClusterBroker {
  readonly title = 'the channels between Node processes';
  readonly url = '';
  readonly #changed: () => void;
  readonly #nodes = new Set<ChildProcess>();
  #broker: IpcBroker | undefined;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get isUp(): boolean {
    return this.#broker !== undefined;
  }

  start(): void {
    this.#broker ??= ipcBroker({ parent: false });
    for (const node of this.#nodes) this.#broker.adopt(node);
    this.#changed();
  }

  async kill(): Promise<void> {
    const broker = this.#broker;
    this.#broker = undefined;
    await broker?.close();
    this.#changed();
  }

  adopt(node: ChildProcess): void {
    this.#nodes.add(node);
    node.once('exit', () => this.#nodes.delete(node));
    this.#broker?.adopt(node);
  }
}

/** A server that is started again needs the port that its clients know. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
