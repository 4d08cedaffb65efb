// The broker between the processes of one machine (`node:cluster`, `child_process`) and between the
// threads of one process. Processes are a tree of relays (shared-relay.ts), threads share one
// channel (thread-channel.ts). Subscriptions and gaps are in brokers/engine-broker.ts.

import cluster from 'node:cluster';
import { isMainThread } from 'node:worker_threads';
import type { IpcPeer } from './ipc-link.ts';
import { SharedRelay } from './shared-relay.ts';
import type { SharingBroker, Workers } from './shared-relay.ts';
import { ThreadChannel } from './thread-channel.ts';
import { EngineBroker } from '../brokers/engine-broker.ts';
import type { Engine } from '../brokers/engine-broker.ts';
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

/** A broker of one process or thread. */
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
 * Makes a broker of this process or thread. Call it in each, once for each host, also in the
 * process that started the others: messages go through that one. Until it has called `ipcBroker`,
 * and after it has closed its last broker, the brokers of its children are down.
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
  readonly cluster: Workers & { readonly isPrimary: boolean };
}

/** The relays that are in use, by the `process` whose brokers share them, and by prefix. */
const inUse = new WeakMap<IpcPeer, Map<string, SharedRelay>>();

/** Makes the broker of a thread, or of a process with its parent and its workers. */
export function brokerIn(around: Surroundings, prefix: string, parent?: boolean): IpcBroker {
  const hasParent = around.isMainThread && (parent ?? around.parent.send !== undefined);
  return new IpcEngine(prefix, relayIn(around, prefix, hasParent)).broker;
}

/** Finds the relay of this process, or makes it. */
function relayIn(around: Surroundings, prefix: string, hasParent: boolean): SharedRelay {
  const relays = inUse.get(around.parent) ?? new Map<string, SharedRelay>();
  inUse.set(around.parent, relays);
  const known = relays.get(prefix);
  if (known === undefined) {
    const parent = hasParent ? around.parent : undefined;
    const relay = new SharedRelay(prefix, parent, () => relays.delete(prefix));
    relays.set(prefix, relay);
    if (around.isMainThread && around.cluster.isPrimary) relay.adoptWorkers(around.cluster);
    return relay;
  }
  if (known.hasParent === hasParent) return known;
  const expected = `parent to be ${known.hasParent}, as for the other broker of this process and prefix`;
  throw badArgument('ipcBroker()', expected, hasParent);
}

/** The engine of one broker: the relay of its process, and its channel to threads. */
export class IpcEngine implements Engine, SharingBroker {
  readonly broker: EngineBroker & IpcBroker;
  readonly #relay: SharedRelay;
  readonly #threads: ThreadChannel;

  constructor(prefix: string, relay: SharedRelay, threads: string = prefix) {
    const broker = new EngineBroker(this, realClock);
    this.broker = Object.assign(broker, { adopt: (child: IpcPeer) => this.#adopt(child) });
    this.#threads = new ThreadChannel(threads, (address, bytes) => broker.received(address, bytes));
    this.#relay = relay;
    relay.join(this);
  }

  get addresses(): ReadonlySet<string> {
    return this.#threads.addresses;
  }

  async publish(address: string, bytes: Uint8Array): Promise<undefined> {
    if (bytes.length > MAX_ENVELOPE_BYTES) {
      throw new BrokerError(
        `${bytes.length} bytes are too many: processes and threads take ${MAX_ENVELOPE_BYTES}`,
      );
    }
    this.#threads.publish(address, bytes);
    await this.#relay.publish(address, bytes);
    return undefined;
  }

  async subscribe(addresses: readonly string[]): Promise<void> {
    for (const address of addresses) this.#threads.subscribe(address);
    if (await this.#relay.subscribe(this, addresses)) return;
    for (const address of addresses) this.unsubscribe(address);
    throw new BrokerError('A process above this one has too many addresses of it');
  }

  unsubscribe(address: string): void {
    this.#threads.unsubscribe(address);
    this.#relay.unsubscribe(address);
  }

  close(): void {
    this.#relay.leave(this);
    this.#threads.close();
  }

  whyDown(): Error {
    return this.#relay.whyDown();
  }

  #adopt(child: IpcPeer): void {
    if (typeof propertyOf(child, 'send') !== 'function') {
      throw badArgument('broker.adopt()', 'a process of child_process.fork()', child);
    }
    this.#relay.adopt(child);
  }
}

function checkParent(call: string, name: string, parent: unknown): void {
  if (parent !== undefined && typeof parent !== 'boolean')
    throw badArgument(call, `${name} to be true or false`, parent);
}
