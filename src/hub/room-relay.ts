// Rooms over the bus: what rooms/relay.ts asks for. A room that is in use here is one subscription
// of the broker, so that a publish is one message for each node with members. What other nodes
// retain is asked for when a room is entered (retained-question.ts).

import { ALL_NODES, nodeAddress, roomAddress } from './broker-address.ts';
import type { BusSubscription } from './bus-subscription.ts';
import { bodyOf, KIND } from './envelope.ts';
import type { Body, Envelope, NodeRef } from './envelope.ts';
import type { NodeBus } from './node-bus.ts';
import { RetainedQuestion } from './retained-question.ts';
import { RetainedAnswers } from './retained-answers.ts';
import { readRetained, readRetainedAsk, retainedBodies } from './retained-body.ts';
import { RetainedExchange } from './retained-exchange.ts';
import { LateLook, TurnWork } from './turn-work.ts';
import { MAX_EXCEPT_IDS, readRoomBody, roomBodyOf } from './room-body.ts';
import type {
  HeardNodes,
  PresentKeys,
  RelaySink,
  Retained,
  RetainVersion,
  RoomMessage,
  RoomRelay,
} from '../rooms/relay.ts';
import { LinkedList } from '../structures/linked-list.ts';
import type { ListNode } from '../structures/linked-list.ts';
import type { Clock } from '../time/clock.ts';
import { IDLE_TIMER, idleTimerAt } from '../time/scheduling.ts';

/** How long a room stays subscribed that is not in use any more: rooms flap. */
const LEAVE_AFTER_MS = 5000;

/** A node that has missed messages retains the same as the others by then. */
const CONVERGED_MS = 10_000;

/**
 * When a node that has entered a room compares once more what it retains. What was published before
 * it entered may have come to the node that has answered it only afterwards.
 */
const COMPARE_AGAIN_MS = 2500;

/** When nodes compare what a publisher without versions has sent. */
const COMPARE_UNVERSIONED_MS = 1000;

/** Nodes that are asked one by one what they retain; more are asked by one message for all. */
const MOST_ASKED = 8;

const NOTHING: Retained = new Map();

/** What a relay calls of the rooms of its node. */
export type RoomSink = Pick<RelaySink, 'deliver' | 'gap' | 'retained' | 'mergeRetained'>;

/** What the presence of rooms does between nodes: it shares their subscriptions. */
export interface PresenceRelay {
  /** What is present of this node has changed: see `RoomRelay`. */
  present(room: string, keys: PresentKeys, key: string): void;
  heardOf(room: string): HeardNodes;
  /** Rooms have begun to use the room, and know nothing of other nodes yet. */
  used(room: string): void;
  /** Rooms do not use it any more; it may be used again before it is left. */
  unused(room: string): void;
  /** The room is in use here from now on: messages of its other nodes arrive. */
  entered(room: string): void;
  /** The room is not subscribed to any more. */
  left(room: string): void;
  /** An envelope of `KIND.presence` has come to the address of the room. */
  receive(room: string, from: NodeRef, body: Uint8Array): void;
  /** Envelopes of presence to the room may be missing. */
  gap(room: string): void;
  /** The node leaves. */
  close(): void;
}

/** A room that this node is subscribed to. */
interface EnteredRoom extends ListNode<EnteredRoom> {
  readonly name: string;
  readonly subscription: BusSubscription;
  /** What other nodes retain; undefined once that is answered. */
  question: RetainedQuestion | undefined;
  /** Resolves when messages arrive, and what is retained has been merged. */
  readonly opened: Promise<void>;
  /** When messages have begun to arrive; Infinity before. */
  enteredMs: number;
  isInUse: boolean;
  /** When it was last in use; it is in the list of those that are left. */
  leftMs: number;
  /** When messages were missing last: what is retained here may be old. */
  gapMs: number;
}

/** The rooms of one node, on its bus. */
export class BusRoomRelay implements RoomRelay {
  readonly #bus: NodeBus;
  readonly #sink: RoomSink;
  readonly #clock: Clock;
  readonly #presence: PresenceRelay;
  readonly #exchange: RetainedExchange;
  readonly #answers: RetainedAnswers;
  readonly #late: LateLook;
  readonly #rooms = new Map<string, EnteredRoom>();
  /** Not in use, the one that was left first first. */
  readonly #left = new LinkedList<EnteredRoom>();
  #timer: unknown;

  constructor(bus: NodeBus, sink: RoomSink, clock: Clock, presence: PresenceRelay) {
    this.#bus = bus;
    this.#sink = sink;
    this.#clock = clock;
    this.#presence = presence;
    this.#exchange = new RetainedExchange(bus, sink, clock);
    this.#answers = new RetainedAnswers(bus, (room) => this.#answerOf(room));
    this.#late = new LateLook(new TurnWork(clock), (sinceMs) => this.#compareLate(sinceMs));
    bus.onNode({ has: (_node, what, sinceMs) => what === 'retained' && this.#late.begin(sinceMs) });
    bus.on(KIND.retainedAsk, (from, body) => this.#onAsk(from, body));
    bus.on(KIND.retained, (from, body) => this.#onRetained(from, body));
  }

  /** Ends its timers. The bus ends the subscriptions. */
  close(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#exchange.close();
    this.#late.close();
    this.#presence.close();
  }

  // Called by rooms.

  enter(room: string): Promise<void> {
    const entered = this.#rooms.get(room) ?? this.#enter(room);
    entered.isInUse = true;
    this.#left.remove(entered);
    this.#presence.used(room);
    return entered.opened;
  }

  leave(room: string): void {
    const entered = this.#rooms.get(room);
    if (entered === undefined || !entered.isInUse) return;
    entered.isInUse = false;
    this.#presence.unused(room);
    this.#unsubscribeLater(entered);
  }

  publish(room: string, message: RoomMessage): Promise<'sent' | 'failed'> {
    const address = roomAddress(room);
    // Rooms have entered it, and stay in it as long as they retain something.
    if (message.retain !== undefined) this.#bus.heartbeats.hasFromNowOn('retained');
    if (message.except.length <= MAX_EXCEPT_IDS) {
      return this.#bus.publish(address, KIND.room, roomBodyOf(message), message.version?.time);
    }
    this.#bus.drop('oversize', address);
    return Promise.resolve('failed');
  }

  nextVersion(): RetainVersion {
    return { time: this.#bus.time.next(), node: this.#bus.id };
  }

  present(room: string, keys: PresentKeys, key: string): void {
    this.#presence.present(room, keys, key);
  }

  heardOf(room: string): HeardNodes {
    return this.#presence.heardOf(room);
  }

  // Rooms that are entered and left.

  #enter(name: string): EnteredRoom {
    const subscription = this.#bus.subscribe(roomAddress(name), {
      receive: (envelope) => this.#receive(entered, envelope),
      gap: (forMs) => this.#onGap(entered, forMs),
      stateGap: () => this.#onStateGap(entered),
    });
    const question = new RetainedQuestion(this.#clock);
    const opened = subscription.opened.then(async () => {
      entered.enteredMs = this.#clock.now();
      this.#presence.entered(name);
      await this.#ask(name, question);
      entered.question = undefined;
    });
    const entered: EnteredRoom = {
      name,
      subscription,
      question,
      opened,
      enteredMs: Infinity,
      isInUse: false,
      leftMs: 0,
      gapMs: -Infinity,
      previous: undefined,
      next: undefined,
    };
    this.#rooms.set(name, entered);
    return entered;
  }

  #unsubscribeLater(entered: EnteredRoom): void {
    entered.leftMs = this.#clock.now();
    this.#left.remove(entered);
    this.#left.append(entered);
    this.#timer ??= this.#clock.setTimeout(() => this.#onTimer(), LEAVE_AFTER_MS, IDLE_TIMER);
  }

  #onTimer(): void {
    this.#timer = undefined;
    const nowMs = this.#clock.now();
    let { first } = this.#left;
    for (; first !== undefined && first.leftMs + LEAVE_AFTER_MS <= nowMs; { first } = this.#left) {
      this.#left.remove(first);
      this.#unsubscribe(first);
    }
    if (first === undefined) return;
    this.#timer = idleTimerAt(this.#clock, first.leftMs + LEAVE_AFTER_MS, () => this.#onTimer());
  }

  #unsubscribe({ name, subscription }: EnteredRoom): void {
    this.#rooms.delete(name);
    this.#presence.left(name);
    void this.#bus.unsubscribe(subscription);
  }

  // What comes from other nodes.

  #receive(entered: EnteredRoom, { kind, node, time, body }: Envelope): boolean {
    const { name } = entered;
    if (kind === KIND.room) this.#onMessage(entered, node, time, body);
    else if (kind === KIND.presence) this.#presence.receive(name, node, body);
    else if (kind === KIND.retained) this.#onRetained(node, body);
    else if (kind !== KIND.retainedDigest && kind !== KIND.retainedVersions) return false;
    // Before its own question is answered it has only a part.
    else if (entered.isInUse && entered.question === undefined)
      this.#exchange.receive(name, node, kind, body);
    return true;
  }

  #onMessage(entered: EnteredRoom, { id }: NodeRef, time: number | undefined, body: Uint8Array): void {
    const message = readRoomBody(body);
    if (message === undefined) return this.#bus.drop('malformed', entered.subscription.address);
    if (!entered.isInUse) return undefined;
    if (message.retain === undefined) return this.#sink.deliver(entered.name, message);
    this.#bus.heartbeats.hasFromNowOn('retained');
    const hasVersion = time !== undefined && this.#bus.time.hear(time);
    const version = hasVersion ? { time, node: id } : this.nextVersion();
    this.#sink.deliver(entered.name, { ...message, version });
    // Each node has given it a version of its own.
    if (!hasVersion) this.#exchange.compare(entered.name, COMPARE_UNVERSIONED_MS);
    return undefined;
  }

  #onGap(entered: EnteredRoom, forMs: number): void {
    entered.gapMs = this.#clock.now();
    if (!entered.isInUse) return;
    this.#sink.gap(entered.name, forMs);
    this.#exchange.compare(entered.name);
  }

  #onStateGap({ name, isInUse }: EnteredRoom): void {
    this.#presence.gap(name);
    if (isInUse) this.#exchange.compare(name);
  }

  // What is retained.

  async #ask(room: string, question: RetainedQuestion): Promise<void> {
    const nodes = this.#bus.heartbeats.retainingNodes();
    if (nodes === undefined) return question.end();
    const answered = question.ask(nodes);
    const asked = this.#addressesOf(nodes).map((address) =>
      this.#bus.publish(address, KIND.retainedAsk, bodyOf(Buffer.from(room))),
    );
    void Promise.all(asked).then((sent) => sent.includes('sent') || question.end());
    await answered;
    this.#exchange.compare(room, COMPARE_AGAIN_MS);
    return undefined;
  }

  /** Asks only nodes that retain something, unless that takes more messages. */
  #addressesOf(nodes: ReadonlySet<string> | 'any'): readonly string[] {
    if (nodes === 'any' || nodes.size > MOST_ASKED) return [ALL_NODES];
    return Array.from(nodes, nodeAddress);
  }

  /** A node retains something now: this one may have entered rooms before it knew. */
  *#compareLate(sinceMs: number): IterableIterator<void> {
    for (const { name, enteredMs, isInUse } of this.#rooms.values()) {
      if (isInUse && enteredMs > sinceMs && enteredMs !== Infinity) this.#exchange.compare(name);
      yield;
    }
  }

  #onAsk(from: NodeRef, body: Uint8Array): void {
    const room = readRetainedAsk(body);
    if (room === undefined) this.#bus.drop('malformed', ALL_NODES);
    else this.#answers.ask(from, room);
  }

  #answerOf(room: string): readonly Body[] {
    const entered = this.#rooms.get(room);
    // Before its own question is answered it may have only a part.
    const isWhole = entered !== undefined && entered.question === undefined;
    const kept = isWhole ? this.#sink.retained(room) : NOTHING;
    const mayBeOld = entered !== undefined && this.#clock.now() - entered.gapMs < CONVERGED_MS;
    return retainedBodies(room, kept, mayBeOld);
  }

  #onRetained(from: NodeRef, body: Uint8Array): void {
    const answer = readRetained(body);
    if (answer === undefined) return this.#bus.drop('malformed');
    const entered = this.#rooms.get(answer.room);
    if (entered === undefined) return undefined;
    this.#exchange.merge(answer.room, answer.kept);
    return entered.question?.answer(from.id, answer);
  }
}
