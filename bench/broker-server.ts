// A real broker for nodes: Debian's nats-server or redis-server, in memory, started on a free port
// and stopped by its process id. It runs on the core of the clients.

import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { BrokerClientName } from './broker-clients.ts';
import { canPin } from './child.ts';
import { cpuMicroseconds } from './foreign-server.ts';

const STARTS_MS = 10_000;

/** What each client connects to. */
const PROGRAMS: Readonly<Record<BrokerClientName, 'nats-server' | 'redis-server'>> = {
  nats: 'nats-server',
  ioredis: 'redis-server',
  'node-redis': 'redis-server',
};

/** The server that a client connects to. */
export function brokerProgram(client: BrokerClientName): string {
  return PROGRAMS[client];
}

/** @returns Why no broker for this client can be started; undefined where one can. */
export function obstacleToBroker(client: BrokerClientName): string | undefined {
  const program = PROGRAMS[client];
  if (spawnSync(program, ['--version']).status === 0) return undefined;
  return `${program} is not there: apt-get install ${program}`;
}

/** @returns `nats-server 2.9.10`, for example. */
export function brokerVersion(client: BrokerClientName): string {
  const { stdout } = spawnSync(PROGRAMS[client], ['--version'], { encoding: 'utf8' });
  return `${PROGRAMS[client]} ${/\d+(?:\.\d+)+/.exec(stdout)?.[0] ?? ''}`;
}

/** One running server. */
export class BrokerServer {
  readonly port: number;
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(port: number, child: ChildProcess, folder: string) {
    this.port = port;
    this.#process = child;
    this.#folder = folder;
    process.once('exit', this.#onExit);
  }

  /** Resolves when it takes connections. @throws Error when it does not. */
  static async start(client: BrokerClientName): Promise<BrokerServer> {
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), 'corosock-bench-'));
    const program = PROGRAMS[client];
    const words =
      program === 'nats-server'
        ? ['-a', '127.0.0.1', '-p', `${port}`]
        : ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'];
    const command = [...(canPin ? ['taskset', '-c', '1'] : []), program, ...words];
    const server = new BrokerServer(
      port,
      spawn(command[0] as string, command.slice(1), { stdio: 'ignore' }),
      folder,
    );
    const lastMs = performance.now() + STARTS_MS;
    while (!(await accepts(port))) {
      if (performance.now() < lastMs) await delay(10);
      else {
        server.stop();
        throw new Error(`${program} takes no connection on ${port}`);
      }
    }
    return server;
  }

  /** µs of processor time, user and system. */
  get cpuMicros(): number {
    return cpuMicroseconds(this.#process.pid ?? 0);
  }

  /** Bytes that have come and gone on all connections of Redis, the protocol included. */
  async wireBytes(): Promise<number> {
    const socket = connect(this.port, '127.0.0.1');
    socket.setEncoding('utf8');
    socket.write('INFO stats\r\n');
    let text = '';
    try {
      for await (const chunk of socket) {
        text += chunk as string;
        const bytes = [...text.matchAll(/^total_net_(?:input|output)_bytes:(\d+)\r$/gm)];
        if (bytes.length === 2) return bytes.reduce((sum, [, count]) => sum + Number(count), 0);
      }
    } finally {
      socket.destroy();
    }
    throw new Error('Redis does not tell its bytes');
  }

  /** It would outlive a run that fails. */
  readonly #onExit = (): void => this.stop();

  stop(): void {
    process.off('exit', this.#onExit);
    this.#process.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  listener.close();
  await once(listener, 'close');
  return port;
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
