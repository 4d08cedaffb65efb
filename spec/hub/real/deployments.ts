// Deployments over real brokers: hosts of this process, on one virtual clock that follows real time
// and can be moved ahead, and hosts in processes of their own, which a spec kills and stops. The
// scene ends all that it has started.

import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { openHub } from 'corosock';
import type { HostOptions, Hub } from 'corosock';
import { virtualClock } from 'corosock/testing';
import type { VirtualClock } from 'corosock/testing';
import { NodeProcess } from './node-process.ts';
import type { Serving } from './node-process.ts';
import type { RealBroker, RealNode } from '../../brokers/broker-stories.ts';
import { pauseProcess } from '../../brokers/stoppable-server.ts';
import { MemoryHost } from '../../fixtures/memory-host.ts';
import { outageReport } from '../../fixtures/outage-report.ts';
import { isNatsHere, realNats, withoutNats } from '../../nats/nats-scene.ts';
import { isRedisHere, realRedis, withoutRedis } from '../../redis/ioredis-scene.ts';
import { IpcEngine } from '../../../src/ipc/ipc-broker.ts';
import { SharedRelay } from '../../../src/ipc/shared-relay.ts';

/** A broker that a spec kills and stops. */
interface BrokerProcess {
  /** Of a server. */
  readonly port: number;
  readonly pid: number | undefined;
  /** Starts it; again after a kill, unless it is the relay between processes. */
  start(): Promise<void>;
  kill(): Promise<void>;
  /** Stops it without an end (SIGSTOP). */
  pause(): Promise<void>;
  resume(): void;
  /** An outage: a server is killed, the relay is stopped. */
  takeAway(): Promise<void>;
  bringBack(): Promise<void>;
  /** Makes the broker of a node. @param port - Of a proxy. Default: that of the broker. */
  node(port?: number): RealNode;
  /** Starts a host in a process of its own. @param folder - For its sessions. */
  startNode(folder: string): Promise<Serving>;
}

/** One kind of broker. */
export interface Kind {
  readonly title: string;
  readonly isHere: boolean;
  process(program: string): Promise<BrokerProcess>;
}

/** Starts a program, with a channel to this thread, and none of the flags of this process. */
function started(program: string, args: readonly string[]): ChildProcess {
  return fork(program, args, { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
}

/** Waits until a program serves. @param number - Of the one that was asked for, below a relay. */
async function told(child: ChildProcess, number?: number): Promise<Serving> {
  return await new Promise((resolve, reject) => {
    const listen = (message: Partial<Serving>): void => {
      if (message.serves === undefined || message.number !== number) return;
      child.off('message', listen);
      resolve(message as Serving);
    };
    child.on('message', listen);
    child.once('exit', (code) => reject(new Error(`The program of the node has ended with ${code}`)));
  });
}

/** A server of its own. @param word - What the program of a node calls it. */
async function overServer(word: string, real: RealBroker, program: string): Promise<BrokerProcess> {
  const server = await real.server();
  return {
    port: server.port,
    get pid() {
      return server.pid;
    },
    start: () => server.start(),
    kill: () => server.kill(),
    pause: () => server.pause(),
    resume: () => server.resume(),
    takeAway: () => server.kill(),
    bringBack: () => server.start(),
    node: (port = server.port) => real.node(port),
    startNode: (folder) => told(started(program, [word, `${server.port}`, folder])),
  };
}

let nodes = 0;

/** A process that relays between its children and this thread, to which it is the parent. */
async function overRelay(program: string): Promise<BrokerProcess> {
  let relay: ChildProcess | undefined;
  const running = (): ChildProcess => {
    if (relay === undefined) throw new Error('The relay does not run');
    return relay;
  };
  const pause = (): Promise<void> => pauseProcess(running().pid as number);
  return {
    port: 0,
    pid: undefined,
    async start() {
      relay = started(program, ['relay']);
    },
    async kill() {
      relay?.kill('SIGKILL');
    },
    pause,
    resume: () => void relay?.kill('SIGCONT'),
    takeAway: pause,
    async bringBack() {
      running().kill('SIGCONT');
    },
    node() {
      // One node for each relay. Threads of this process are not to hear it: other specs run there.
      const { broker } = new IpcEngine('spec', new SharedRelay('spec', running()), randomUUID());
      return { broker, async close() {} };
    },
    async startNode(folder) {
      nodes += 1;
      const serving = told(running(), nodes);
      running().send({ start: ['ipc', '0', folder], number: nodes });
      return await serving;
    },
  };
}

/** Servers that are killed and started again. */
export const SERVERS: readonly Kind[] = [
  {
    title: `NATS${withoutNats}`,
    isHere: isNatsHere,
    process: (program) => overServer('nats', realNats, program),
  },
  redisOver('Redis', realRedis),
];

/** Redis with a client of its own for hosts of this process: those of others use ioredis. */
export function redisOver(name: string, real: RealBroker): Kind {
  return {
    title: `${name}${withoutRedis}`,
    isHere: isRedisHere,
    process: (program) => overServer('redis', real, program),
  };
}

/** All kinds: also the relay between processes. */
export const KINDS: readonly Kind[] = [
  ...SERVERS,
  { title: 'the processes of one machine', isHere: true, process: overRelay },
];

/** The longest time of a story: the machine may start other processes meanwhile. */
export const BUSY_MS = 240_000;
const PATIENCE_MS = 100_000;
const STEP_MS = 5;
/** How often the clock of the hosts follows. */
const TICK_MS = 20;
/** A spec that stood still moves the clock by no more at once. */
const MAX_STEP_MS = 100;

/** The program of a node in JavaScript. */
export class NodeProgram implements AsyncDisposable {
  readonly file: string;
  /** Deployments with it that have not ended: a story that is late does not end its own. */
  readonly open: Set<AsyncDisposable> = new Set();

  private constructor(file: string) {
    this.file = file;
  }

  static async make(): Promise<NodeProgram> {
    const cache = fileURLToPath(new URL('../../../node_modules/.cache', import.meta.url));
    mkdirSync(cache, { recursive: true });
    const outdir = mkdtempSync(join(cache, 'corosock-node-'));
    await build({
      entryPoints: [fileURLToPath(new URL('node-program.ts', import.meta.url))],
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'esm',
      packages: 'external',
      splitting: true,
      outdir,
      logLevel: 'error',
    });
    return new NodeProgram(join(outdir, 'node-program.js'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const deployment of this.open) await deployment[Symbol.asyncDispose]();
    rmSync(join(this.file, '..'), { recursive: true, force: true });
  }
}

/** A host or a hub. */
export type Opener = Pick<Hub, 'openServer'>;

/** One broker and its nodes. */
export class Deployment implements AsyncDisposable {
  /** That of all hosts of this process. */
  readonly clock: VirtualClock = virtualClock();
  readonly broker: BrokerProcess;
  readonly #program: NodeProgram;
  /** Of sessions. */
  readonly #folder = mkdtempSync(join(tmpdir(), 'corosock-sessions-'));
  readonly #ends: Array<() => Promise<unknown> | undefined> = [];
  #isOver = false;

  private constructor(broker: BrokerProcess, program: NodeProgram) {
    this.broker = broker;
    this.#program = program;
    void this.#passTime();
  }

  /** Starts the broker. */
  static async of(kind: Kind, program: NodeProgram): Promise<Deployment> {
    const broker = await kind.process(program.file);
    await broker.start();
    const deployment = new Deployment(broker, program);
    program.open.add(deployment);
    return deployment;
  }

  /** Makes a broker for a host of this process. */
  soon(port?: number): RealNode {
    const node = this.broker.node(port);
    this.#ends.push(async () => {
      await node.broker.close();
      await node.close();
    });
    return node;
  }

  /** Does so, and waits until it is up. */
  async node(port?: number): Promise<RealNode> {
    const node = this.soon(port);
    await this.until('the node is up', () => node.broker.isUp);
    return node;
  }

  /** Makes a host of this process. @param port - Of a proxy in front of the broker. */
  async host(options: HostOptions = {}, port?: number): Promise<MemoryHost> {
    const { broker } = await this.node(port);
    const memory = new MemoryHost({ clock: this.clock, broker, ...options });
    this.#ends.push(() => memory.host.close({ graceMs: 0 }));
    return memory;
  }

  async hub(): Promise<Hub> {
    const { broker } = await this.node();
    const hub = await openHub({ broker, clock: this.clock, report: outageReport });
    this.#ends.push(() => hub.close());
    return hub;
  }

  /** Starts a host in a process of its own. */
  async process(): Promise<NodeProcess> {
    const node = new NodeProcess(await this.broker.startNode(this.#folder));
    this.#ends.push(() => node.kill());
    return node;
  }

  /** Waits until something is so. The time of the hosts passes meanwhile. */
  async until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
    const lastMs = performance.now() + PATIENCE_MS;
    while (!(await isSo())) {
      if (performance.now() > lastMs) throw new Error(`Not so within ${PATIENCE_MS} ms: ${what}`);
      await wait(STEP_MS);
    }
  }

  /** Adds a session that clients may have. */
  addSession(id: string): void {
    writeFileSync(join(this.#folder, Buffer.from(id).toString('base64url')), '{}');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#program.open.delete(this)) return;
    this.broker.resume();
    for (const end of this.#ends.toReversed()) await end();
    this.#isOver = true;
    await this.broker.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #passTime(): Promise<void> {
    for (let lastMs = performance.now(); !this.#isOver;) {
      await wait(TICK_MS);
      const nowMs = performance.now();
      await this.clock.advance(Math.min(nowMs - lastMs, MAX_STEP_MS));
      lastMs = nowMs;
    }
  }
}
