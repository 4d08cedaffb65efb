// The relay of a process, which its brokers of one prefix share: the channel to the parent, and
// those to the children, are there once, however many hosts the process has. ipc-broker.ts makes it
// with the first broker, and the last one closes it. Between the brokers of one process, as between
// threads, messages pass by thread-channel.ts.

import { randomUUID } from 'node:crypto';
import type { IpcPeer } from './ipc-link.ts';
import { ProcessRelay } from './process-relay.ts';
import type { EngineBroker } from '../brokers/engine-broker.ts';
import { LinkWatch } from '../brokers/link-watch.ts';
import { realClock } from '../time/real-clock.ts';
import { noop } from '../core/noop.ts';

/** A broker, as the relay sees it. */
export interface SharingBroker {
  readonly broker: Pick<EngineBroker, 'up' | 'down' | 'received'>;
  /** What it has subscribed to. */
  readonly addresses: ReadonlySet<string>;
}

/** What a primary of `node:cluster` holds. */
export interface Workers {
  readonly workers?: NodeJS.Dict<IpcPeer> | undefined;
  on(event: 'fork', listener: (worker: IpcPeer) => void): unknown;
  off(event: 'fork', listener: (worker: IpcPeer) => void): unknown;
}

const NOT_ANSWERED =
  'The process that has started this one does not answer: call ipcBroker() there, too, and adopt(child) ' +
  'where it has used fork(). If it takes no part, set parent: false here';
const HAS_GONE = 'The process that has started this one has ended, has closed its broker or does not answer';

/** The relay of the brokers of one process. */
export class SharedRelay {
  readonly hasParent: boolean;
  readonly #brokers = new Set<SharingBroker>();
  readonly #relay: ProcessRelay;
  readonly #watch: LinkWatch;
  readonly #adoptWorker = (worker: IpcPeer): void => this.#relay.adopt(worker);
  readonly #onClose: () => void;
  #workers: Workers | undefined;
  #isUp: boolean;
  #wasUp = false;
  /** The root has not answered for two seconds: a process above this one may be stopped. */
  #isSilent = false;

  /** @param onClose - Called when the last broker has left it. */
  constructor(prefix: string, parent: IpcPeer | undefined, onClose: () => void = noop) {
    this.hasParent = parent !== undefined;
    this.#onClose = onClose;
    this.#isUp = !this.hasParent;
    this.#relay = new ProcessRelay(
      prefix,
      randomUUID(),
      {
        received: (address, bytes) => {
          this.#heard();
          for (const { broker } of this.#brokers) broker.received(address, bytes);
        },
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
  }

  /** A broker begins. */
  join(broker: SharingBroker): void {
    this.#brokers.add(broker);
    if (this.#isUp) broker.broker.up();
  }

  /** A broker has ended. */
  leave(broker: SharingBroker): void {
    this.#brokers.delete(broker);
    if (this.#brokers.size === 0) return this.#close();
    for (const address of broker.addresses) this.unsubscribe(address);
  }

  /** Takes a child in, once. */
  adopt(child: IpcPeer): void {
    this.#relay.adopt(child);
  }

  /** Takes the workers of `node:cluster` in, and those to come. */
  adoptWorkers(workers: Workers): void {
    this.#workers = workers;
    for (const worker of Object.values({ ...workers.workers })) this.#relay.adopt(worker as IpcPeer);
    workers.on('fork', this.#adoptWorker);
  }

  async publish(address: string, bytes: Uint8Array): Promise<void> {
    await this.#relay.publish(address, bytes);
    this.#heard();
  }

  /** Resolves with true when all are in force up to the root, or with false when refused. */
  async subscribe(asking: SharingBroker, addresses: readonly string[]): Promise<boolean> {
    if (await this.#relay.subscribe(addresses)) return true;
    // The parent has ended them for the whole process: brokers that had one of them begin anew.
    for (const other of this.#brokers) {
      if (other === asking || !addresses.some((address) => other.addresses.has(address))) continue;
      other.broker.down();
      other.broker.up();
    }
    return false;
  }

  /** One broker has ended a subscription; others may go on with theirs. */
  unsubscribe(address: string): void {
    for (const { addresses } of this.#brokers) if (addresses.has(address)) return;
    this.#relay.unsubscribe(address);
  }

  /** Says why the link to the parent is not there. */
  whyDown(): Error {
    return new Error(this.#wasUp ? HAS_GONE : NOT_ANSWERED);
  }

  #close(): void {
    this.#watch.stop();
    this.#relay.close();
    this.#workers?.off('fork', this.#adoptWorker);
    this.#onClose();
  }

  #down(): void {
    this.#isUp = false;
    for (const { broker } of this.#brokers) broker.down(this.#watch.answeredMs);
  }

  #lose(): void {
    this.#watch.stop();
    this.#isSilent = false;
    this.#down();
  }

  /** Subscribes again: the parent is another one, has dropped messages, or was silent. */
  #restart(): void {
    this.#lose();
    this.#watch.start();
    this.#isUp = true;
    this.#wasUp = true;
    for (const { broker } of this.#brokers) broker.up();
  }

  async #ask(): Promise<void> {
    await this.#relay.ping();
    this.#heard();
  }

  #fallSilent(): void {
    this.#isSilent = true;
    this.#down();
    void this.#ask();
  }

  #heard(): void {
    if (this.#isSilent) this.#restart();
    else this.#watch.heard();
  }
}
