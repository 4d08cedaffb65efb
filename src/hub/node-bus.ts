// This node on the broker: its identity, its inbox, what it says to all, who else is there. Rooms,
// presence and sockets by id send and receive through it. The bytes are those of envelope.ts, and
// addresses are `nodes`, `node:<id>` and `room:<name>`; what may be lost on the way is noticed by
// received-line.ts.

import type { Broker } from './broker.ts';
import { ALL_NODES, isRoomAddress, nodeAddress, stateAddress } from './broker-address.ts';
import { BrokerHealthState } from './broker-health.ts';
import { BrokerOutage } from './broker-outage.ts';
import { BusSubscription } from './bus-subscription.ts';
import type { BusListener, SubscriptionParts } from './bus-subscription.ts';
import { orderedMs } from './call-order.ts';
import { DroppedEnvelopes } from './dropped-envelopes.ts';
import type { DropReason } from './dropped-envelopes.ts';
import { bodyOf, encodeEnvelope, envelopeBytes, KIND, MAX_ENVELOPE_BYTES } from './envelope.ts';
import type { Body, Envelope, Kind, NodeRef } from './envelope.ts';
import { ANSWERS_MS, Heartbeats, HEARTBEAT_MS, IDLE_ADDRESS_MS } from './heartbeats.ts';
import { HybridTime } from './hybrid-time.ts';
import { KnownNodes } from './known-nodes.ts';
import type { KnownNode, NodeListener } from './known-nodes.ts';
import { ReceivedSenders } from './received-senders.ts';
import { RefusedSubscriptions } from './refused-subscriptions.ts';
import { SentSequences } from './sent-sequences.ts';
import type { Clock } from '../time/clock.ts';
import { IDLE_TIMER } from '../time/scheduling.ts';
import { holdProcess, wallTimeOf } from '../time/real-clock.ts';
import { noop } from '../core/noop.ts';

/**
 * A sender of which nothing has come to an address for so long is forgotten there: by then it has
 * forgotten the address, too.
 */
const QUIET_SENDER_MS = 180_000;

/** A timer that is later than this tells that the whole process has stood still. */
const LATE_TIMER_MS = 2.5 * HEARTBEAT_MS;

/** The longest wait for the goodbye of a node. */
const GOODBYE_MS = 1000;

/** Brokers that a bus uses. Two nodes on one would hear nothing of each other. */
const inUse = new WeakSet<Broker>();

/** Whether another node has a broker, and has not closed. */
export function isInUse(broker: Broker): boolean {
  return inUse.has(broker);
}

/** What a node brings to its bus. */
export interface BusSettings {
  /** Unique in the deployment: ASCII without spaces, at most 64 characters. */
  readonly nodeId: string;
  readonly clock: Clock;
  /** Gets what was dropped, what the broker has refused, and that it is down for long. */
  readonly report: (error: unknown, where: { readonly phase: string }) => void;
}

/** Receives what is sent to this node, or to all. It must not throw. */
export type Receive = (from: NodeRef, body: Uint8Array) => void;

/** One node of a deployment. */
export class NodeBus implements NodeRef {
  readonly id: string;
  /** Milliseconds since 1970 at which this bus was made. */
  readonly epoch: number;
  readonly health: BrokerHealthState;
  readonly time: HybridTime;
  /** What nodes have of rooms, and whether this one knows the others. */
  readonly heartbeats: Heartbeats;
  readonly #broker: Broker;
  readonly #inbox: string;
  readonly clock: Clock;
  readonly #dropped: DroppedEnvelopes;
  readonly #refused: RefusedSubscriptions;
  /** Of all subscriptions. */
  readonly #senders: ReceivedSenders;
  readonly #outage: BrokerOutage;
  readonly #others = new KnownNodes();
  readonly #receivers = new Map<Kind, Receive>();
  readonly #lossListeners = new Set<(forMs: number) => void>();
  /** Of rooms: their sequences are in the heartbeats. */
  readonly #sentToRooms = new SentSequences();
  readonly #sentToNodes = new SentSequences();
  readonly #subscriptions = new Map<string, BusSubscription>();
  /** One object for all: a node may be in 100,000 rooms. */
  readonly #parts: SubscriptionParts;
  #timer: unknown;
  /** When it was set. */
  #timerMs = 0;
  /** Counts the calls of the timer. */
  #seconds = 0;
  #offChange: () => void = noop;
  #isClosed = false;

  constructor(broker: Broker, { nodeId, clock, report }: BusSettings) {
    this.id = nodeId;
    this.#inbox = nodeAddress(nodeId);
    this.epoch = Math.floor(wallTimeOf(clock));
    this.#broker = broker;
    inUse.add(broker);
    this.clock = clock;
    this.time = new HybridTime(clock);
    this.#senders = new ReceivedSenders(this.time);
    this.health = new BrokerHealthState(broker.isUp, clock);
    const tell = (error: unknown): void => report(error, { phase: 'broker' });
    this.#dropped = new DroppedEnvelopes(tell);
    this.#refused = new RefusedSubscriptions(tell);
    this.#outage = new BrokerOutage(this.health, clock, tell);
    this.#parts = {
      nodeId,
      broker,
      clock,
      dropped: this.#dropped,
      refused: this.#refused,
      senders: this.#senders,
      onHeard: ({ node, time }) => {
        this.#others.noteEnvelope(node, clock.now());
        if (time !== undefined) this.time.hear(time);
      },
    };
    this.heartbeats = new Heartbeats(this, {
      others: this.#others,
      sent: this.#sentToRooms,
      subscriptions: this.#subscriptions,
    });
    this.#receivers.set(KIND.heartbeat, (from, body) => this.heartbeats.receive(from, body));
    this.#receivers.set(KIND.missed, (from, body) => this.heartbeats.receiveMissed(from, body));
    this.#receivers.set(KIND.goodbye, (from) => this.#others.noteGoodbye(from, clock.now()));
  }

  /** The other nodes, by id: those that are heard, and those that are missing. */
  get nodes(): ReadonlyMap<string, KnownNode> {
    return this.#others.all;
  }

  /**
   * Whether a node that is not in {@link nodes} is not there: the broker is up, and was for long
   * enough that all others have said that they are there.
   */
  get isSureOfOthers(): boolean {
    return this.heartbeats.knowsOthers && !this.health.isDown && this.health.now.sinceMs >= ANSWERS_MS;
  }

  /** How many envelopes were dropped, by reason. */
  get dropped(): ReadonlyMap<DropReason, number> {
    return this.#dropped.counts;
  }

  /**
   * Begins to receive, and says that this node is there. Resolves when its inbox is in force; where
   * the broker is down it resolves, too, and begins when that is back. Never rejects.
   */
  async start(): Promise<void> {
    this.#offChange = this.#broker.onChange((isUp) => this.#onChange(isUp));
    const listener: BusListener = {
      receive: (envelope) => this.#receive(envelope),
      gap: (forMs) => {
        for (const listenToLoss of this.#lossListeners) listenToLoss(forMs);
      },
    };
    this.#setTimer();
    const opened = [this.subscribe(ALL_NODES, listener), this.subscribe(this.#inbox, listener)];
    await Promise.all(opened.map((subscription) => subscription.opened));
    this.heartbeats.begin();
  }

  /**
   * Says goodbye, and ends all subscriptions. The broker stays open. Resolves within a second, also
   * where the broker does not answer. Never rejects.
   */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.clock.clearTimeout(this.#timer);
    this.#offChange();
    // The goodbye does not wait for the heartbeat: the broker keeps the order of the two.
    const told = [this.heartbeats.say({}), this.broadcast(KIND.goodbye, new Uint8Array())];
    this.heartbeats.close();
    this.#isClosed = true;
    inUse.delete(this.#broker);
    const ends = [...this.#subscriptions.values()].map((subscription) => subscription.dispose());
    let timer: unknown;
    const late = new Promise<void>((resolve) => {
      timer = this.clock.setTimeout(resolve, GOODBYE_MS);
      holdProcess(timer);
    });
    await Promise.race([Promise.all([...told, ...ends]), late]);
    this.clock.clearTimeout(timer);
  }

  /** Sends to the inbox of one node. Never rejects. */
  send(node: string, kind: Kind, body: Uint8Array): Promise<'sent' | 'failed'> {
    return this.publish(nodeAddress(node), kind, bodyOf(body));
  }

  /** Sends to all other nodes. Never rejects. */
  broadcast(kind: Kind, body: Uint8Array): Promise<'sent' | 'failed'> {
    return this.publish(ALL_NODES, kind, bodyOf(body));
  }

  /**
   * Sends to the nodes that are subscribed to an address. Never rejects.
   *
   * @param time - Default: now.
   * @returns `sent`: the broker has taken it. `failed`: it has not, or the envelope is too large.
   */
  publish(
    address: string,
    kind: Kind,
    body: Body,
    time: number = this.time.next(),
  ): Promise<'sent' | 'failed'> {
    const nowMs = this.clock.now();
    if (envelopeBytes(this, body) > MAX_ENVELOPE_BYTES) {
      this.#dropped.count('oversize', address, nowMs);
      return Promise.resolve('failed');
    }
    const sequences = isRoomAddress(address) ? this.#sentToRooms : this.#sentToNodes;
    const isState = isRoomAddress(address) && kind !== KIND.room;
    const numbered = sequences.next(isState ? stateAddress(address) : address, nowMs, orderedMs(this.clock));
    const bytes = encodeEnvelope({ kind, node: this, ...numbered, time }, body);
    // A broker that throws counts as one that rejects.
    const taken = new Promise((resolve) => resolve(this.#broker.publish(address, bytes)));
    return taken.then(
      () => {
        this.#outage.taken();
        return 'sent';
      },
      (error: unknown) => {
        this.#outage.failed(error);
        return 'failed';
      },
    );
  }

  /** Receives what comes to an address. One subscription an address. */
  subscribe(address: string, listener: BusListener): BusSubscription {
    const subscription = new BusSubscription(address, listener, this.#parts);
    this.#subscriptions.set(address, subscription);
    return subscription;
  }

  /** Ends a subscription. Never rejects. */
  unsubscribe(subscription: BusSubscription): Promise<void> {
    const { address } = subscription;
    // It may be subscribed to anew.
    if (this.#subscriptions.get(address) === subscription) this.#subscriptions.delete(address);
    return subscription.dispose();
  }

  /**
   * Receives envelopes of one kind that come to the inbox of this node or to all nodes: each once,
   * and those of one node in its order. One receiver a kind.
   */
  on(kind: Kind, receive: Receive): void {
    this.#receivers.set(kind, receive);
  }

  /** Tells a listener which nodes join and leave. @returns Removes the listener. */
  onNode(listener: NodeListener): () => void {
    return this.#others.onNode(listener);
  }

  /** Calls back where envelopes to the inbox or to all nodes may be missing. */
  onLoss(listener: (forMs: number) => void): () => void {
    this.#lossListeners.add(listener);
    return () => void this.#lossListeners.delete(listener);
  }

  /** Counts an envelope whose body is broken. @param address - Default: the inbox of this node. */
  drop(reason: DropReason, address: string = this.#inbox): void {
    this.#dropped.count(reason, address, this.clock.now());
  }

  #receive({ kind, node, body }: Envelope): boolean {
    const receive = this.#receivers.get(kind);
    receive?.(node, body);
    return receive !== undefined;
  }

  #onChange(isUp: boolean): void {
    this.health.change(isUp);
    if (isUp) void this.heartbeats.say({ wantsAnswer: true });
    else for (const subscription of this.#subscriptions.values()) subscription.brokerIsDown();
  }

  #setTimer(): void {
    this.#timerMs = this.clock.now();
    this.#timer = this.clock.setTimeout(() => this.#onTimer(), HEARTBEAT_MS, IDLE_TIMER);
  }

  #onTimer(): void {
    const nowMs = this.clock.now();
    const isLate = nowMs - this.#timerMs > LATE_TIMER_MS;
    this.#setTimer();
    void this.heartbeats.say({});
    // This process has stood still: what the others have sent meanwhile is yet to be read.
    if (!isLate) this.#others.sweep(nowMs);
    for (const subscription of this.#subscriptions.values()) subscription.sweep(nowMs);
    this.#senders.forget(nowMs - QUIET_SENDER_MS);
    this.heartbeats.tellOldGaps(nowMs);
    this.#outage.sweep(nowMs);
    this.#refused.sweep(nowMs);
    if (this.#broker.isUp) this.#refused.askAgain();
    this.#seconds += 1;
    if (this.#seconds % 60 !== 0) return;
    this.#sentToRooms.forget(nowMs - IDLE_ADDRESS_MS);
    this.#sentToNodes.forget(nowMs - IDLE_ADDRESS_MS);
    this.#dropped.sweep(nowMs);
  }
}
