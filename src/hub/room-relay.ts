// Rooms over the bus: what rooms/relay.ts asks for. A room that is in use here is one subscription
// of the broker, so that a publish is one message for each node with members. What other nodes
// retain is asked for when a room is entered (retained-question.ts).

import { ALL_NODES, roomAddress } from './broker-address.ts';
import type { BusSubscription } from './bus-subscription.ts';
import { KIND } from './envelope.ts';
import type { Body, Envelope, NodeRef } from './envelope.ts';
import type { NodeBus } from './node-bus.ts';
import { RetainedAnswers } from './retained-answers.ts';
import { RetainedQuestion } from './retained-question.ts';
import type { Collected } from './retained-question.ts';
import {
  MAX_EXCEPT_IDS,
  readRetained,
  readRetainedAsk,
  readRoomBody,
  retainedBodies,
  roomBodyOf,
} from './room-body.ts';
import type { HeardNodes, PresentKeys, RelaySink, RoomMessage, RoomRelay } from '../rooms/relay.ts';
import { LinkedList } from '../structures/linked-list.ts';
import type { ListNode } from '../structures/linked-list.ts';
import type { Clock } from '../time/clock.ts';
import { IDLE_TIMER } from '../time/scheduling.ts';

/** How long a room stays subscribed that is not in use any more: rooms flap. */
const LEAVE_AFTER_MS = 5000;

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

const NO_PRESENCE: PresenceRelay = Object.freeze({
  present: () => {},
  heardOf: () => ({ missingNodes: [], asOfMs: Infinity }),
  used: () => {},
  unused: () => {},
  entered: () => {},
  left: () => {},
  receive: () => {},
  gap: () => {},
  close: () => {},
});

/** A room that this node is subscribed to. */
interface EnteredRoom extends ListNode<EnteredRoom> {
  readonly name: string;
  readonly subscription: BusSubscription;
  /** What other nodes retain; undefined once that is answered. */
  question: RetainedQuestion | undefined;
  /** Resolves when messages arrive, and what is retained has been merged. */
  readonly opened: Promise<void>;
  isInUse: boolean;
  /** When it was last in use; it is in the list of those that are left. */
  leftMs: number;
  /** Whether messages may be missing: what is retained here may be old. */
  hasGap: boolean;
}

/** The rooms of one node, on its bus. */
export class BusRoomRelay implements RoomRelay {
  readonly #bus: NodeBus;
  readonly #sink: RoomSink;
  readonly #clock: Clock;
  readonly #presence: PresenceRelay;
  readonly #answers: RetainedAnswers;
  readonly #collected: Collected = { bytes: 0 };
  readonly #rooms = new Map<string, EnteredRoom>();
  /** Not in use, the one that was left first first. */
  readonly #left = new LinkedList<EnteredRoom>();
  #timer: unknown;

  constructor(bus: NodeBus, sink: RoomSink, clock: Clock, presence: PresenceRelay = NO_PRESENCE) {
    this.#bus = bus;
    this.#sink = sink;
    this.#clock = clock;
    this.#presence = presence;
    this.#answers = new RetainedAnswers(bus, (room) => this.#answerOf(room));
    bus.on(KIND.retainedAsk, (from, body) => this.#onAsk(from, body));
    bus.on(KIND.retained, (from, body) => this.#onRetained(from, body));
  }

  /** Ends its timers. The bus ends the subscriptions. */
  close(): void {
    this.#clock.clearTimeout(this.#timer);
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
    if (message.retain !== undefined) this.#retain(room, message.retain);
    if (message.except.length <= MAX_EXCEPT_IDS) {
      return this.#bus.publish(address, KIND.room, roomBodyOf(message));
    }
    this.#bus.drop('oversize', address);
    return Promise.resolve('failed');
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
      stateGap: () => this.#presence.gap(name),
    });
    const question = new RetainedQuestion(this.#clock, this.#collected);
    const opened = subscription.opened.then(async () => {
      this.#presence.entered(name);
      await this.#ask(name, question);
      entered.question = undefined;
    });
    const entered: EnteredRoom = {
      name,
      subscription,
      question,
      opened,
      isInUse: false,
      leftMs: 0,
      hasGap: false,
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
      // A node that retains something stays in the room: what it answers has to be the newest.
      if (this.#sink.retained(first.name).size === 0) this.#unsubscribe(first);
    }
    if (first === undefined) return;
    const waitMs = Math.max(Math.ceil(first.leftMs + LEAVE_AFTER_MS - nowMs), 1);
    this.#timer = this.#clock.setTimeout(() => this.#onTimer(), waitMs, IDLE_TIMER);
  }

  #unsubscribe({ name, subscription }: EnteredRoom): void {
    this.#rooms.delete(name);
    this.#presence.left(name);
    void this.#bus.unsubscribe(subscription);
  }

  // What comes from other nodes.

  #receive(entered: EnteredRoom, { kind, node, body }: Envelope): boolean {
    if (kind === KIND.presence) {
      this.#presence.receive(entered.name, node, body);
      return true;
    }
    if (kind !== KIND.room) return false;
    const message = readRoomBody(body);
    if (message === undefined) this.#bus.drop('malformed', entered.subscription.address);
    else this.#deliver(entered, message);
    return true;
  }

  #deliver(entered: EnteredRoom, message: RoomMessage): void {
    if (message.retain !== undefined) this.#touch(entered, message.retain);
    if (entered.isInUse || message.retain !== undefined) this.#sink.deliver(entered.name, message);
  }

  #onGap(entered: EnteredRoom, forMs: number): void {
    entered.hasGap = true;
    if (entered.isInUse) this.#sink.gap(entered.name, forMs);
  }

  // What is retained.

  /** This node retains something of a room: it stays in it, and answers nodes that enter it. */
  #retain(room: string, key: true | string): void {
    let entered = this.#rooms.get(room);
    if (entered === undefined) {
      entered = this.#enter(room);
      this.#unsubscribeLater(entered);
    }
    this.#touch(entered, key);
  }

  /** What is retained under a key has been replaced, or removed. */
  #touch(entered: EnteredRoom, key: true | string): void {
    this.#bus.retainsFromNowOn();
    entered.question?.touch(key);
    // What was retained may have been removed.
    if (!entered.isInUse) this.#unsubscribeLater(entered);
  }

  async #ask(room: string, question: RetainedQuestion): Promise<void> {
    const nodes = this.#bus.retainingNodes();
    if (nodes === undefined) return question.end();
    const answered = question.ask(nodes);
    const asked = this.#bus.broadcast(KIND.retainedAsk, Buffer.from(room));
    void asked.then((sent) => sent === 'failed' && question.end());
    const kept = await answered;
    if (kept.size > 0) this.#sink.mergeRetained(room, kept);
    return undefined;
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
    const kept = isWhole ? this.#sink.retained(room) : new Map<never, never>();
    return retainedBodies(room, kept, entered?.hasGap === true);
  }

  #onRetained(from: NodeRef, body: Uint8Array): void {
    const answer = readRetained(body);
    if (answer === undefined) return this.#bus.drop('malformed');
    const isTaken = this.#rooms.get(answer.room)?.question?.answer(from.id, answer) ?? true;
    return isTaken ? undefined : this.#bus.drop('busy');
  }
}
