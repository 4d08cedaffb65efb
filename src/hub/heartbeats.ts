// What a node says to all each second, and what it learns from the others: who is there, what they
// retain, and which envelopes to rooms have to come. NodeBus has one, and sets its pace.

import { ALL_NODES, nodeAddress, sentAddress } from './broker-address.ts';
import type { BusSubscription } from './bus-subscription.ts';
import type { DropReason } from './dropped-envelopes.ts';
import { bodyOf, KIND } from './envelope.ts';
import type { Body, Kind, NodeRef } from './envelope.ts';
import { FieldReader, FieldWriter } from './byte-fields.ts';
import { heartbeatsOf, readHeartbeat } from './heartbeat-body.ts';
import type { HeartbeatFlags } from './heartbeat-body.ts';
import type { HadByNode, KnownNodes, OtherNode } from './known-nodes.ts';
import type { SentSequences } from './sent-sequences.ts';
import type { Clock } from '../time/clock.ts';
import { inTurns } from '../time/in-turns.ts';

/** How often a node says that it is there. */
export const HEARTBEAT_MS = 1000;

/** An address that is idle for so long is forgotten by its sender: see {@link SentSequences}. */
export const IDLE_ADDRESS_MS = 120_000;

/** How long answers to the first heartbeat of a node may take. */
export const ANSWERS_MS = 500;

/**
 * Bytes of the lists with which a node answers others in a second. A small question has a long
 * answer; who gets none asks again.
 *
 * @limit Bytes of answers to all nodes, in a second, what this node has published to rooms |
 * further ones are dropped, and counted
 */
export const MAX_LIST_ANSWER_BYTES = 8_388_608;
const TOLD_MS = 1000;

/** Rooms that are told in one turn that a node has forgotten what it has sent to them. */
export const OLD_GAPS_A_TURN = 1000;

/** The subscriptions of each node: to all nodes, and to its inbox. All others are to rooms. */
const OWN_ADDRESSES = 2;

/** The bus of a node, as its heartbeats see it; an interface, because it makes them. */
export interface HeartbeatBus {
  readonly clock: Clock;
  publish(address: string, kind: Kind, body: Body): Promise<'sent' | 'failed'>;
  drop(reason: DropReason, address: string): void;
}

/** What heartbeats tell of, and learn. */
export interface HeartbeatParts {
  readonly others: KnownNodes;
  /** What was sent to rooms. */
  readonly sent: SentSequences;
  readonly subscriptions: ReadonlyMap<string, BusSubscription>;
}

/** The heartbeats of one node. */
export class Heartbeats {
  readonly #bus: HeartbeatBus;
  readonly #others: KnownNodes;
  readonly #sent: SentSequences;
  readonly #subscriptions: ReadonlyMap<string, BusSubscription>;
  /** What this node has of any room. */
  readonly #has = new Set<HadByNode>();
  /** When all others have answered that they are there. */
  #knowsOthersMs = Infinity;
  /** Whether a node has forgotten what it has sent: see {@link tellOldGaps}. */
  #hasOldGaps = false;
  /** Bytes of answers in this second. */
  #toldBytes = 0;
  #toldSinceMs = -Infinity;
  #isClosed = false;

  constructor(bus: HeartbeatBus, { others, sent, subscriptions }: HeartbeatParts) {
    this.#bus = bus;
    this.#others = others;
    this.#sent = sent;
    this.#subscriptions = subscriptions;
  }

  /** Whether all other nodes that are up have had the time to say that they are there. */
  get knowsOthers(): boolean {
    return this.#bus.clock.now() >= this.#knowsOthersMs;
  }

  /** The inbox is in force: asks who is there. */
  begin(): void {
    this.#knowsOthersMs = this.#bus.clock.now() + ANSWERS_MS;
    void this.say({ wantsAnswer: true });
  }

  /** Says nothing more. */
  close(): void {
    this.#isClosed = true;
  }

  /** Whether any node may retain something. */
  get isRetaining(): boolean {
    return this.#has.has('retained') || this.retainingNodes() !== undefined;
  }

  /**
   * The other nodes that retain something of any room, by id.
   *
   * @returns undefined: none does. `any`: this node has just begun, and does not know all others.
   */
  retainingNodes(): ReadonlySet<string> | 'any' | undefined {
    if (!this.knowsOthers) return 'any';
    const nodes = new Set<string>();
    for (const node of this.#others.all.values()) if (node.has.has('retained')) nodes.add(node.id);
    return nodes.size === 0 ? undefined : nodes;
  }

  /** This node has something of a room: others ask it when they enter one. */
  hasFromNowOn(what: HadByNode): void {
    if (this.#has.has(what)) return;
    this.#has.add(what);
    void this.say({});
  }

  /** Says that this node is there, and what it has published since the last time. */
  async say(flags: HeartbeatFlags): Promise<void> {
    if (this.#isClosed) return;
    const from = this.#sent.toldTo;
    this.#sent.toldTo = this.#sent.number;
    const sent = this.#since(from, flags).map((body) => this.#bus.publish(ALL_NODES, KIND.heartbeat, body));
    const results = await Promise.all(sent);
    if (results.includes('failed')) this.#sent.toldTo = Math.min(this.#sent.toldTo, from);
  }

  /** A heartbeat has come. */
  receive(from: NodeRef, body: Uint8Array): void {
    const nowMs = this.#bus.clock.now();
    const heartbeat = readHeartbeat(body);
    if (heartbeat === undefined) return this.#bus.drop('malformed', ALL_NODES);
    const node = this.#others.noteHeartbeat(from, nowMs);
    if (typeof node === 'string') return this.#bus.drop(node, ALL_NODES);
    this.#others.noteHas(node, heartbeat.has, nowMs);
    if (heartbeat.wantsAnswer) this.#answer(node, this.#sent.toldTo);
    if (heartbeat.from > node.toldTo && this.#subscriptions.size > OWN_ADDRESSES)
      return this.#askFor(node, nowMs);
    for (const sent of heartbeat.sent) {
      this.#subscriptions.get(sentAddress(sent.address))?.told(from, sent, nowMs);
    }
    this.#hasOldGaps ||= heartbeat.hasForgotten;
    node.toldTo = Math.max(node.toldTo, heartbeat.to);
  }

  /** A node has missed a heartbeat of this one. */
  receiveMissed(from: NodeRef, body: Uint8Array): void {
    const fields = new FieldReader(body);
    const number = fields.u64();
    if (fields.isBroken) return this.#bus.drop('malformed', ALL_NODES);
    const node = this.#others.all.get(from.id);
    // An answer may be long: a node that is not known yet, or hurries, asks again.
    if (node?.takeAnswerTurn(this.#bus.clock.now()) === true) this.#answer(node, number);
  }

  /** A node has forgotten what it has sent some minutes ago: whether all of it came is unknown. */
  tellOldGaps(nowMs: number): void {
    if (!this.#hasOldGaps) return;
    this.#hasOldGaps = false;
    inTurns(this.#bus.clock, [...this.#subscriptions.values()], OLD_GAPS_A_TURN, (slice) => {
      for (const subscription of slice) {
        const forMs = nowMs - subscription.sinceMs;
        if (forMs > IDLE_ADDRESS_MS && subscription.isOfRoom) subscription.tellGap(forMs);
      }
    });
  }

  /** A heartbeat was missed: asks for what it has told. */
  #askFor(node: OtherNode, nowMs: number): void {
    if (nowMs - node.askedMs < HEARTBEAT_MS / 2) return;
    node.askedMs = nowMs;
    const body = new FieldWriter(8).u64(node.toldTo).bytes;
    void this.#bus.publish(nodeAddress(node.id), KIND.missed, bodyOf(body));
  }

  #answer(node: NodeRef, from: number): void {
    const nowMs = this.#bus.clock.now();
    if (nowMs - this.#toldSinceMs >= TOLD_MS) {
      this.#toldSinceMs = nowMs;
      this.#toldBytes = 0;
    }
    if (this.#toldBytes >= MAX_LIST_ANSWER_BYTES) return this.#bus.drop('busy', ALL_NODES);
    for (const body of this.#since(from, {})) {
      this.#toldBytes += body.byteLength;
      void this.#bus.publish(nodeAddress(node.id), KIND.heartbeat, body);
    }
  }

  #since(from: number, flags: HeartbeatFlags): readonly Body[] {
    return heartbeatsOf(this.#sent, from, this.#bus.clock.now(), { has: [...this.#has], ...flags });
  }
}
