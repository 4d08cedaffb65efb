// The broker between the processes of one machine (`node:cluster`, `child_process`) and between the
// threads of one process. Processes are a tree of relays (process-relay.ts), threads share one
// channel (thread-channel.ts). Subscriptions and gaps are in brokers/engine-broker.ts.

import cluster from 'node:cluster';
import { randomUUID } from 'node:crypto';
import { isMainThread } from 'node:worker_threads';
import { ProcessRelay } from './process-relay.ts';
import type { IpcPeer } from './ipc-link.ts';
import { ThreadChannel } from './thread-channel.ts';
import { EngineBroker } from '../brokers/engine-broker.ts';
import type { Engine } from '../brokers/engine-broker.ts';
import { LinkWatch } from '../brokers/link-watch.ts';
import { checkPrefix } from '../brokers/prefix.ts';
import type { Broker } from '../hub/broker.ts';
import { MAX_ENVELOPE_BYTES } from '../hub/envelope.ts';
import { realClock } from '../time/real-clock.ts';
import { badArgument, checkNames } from '../core/arguments.ts';
import { BrokerError } from '../core/errors.ts';
import { propertyOf } from '../core/object-like.ts';
import { complete, namesOf } from '../core/options.ts';
import type { OptionTable } from '../core/options.ts';

/** Options of `ipcBroker`. */
export interface IpcBrokerOptions {
  /**
   * Keeps deployments apart: only brokers with the same prefix hear each other. 1 to 100 letters,
   * digits, `-`, `_`, and dots between them. Default: `'corosock'`.
   */
  readonly prefix?: string | undefined;
  /**
   * Whether the process that has started this one takes part. Set `false` under a process manager
   * that has a channel to it (`process.send`), and does not call `ipcBroker`: this broker would
   * wait for it, and stay down. Default: true where there is such a channel.
   */
  readonly parent?: boolean | undefined;
}

/** The broker of one process or thread. */
export interface IpcBroker extends Broker {
  /**
   * Connects a process of `child_process.fork`, at any time after its start. The child calls
   * `ipcBroker`, too. Workers of `node:cluster` are connected by themselves. A second call for the
   * same child does nothing.
   *
   * @throws UsageError `COROSOCK_ARGUMENT`.
   */
  adopt(child: IpcPeer): void;
}

const OPTIONS: OptionTable<IpcBrokerOptions, 'parent'> = {
  prefix: ['corosock', checkPrefix],
  parent: [undefined, checkParent],
};

/**
 * Makes the broker of this process or thread. Call it once in each, also in the process that
 * started the others: messages go through that one. Until it has called `ipcBroker`, and after it
 * has closed its broker, the brokers of its children are down.
 *
 * ```ts
 * const broker = ipcBroker();
 * if (cluster.isPrimary) for (let count = 0; count < 4; count += 1) cluster.fork();
 * else await serve(chat, { port: 8080, broker });
 * ```
 *
 * In a worker thread it reaches the other threads of its process and the main thread, no other
 * process. The threads need nothing in the main thread.
 *
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function ipcBroker(options: IpcBrokerOptions = {}): IpcBroker {
  checkNames('ipcBroker()', options, namesOf(OPTIONS));
  const { prefix, parent } = complete('ipcBroker()', options, OPTIONS);
  return brokerIn({ isMainThread, parent: process, cluster }, prefix, parent);
}

/** Where a broker is made. */
interface Surroundings {
  readonly isMainThread: boolean;
  /** The end of the channel to the parent; without one it has no `send`. */
  readonly parent: IpcPeer;
  readonly cluster: Workers;
}

/** What a primary of `node:cluster` holds. */
type Workers = Pick<typeof cluster, 'isPrimary' | 'workers' | 'on' | 'off'>;

/** Makes the broker of a thread, or of a process with its parent and its workers. */
export function brokerIn(around: Surroundings, prefix: string, parent?: boolean): IpcBroker {
  if (!around.isMainThread) return new IpcEngine(prefix, undefined).broker;
  const hasParent = parent ?? around.parent.send !== undefined;
  const engine = new IpcEngine(prefix, hasParent ? around.parent : undefined);
  if (around.cluster.isPrimary) engine.adoptWorkers(around.cluster);
  return engine.broker;
}

/** The engine of one node: its relay, and its channel to other threads. */
export class IpcEngine implements Engine {
  readonly broker: IpcBroker;
  readonly #broker: EngineBroker = new EngineBroker(this, realClock);
  readonly #relay: ProcessRelay;
  readonly #threads: ThreadChannel;
  readonly #watch: LinkWatch;
  readonly #adoptWorker = (worker: IpcPeer): void => this.#relay.adopt(worker);
  #workers: Workers | undefined;
  /** The root has not answered for two seconds: a process above this one may be stopped. */
  #isSilent = false;

  constructor(prefix: string, parent: IpcPeer | undefined, threads: string = prefix) {
    const received = (address: string, bytes: Uint8Array): void => {
      this.#heard();
      this.#broker.received(address, bytes);
    };
    this.#threads = new ThreadChannel(threads, (address, bytes) => this.#broker.received(address, bytes));
    this.#relay = new ProcessRelay(
      prefix,
      randomUUID(),
      {
        received,
        welcomed: () => this.#restart(),
        lost: () => this.#restart(),
        gone: () => this.#lose(),
      },
      parent,
    );
    this.#watch = new LinkWatch(
      realClock,
      () => this.#ask(),
      () => this.#fallSilent(),
    );
    this.broker = Object.assign(this.#broker, { adopt: (child: IpcPeer) => this.#adopt(child) });
    if (parent === undefined) this.#broker.up();
  }

  async publish(address: string, bytes: Uint8Array): Promise<undefined> {
    if (bytes.length > MAX_ENVELOPE_BYTES) {
      throw new BrokerError(
        `${bytes.length} bytes are too many: processes and threads take ${MAX_ENVELOPE_BYTES}`,
      );
    }
    this.#threads.publish(address, bytes);
    await this.#relay.publish(address, bytes);
    this.#heard();
    return undefined;
  }

  async subscribe(addresses: readonly string[]): Promise<void> {
    for (const address of addresses) this.#threads.subscribe(address);
    if (await this.#relay.subscribe(addresses)) return;
    for (const address of addresses) this.unsubscribe(address);
    throw new BrokerError('A process above this one has too many addresses of it');
  }

  unsubscribe(address: string): void {
    this.#threads.unsubscribe(address);
    this.#relay.unsubscribe(address);
  }

  close(): void {
    this.#watch.stop();
    this.#relay.close();
    this.#threads.close();
    this.#workers?.off('fork', this.#adoptWorker);
  }

  /** Takes in the workers of `node:cluster` that there are, and each that is forked later. */
  adoptWorkers(workers: Workers): void {
    this.#workers = workers;
    for (const worker of Object.values({ ...workers.workers })) this.#relay.adopt(worker as IpcPeer);
    workers.on('fork', this.#adoptWorker);
  }

  #adopt(child: IpcPeer): void {
    if (typeof propertyOf(child, 'send') !== 'function') {
      throw badArgument('broker.adopt()', 'a process of child_process.fork()', child);
    }
    this.#relay.adopt(child);
  }

  #lose(): void {
    this.#watch.stop();
    this.#isSilent = false;
    this.#broker.down(this.#watch.answeredMs);
  }

  /** Subscribes again: the parent is another one, has dropped messages, or was silent. */
  #restart(): void {
    this.#lose();
    this.#watch.start();
    this.#broker.up();
  }

  async #ask(): Promise<void> {
    await this.#relay.ping();
    this.#heard();
  }

  #fallSilent(): void {
    this.#isSilent = true;
    this.#broker.down(this.#watch.answeredMs);
    void this.#ask();
  }

  #heard(): void {
    if (this.#isSilent) this.#restart();
    else this.#watch.heard();
  }
}

function checkParent(call: string, name: string, parent: unknown): void {
  if (parent !== undefined && typeof parent !== 'boolean')
    throw badArgument(call, `${name} to be true or false`, parent);
}
