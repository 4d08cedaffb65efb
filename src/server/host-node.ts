// A host as one node of a deployment: its rooms, joined to those of other nodes where it has a
// broker, and what the host does while the broker is down. serving-host.ts makes it, and asks it at
// each handshake.

import { carryOut, checkedCall, closeSockets } from './close-sockets.ts';
import type { ClosableNode } from './close-sockets.ts';
import type { ClosedReport, WhichSockets } from './closed-report.ts';
import type { OpenResult } from './host.ts';
import { HostedSocket } from './hosted-socket.ts';
import type { SocketRun } from './hosted-socket.ts';
import { checkOpen, openElsewhere, openLocally } from './open-server.ts';
import type { PeerFaults } from './peer-faults.ts';
import type { Report } from './report.ts';
import type { RunRegistry } from './run-registry.ts';
import { brokerHealthOf, BrokerHealthState } from '../hub/broker-health.ts';
import type { BrokerHealth } from '../hub/broker-health.ts';
import type { Broker } from '../hub/broker.ts';
import { EverywhereCalls } from '../hub/everywhere-calls.ts';
import { ANSWERS_MS } from '../hub/heartbeats.ts';
import { isInUse, NodeBus } from '../hub/node-bus.ts';
import { PresenceReplica } from '../hub/presence-replica.ts';
import { RemoteSockets } from '../hub/remote-sockets.ts';
import { BusRoomRelay } from '../hub/room-relay.ts';
import type { Sessions } from '../session/sessions.ts';
import { RoomRegistry } from '../rooms/room-registry.ts';
import type { ConversationSettings } from '../conversation/conversation.ts';
import type { Clock } from '../time/clock.ts';
import { inTurns } from '../time/in-turns.ts';
import { holdProcess } from '../time/real-clock.ts';
import { badArgument } from '../core/arguments.ts';
import { UsageError } from '../core/errors.ts';
import type { Source } from '../core/source.ts';
import { propertyOf } from '../core/object-like.ts';
import type { WaitOptions } from '../core/wait-options.ts';

/**
 * How long the broker may be down before open sockets are closed, where the host refuses.
 *
 * @limit Time without a broker before `whenBrokerDown: 'refuse'` closes open sockets | 1012
 */
export const CLOSE_AFTER_MS = 30_000;

/** Sockets that are closed in one turn: others have theirs in between. */
export const CLOSES_A_TURN = 500;

/** How long a hub waits for a broker that is down at its beginning: clients are connecting then. */
const CONNECTS_WITHIN_MS = 2500;

/** RFC 6455's registry: "Service Restart". The client of `corosock/client` reads the reason. */
const RESTART = Object.freeze({ code: 1012, reason: 'retry-after=5' });

/** A session closes its sockets with a code of its own. */
const END_SESSION = Object.freeze({ verb: 'end-session', code: 1000, reason: '' });

/** What a host does while its broker is down. */
export type WhenBrokerDown = 'serve' | 'refuse';

export interface HostNodeSettings extends ConversationSettings {
  readonly broker: Broker | undefined;
  readonly whenBrokerDown: WhenBrokerDown;
  readonly refuseCall: (error: unknown) => Promise<never>;
  readonly maxRooms: number;
  readonly clock: Clock;
  readonly report: Report;
  readonly peerFaults: Pick<PeerFaults, 'report'>;
}

/** The node of one host. */
export class HostNode {
  readonly rooms: RoomRegistry<HostedSocket>;
  readonly health: BrokerHealthState;
  /** Undefined without a broker. */
  readonly bus: NodeBus | undefined;
  readonly #settings: HostNodeSettings;
  readonly #runs: RunRegistry;
  readonly #relay: BusRoomRelay | undefined;
  readonly #remote: RemoteSockets | undefined;
  readonly #everywhere: EverywhereCalls | undefined;
  readonly #closable: ClosableNode;
  readonly #started: Promise<void> | undefined;
  /** Set while the broker is down and the host refuses. */
  #closeTimer: unknown;

  constructor(runs: RunRegistry, settings: HostNodeSettings, sessions?: Sessions) {
    const { broker, clock, maxRooms, peerFaults, report } = settings;
    this.#settings = settings;
    this.#runs = runs;
    this.rooms = new RoomRegistry({
      clock,
      maxRooms,
      find: (id) => HostedSocket.runOf(runs.find(id)),
      socketOf: (ws) => this.#runOf(ws),
      report: (kind, makeError) => peerFaults.report(kind, { phase: 'room' }, makeError),
    });
    this.#closable = { runs, rooms: this.rooms, sessions };
    this.bus = broker && new NodeBus(broker, { nodeId: runs.nodeId, clock, report });
    this.health = this.bus?.health ?? new BrokerHealthState(undefined, clock);
    if (this.bus === undefined) return;
    const presence = new PresenceReplica(this.bus, this.rooms, clock);
    this.#relay = new BusRoomRelay(this.bus, this.rooms, clock, presence);
    this.rooms.connect(this.#relay);
    this.#remote = new RemoteSockets(this.bus, {
      find: (id) => HostedSocket.runOf(runs.find(id)),
      settings,
    });
    const everywhere = new EverywhereCalls(this.bus, (call) => carryOut(this.#closable, call));
    this.#everywhere = everywhere;
    sessions?.endBy((id) => everywhere.run({ ...END_SESSION, name: id }));
    this.health.onChange(() => this.#onHealth());
    this.#onHealth();
    this.#started = this.bus.start();
  }

  /**
   * Resolves when it knows the other nodes; where the broker is down, it resolves, too. The process
   * stays alive until then.
   */
  async whenOthersKnown(): Promise<void> {
    await this.#started;
    if (this.health.isDown) await this.#brokerChange();
    if (this.health.isDown) return;
    await new Promise<void>((resolve) => {
      holdProcess(this.#settings.clock.setTimeout(resolve, ANSWERS_MS));
    });
  }

  /** Waits for a broker that is still connecting. */
  #brokerChange(): Promise<void> {
    const { clock } = this.#settings;
    return new Promise((resolve) => {
      const end = (): void => {
        off();
        clock.clearTimeout(timer);
        resolve();
      };
      const off = this.health.onChange(end);
      const timer = clock.setTimeout(end, CONNECTS_WITHIN_MS);
      holdProcess(timer);
    });
  }

  /** Opens a socket of this process, or of another node: see `Host.openServer`. */
  openServer(id: string, options: WaitOptions, call = 'host.openServer()'): Promise<OpenResult> {
    try {
      checkOpen(call, id, options);
    } catch (error) {
      return this.#settings.refuseCall(error);
    }
    const opened = openLocally(this.#runs, id);
    const isHere = this.#remote === undefined || opened[1] !== 'not-found';
    return isHere ? Promise.resolve(opened) : openElsewhere(this.#remote, id, options);
  }

  /** Closes sockets on all nodes: see `Host.closeSockets`. */
  closeSockets(which: WhichSockets, code = 1000, reason = ''): Promise<ClosedReport> {
    try {
      return closeSockets(this.#closable, this.#everywhere, checkedCall(which, code, reason));
    } catch (error) {
      return this.#settings.refuseCall(error);
    }
  }

  /** The health of the broker, as users see it. */
  get brokerHealth(): Source<BrokerHealth> & BrokerHealth {
    return brokerHealthOf(this.health);
  }

  /** What a health check is told. */
  get readiness(): 'ready' | 'broker down' {
    return this.isRefusing ? 'broker down' : 'ready';
  }

  /** Whether new clients are refused. */
  get isRefusing(): boolean {
    return this.#settings.whenBrokerDown === 'refuse' && this.health.isDown;
  }

  /** Ends its rooms, and leaves the deployment within a second; the broker stays open. */
  async close(): Promise<void> {
    this.rooms.close();
    this.#settings.clock.clearTimeout(this.#closeTimer);
    this.#relay?.close();
    this.#everywhere?.close();
    await this.#remote?.close();
    await this.bus?.close();
  }

  /** Finds the run of a socket of this host, also of one that has ended. */
  #runOf(ws: unknown): SocketRun | undefined {
    const run = HostedSocket.runOf(ws);
    return run?.host.rooms === this.rooms ? run : undefined;
  }

  #onHealth(): void {
    const { clock } = this.#settings;
    clock.clearTimeout(this.#closeTimer);
    if (this.isRefusing) this.#closeTimer = clock.setTimeout(() => this.#closeSockets(), CLOSE_AFTER_MS);
  }

  /** Closes a part of the sockets in each turn, until the broker is back. */
  #closeSockets(): void {
    const open = Array.from(this.#runs, ({ conversation }) => conversation);
    inTurns(this.#settings.clock, open, CLOSES_A_TURN, (slice) => {
      if (!this.isRefusing) return false;
      for (const conversation of slice) conversation.close(RESTART.code, RESTART.reason, 'shutdown');
      return undefined;
    });
  }
}

const METHODS = Object.freeze(['publish', 'subscribe', 'onChange', 'close']);

/** Refuses what is no broker, and one that another node has; undefined is none. */
export function checkBroker(call: string, name: string, value: unknown): void {
  if (value === undefined) return;
  if (!isBroker(value)) {
    const cure = isRedisClient(value) ? 'redisBroker({ publisher, subscriber })' : 'memoryBroker().node()';
    throw badArgument(call, `${name} to be a broker, such as ${cure}`, value);
  }
  if (!isInUse(value)) return;
  const text = `${call}: expected ${name} to be of this host alone: each host has a broker of its own`;
  throw new UsageError('COROSOCK_ARGUMENT', `${text}, got that of another host or hub`);
}

/** Whether a value has the methods of a broker. */
export function isBroker(value: unknown): value is Broker {
  return METHODS.every((method) => typeof propertyOf(value, method) === 'function');
}

function isRedisClient(value: unknown): boolean {
  return ['publish', 'subscribe', 'ping'].every((name) => typeof propertyOf(value, name) === 'function');
}
