// `openHub`: rooms, sockets by id and closes on all nodes, for a process that serves nothing: a
// worker, a script. It is a node as each host is (host-node.ts), without sockets of its own.

import type { ClosedReport, WhichSockets } from './closed-report.ts';
import type { OpenResult, Room } from './host.ts';
import { checkBroker, HostNode, isBroker } from './host-node.ts';
import { HOST_OPTIONS, settingsOf } from './host-options.ts';
import type { HostOptions } from './host-options.ts';
import { RunRegistry } from './run-registry.ts';
import type { BrokerHealth } from '../hub/broker-health.ts';
import type { Broker } from '../hub/broker.ts';
import { showAs } from '../platform/inspection.ts';
import { randomnessFor } from '../platform/random-ids.ts';
import { checkNames } from '../core/arguments.ts';
import { UsageError } from '../core/errors.ts';
import type { Source } from '../core/source.ts';
import type { WaitOptions } from '../core/wait-options.ts';

/** What `openHub` takes. */
export interface HubOptions extends Pick<HostOptions, 'clock' | 'report'> {
  /** A broker of its own, as each host has. The hub leaves it open. Required. */
  readonly broker: Broker;
}

/** A node of a deployment that serves nothing. `await using` closes it. */
export interface Hub extends AsyncDisposable {
  /** As `host.room`; it has no members of its own. */
  room(name: string): Room;
  /** As `host.openServer`. */
  openServer(id: string, options?: WaitOptions): Promise<OpenResult>;
  /** As `host.closeSockets`. What is kept for a missing node is lost when the hub closes. */
  closeSockets(which: WhichSockets, code?: number, reason?: string): Promise<ClosedReport>;
  /** As `host.brokerHealth`. */
  readonly brokerHealth: Source<BrokerHealth> & BrokerHealth;
  /** Ends its subscriptions and its handles, and leaves the deployment, within a second. */
  close(): Promise<void>;
}

/**
 * Joins a deployment from a process that serves nothing.
 *
 * ```ts
 * await using hub = await openHub({ broker: redisBroker({ publisher, subscriber }) });
 * hub.room('news').publish('Hello');
 * ```
 *
 * A hub keeps no process or thread alive, but for calls that wait: this one, `openServer`,
 * `closeSockets` and `close`.
 *
 * @returns Once it knows the other nodes: half a second after the broker has answered; where that
 *   is down, within 3 s.
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export async function openHub(options: HubOptions): Promise<Hub> {
  if (isBroker(options)) {
    throw new UsageError('COROSOCK_ARGUMENT', 'openHub(): expected { broker }, got a broker');
  }
  checkNames('openHub()', options, new Set(['broker', 'clock', 'report']));
  checkBroker('openHub()', 'broker', options.broker ?? null);
  const hub = new NodeHub(options.broker, settingsOf('openHub()', options, HOST_OPTIONS));
  await hub.started();
  return hub;
}

class NodeHub implements Hub {
  static {
    showAs(NodeHub.prototype, 'Hub', ({ brokerHealth }) => ({ broker: brokerHealth.broker }));
  }

  readonly #node: HostNode;
  #closing: Promise<void> | undefined;

  constructor(broker: Broker, settings: ReturnType<typeof settingsOf>) {
    // In a simulated world its seed decides the id of a hub, as of each host.
    this.#node = new HostNode(new RunRegistry(undefined, randomnessFor(broker)), settings);
  }

  started(): Promise<void> {
    return this.#node.whenOthersKnown();
  }

  get brokerHealth(): Source<BrokerHealth> & BrokerHealth {
    return this.#node.brokerHealth;
  }

  room(name: string): Room {
    return this.#node.rooms.room(name, 'hub.room()');
  }

  openServer(id: string, options: WaitOptions = {}): Promise<OpenResult> {
    return this.#node.openServer(id, options, 'hub.openServer()');
  }

  closeSockets(which: WhichSockets, code?: number, reason?: string): Promise<ClosedReport> {
    return this.#node.closeSockets(which, code, reason);
  }

  close(): Promise<void> {
    this.#closing ??= this.#node.close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
