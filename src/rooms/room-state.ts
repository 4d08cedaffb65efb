// One room while it is in use: its members and how they want what is published, its subscriptions,
// and what it keeps. room-registry.ts makes it for the first of them, and drops it after the last.

import { JoinStyles } from './join-style.ts';
import type { JoinStyle, Prepared } from './join-style.ts';
import { Member } from './member.ts';
import type { MemberRoom, RoomSocket, SocketInRooms, Tally } from './member.ts';
import { OutgoingMessage } from './outgoing-message.ts';
import { MemberList } from './member-list.ts';
import type { PresenceState } from './presence-state.ts';
import type { Retained, RoomMessage } from './relay.ts';
import { RetainedMessages } from './retained-messages.ts';
import type { KeepingRoom } from './retained-messages.ts';
import type { JoinOptions, RoomEvent, RoomOf } from './room.ts';
import { SocketRooms } from './socket-rooms.ts';
import { EventQueue } from './event-queue.ts';
import { show } from '../core/arguments.ts';
import type { Data } from '../core/data.ts';
import { LinkedList } from '../structures/linked-list.ts';
import type { Clock } from '../time/clock.ts';

/** The rooms of a host, as one of them sees them; an interface, because they make it. */
export interface StateListener<Ws extends RoomSocket> {
  readonly clock: Clock;
  readonly retention: RetainedMessages;
  /** The styles of members without functions, which all rooms share. */
  readonly plainStyles: readonly JoinStyle[];
  faceOf(room: string): RoomOf<Ws>;
  memberOf(room: RoomState<Ws>, id: string): Member<Ws> | undefined;
  /** Something has left, or was dropped: the room may be in use no more. */
  stateOnLeave(room: RoomState<Ws>): void;
  /** Reports what concerns the room, and no caller can be given. */
  reportRoom(kind: string, makeError: () => unknown): void;
}

/** A room that is in use. */
export class RoomState<Ws extends RoomSocket> implements MemberRoom<Ws>, KeepingRoom {
  readonly name: string;
  readonly #listener: StateListener<Ws>;
  readonly #members = new MemberList<Member<Ws>>();
  /** The number of the last publish. */
  #sequence = 0;
  /** Publishes that run: more than one where a `frame` publishes. */
  #deliveries = 0;
  /** Styles with functions; undefined where no member has one. */
  #styles: JoinStyles | undefined;
  #subscriptions: LinkedList<EventQueue> | undefined;
  /** Who is present; undefined until the rooms of the host set it. */
  presence: PresenceState | undefined;
  /** Events that wait for the one that subscriptions are getting; undefined while they get none. */
  #events: RoomEvent[] | undefined;
  /** Both are kept by the retained messages. */
  kept: KeepingRoom['kept'];
  removed: KeepingRoom['removed'];
  /** Resolves when messages of other nodes arrive; undefined from then on, and without a relay. */
  entering: Promise<void> | undefined;

  constructor(name: string, listener: StateListener<Ws>) {
    this.name = name;
    this.#listener = listener;
  }

  get face(): RoomOf<Ws> {
    return this.#listener.faceOf(this.name);
  }

  get size(): number {
    return this.#members.size;
  }

  get isUnused(): boolean {
    if (this.size > 0 || this.#deliveries > 0 || this.kept !== undefined) return false;
    if (this.removed !== undefined) return false;
    return this.#subscriptions?.first === undefined && this.presence?.isInUse !== true;
  }

  get members(): Iterable<Member<Ws>> {
    return this.#members;
  }

  // Called by the rooms of the host.

  /** The relay brings what other nodes keep. */
  enter(entered: Promise<void>): void {
    this.entering = entered.then(() => {
      this.entering = undefined;
    });
  }

  /** @param options - Checked. The socket is no member. */
  join(socket: SocketInRooms<Ws>, options: JoinOptions): Member<Ws> {
    const member = new Member(this, socket, this.#styleFor(options), this.#sequence);
    socket.memberships ??= new SocketRooms();
    socket.memberships.add(member);
    this.#members.append(member);
    member.enter();
    // Where nothing is kept, nothing has to go before what is published.
    if (this.kept !== undefined || this.entering !== undefined) member.hold(this.#listener.clock);
    return member;
  }

  subscribe(capacity: number): EventQueue {
    const queue = new EventQueue(capacity, this.#listener.clock, (closed) => {
      this.#subscriptions?.remove(closed);
      this.#listener.stateOnLeave(this);
    });
    this.#subscriptions ??= new LinkedList();
    this.#subscriptions.append(queue);
    return queue;
  }

  /**
   * Sends one message to members and subscribers, and keeps it.
   *
   * First `frame` and `latestBy` are called, which may do anything. From then on no code of users
   * runs until each member has been visited: those that were members before it began.
   */
  deliver(message: RoomMessage, tally: Tally): void {
    this.#deliveries += 1;
    try {
      this.#sequence += 1;
      this.#deliverAs(this.#sequence, message, tally);
    } finally {
      this.#deliveries -= 1;
      this.#listener.stateOnLeave(this);
    }
  }

  #deliverAs(sequence: number, { data, except, retain, version }: RoomMessage, tally: Tally): void {
    const unframed = new OutgoingMessage(data);
    const prepared = this.#prepare(unframed);
    const excepted = this.#membersOf(except);
    for (const style of this.#listener.plainStyles) style.now = { message: unframed, key: undefined };
    for (const [style, now] of prepared) style.now = now;
    for (const member of this.#members.places) {
      if (member === undefined || member.joinedAt >= sequence || excepted?.has(member) === true) continue;
      member.deliver(tally);
    }
    for (const style of this.#listener.plainStyles) style.now = undefined;
    for (const [style] of prepared) style.now = undefined;
    if (retain !== undefined && version !== undefined) {
      this.#listener.retention.keep(this, retain, { data, version }, sequence);
    }
    this.emit({ data });
  }

  /** Gives one event to all subscriptions. What is published meanwhile comes behind it. */
  emit(event: RoomEvent): void {
    if (this.#subscriptions?.first === undefined) return;
    if (this.#events !== undefined) return void this.#events.push(event);
    this.#events = [event];
    for (const next of this.#events) this.#subscriptions.forEach((queue) => queue.add(next));
    this.#events = undefined;
  }

  mergeRetained(kept: Retained): void {
    // No member has had it live: it belongs to what was kept before each of them.
    for (const [key, entry] of kept) this.#listener.retention.keep(this, key, entry, 0);
  }

  /** The host has ended. */
  close(): void {
    this.#subscriptions?.forEach((queue) => queue.close());
    this.presence?.close();
  }

  // Called by members.

  remove(member: Member<Ws>): void {
    this.#members.remove(member);
    member.style.members -= 1;
    this.#styles?.release(member.style);
    this.#listener.stateOnLeave(this);
  }

  retainedUpTo(sequence: number): readonly Data[] {
    return RetainedMessages.upTo(this, sequence);
  }

  // Called by the retained messages.

  keptOnDrop(): void {
    this.#listener.reportRoom('retain: dropped', () => new RetainLimitError(this.name));
    this.#listener.stateOnLeave(this);
  }

  keptOnForget(): void {
    this.#listener.stateOnLeave(this);
  }

  #prepare(unframed: OutgoingMessage): ReadonlyArray<readonly [JoinStyle, Prepared]> {
    if (this.#styles === undefined) return NONE_PREPARED;
    const at = { room: this.name, offset: undefined, epoch: undefined };
    const onError = (option: string, error: unknown): void => this.#listener.reportRoom(option, () => error);
    return [...this.#styles].map((style) => [style, style.prepare(unframed, at, onError)] as const);
  }

  #membersOf(ids: readonly string[]): ReadonlySet<Member<Ws>> | undefined {
    if (ids.length === 0) return undefined;
    const members = new Set<Member<Ws>>();
    for (const id of ids) {
      const member = this.#listener.memberOf(this, id);
      if (member !== undefined) members.add(member);
    }
    return members;
  }

  #styleFor(options: JoinOptions): JoinStyle {
    for (const style of this.#listener.plainStyles) if (style.matches(options)) return style;
    this.#styles ??= new JoinStyles();
    return this.#styles.of(options);
  }
}

const NONE_PREPARED: ReadonlyArray<readonly [JoinStyle, Prepared]> = Object.freeze([]);

/** What `report` gets when a kept message was dropped. */
class RetainLimitError extends Error {
  constructor(room: string) {
    super(`room.publish(): the room ${show(room)} keeps no more: its oldest was dropped`);
  }
}
