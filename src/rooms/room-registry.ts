// The rooms of one host that are in use, by name. The host asks it for rooms, its sockets join, and
// a relay, where there is one, passes on what other nodes publish. A room is made with its first
// member, subscriber or kept message, and dropped after its last.

import { checkJoin, JoinStyle } from './join-style.ts';
import { Member } from './member.ts';
import type { RoomSocket, SocketInRooms } from './member.ts';
import { NamedRoom } from './named-room.ts';
import type { NamedRooms } from './named-room.ts';
import { PresenceState } from './presence-state.ts';
import type { TrackedKey } from './presence-state.ts';
import type { PresentKeys, RelaySink, Retained, RetainVersion, RoomMessage, RoomRelay } from './relay.ts';
import { RetainedMessages } from './retained-messages.ts';
import { checkRoomName } from './room-name.ts';
import { RoomState } from './room-state.ts';
import type { StateListener } from './room-state.ts';
import type {
  JoinOptions,
  MembershipOf,
  PresenceChange,
  PresenceList,
  PublishReport,
  RoomOf,
  Subscription,
} from './room.ts';
import { SocketRooms } from './socket-rooms.ts';
import { channelOver } from '../tasks/bounded-channel.ts';
import type { Channel } from '../tasks/channel.ts';
import type { Clock } from '../time/clock.ts';
import { looseWaits } from '../waiting/loose-waits.ts';
import { badArgument, show } from '../core/arguments.ts';
import { UsageError } from '../core/errors.ts';

/** What the rooms of a host are made with. */
export interface RoomSettings<Ws extends RoomSocket> {
  readonly clock: Clock;
  /** The most rooms of one socket, and the most keys under which it is counted. */
  readonly maxRooms: number;
  /** Finds an open socket of the host. */
  readonly find: (id: string) => SocketInRooms<Ws> | undefined;
  /** Finds what is behind a socket of this host, also one that has ended; undefined otherwise. */
  readonly socketOf: (ws: unknown) => SocketInRooms<Ws> | undefined;
  /** Reports a fault of code of users, or a limit: of each kind the first, and then the count. */
  readonly report: (kind: string, makeError: () => unknown) => void;
}

/**
 * Bytes of all keys under which one socket is counted, with their `meta`: see `keptBytesOf`.
 *
 * @limit Bytes of the keys of one socket in `room.presence`, with their `meta`, of which each
 * object, array and further entry counts 64 more | `COROSOCK_ROOMS`
 */
export const MAX_TRACKED_BYTES = 1_048_576;

const NO_OPTIONS: JoinOptions = Object.freeze({});
const NOTHING: Retained = new Map();
const NO_OTHERS = Object.freeze({ missingNodes: Object.freeze([]), asOfMs: Infinity });
const IN_FORCE = Promise.resolve();
const ALONE = Promise.resolve('alone' as const);

/** The rooms of one host. */
export class RoomRegistry<Ws extends RoomSocket> implements NamedRooms<Ws>, StateListener<Ws>, RelaySink {
  readonly clock: Clock;
  readonly retention: RetainedMessages;
  readonly plainStyles: readonly JoinStyle[] = [new JoinStyle({}), new JoinStyle({ slow: 'close' })];
  readonly #settings: RoomSettings<Ws>;
  readonly #states = new Map<string, RoomState<Ws>>();
  /** The other nodes; undefined where the host has no broker. */
  #relay: RoomRelay | undefined;
  #versions = 0;
  #isClosed = false;

  constructor(settings: RoomSettings<Ws>) {
    this.clock = settings.clock;
    this.retention = new RetainedMessages(this.clock);
    this.#settings = settings;
  }

  /** The number of rooms in use. */
  get size(): number {
    return this.#states.size;
  }

  // Called by the host.

  /** Joins the rooms to other nodes. Before the first is in use. */
  connect(relay: RoomRelay): void {
    this.#relay = relay;
  }

  /** @throws UsageError `COROSOCK_ARGUMENT`, `COROSOCK_ROOM_NAME`. */
  room(name: string, call = 'host.room()'): RoomOf<Ws> {
    checkRoomName(call, 'the name of a room', name);
    return this.faceOf(name);
  }

  /**
   * Makes a socket a member, in force before this returns. Where it is one, gives that membership;
   * where the socket has ended, one that has left.
   *
   * @throws UsageError `COROSOCK_ARGUMENT`, also where it is a member with other options;
   *   `COROSOCK_ROOMS` where the socket is in `maxRooms` others; `COROSOCK_ROOM_NAME`.
   */
  join(
    socket: SocketInRooms<Ws>,
    name: string,
    options: JoinOptions = NO_OPTIONS,
  ): Promise<MembershipOf<Ws>> {
    checkRoomName('ws.join()', 'the name of a room', name);
    if (options !== NO_OPTIONS) checkJoin(options);
    if (socket.conversation.queue.end !== undefined) return this.#joinTooLate(socket, name, options);
    const { memberships } = socket;
    const known = memberships && this.#states.get(name);
    const member = (known && memberships.find(known)) ?? this.#join(socket, name, options);
    if (!member.style.matches(options)) throw joinedOtherwise(name);
    const { entering } = member.state;
    return entering === undefined ? Promise.resolve(member) : whenEntered(entering, member, this.clock);
  }

  /** Gives the members that a room has now. */
  membersOf(name: string): Iterable<Ws> {
    return this.faceOf(name).members.values();
  }

  /** The host has ended: closes all subscriptions, also those to come. */
  close(): void {
    this.#isClosed = true;
    this.retention.close();
    for (const state of this.#states.values()) state.close();
  }

  // Called by rooms.

  find(room: string): RoomState<Ws> | undefined {
    return this.#states.get(room);
  }

  findMember(room: string, id: string): Ws | undefined {
    const state = this.#states.get(room);
    return state && this.memberOf(state, id)?.ws;
  }

  publish(room: string, published: RoomMessage): PublishReport {
    const message = this.#versioned(published);
    const tally = { accepted: 0, skipped: 0, replaced: 0, closed: 0, relayed: ALONE };
    this.#toDeliver(room, message)?.deliver(message, tally);
    const relayed = this.#relay?.publish(room, message);
    return relayed === undefined ? tally : { ...tally, relayed };
  }

  subscribe(room: string, capacity: number): Subscription {
    const state = this.#use(room);
    const queue = state.subscribe(capacity);
    if (this.#isClosed) queue.close();
    return Object.assign(channelOver(queue), { inForce: state.entering ?? IN_FORCE });
  }

  track(room: string, ws: unknown, tracked: TrackedKey): void {
    const socket = this.#settings.socketOf(ws);
    if (socket === undefined) throw badArgument('room.presence.track()', 'a socket of this host', ws);
    if (socket.conversation.queue.end !== undefined) return;
    if (socket.memberships !== undefined) this.#checkTracked(room, socket.memberships, tracked);
    socket.memberships ??= new SocketRooms();
    const state = this.#use(room);
    this.#presenceOf(state).track(state, socket.memberships, tracked);
  }

  listPresent(room: string): PresenceList {
    const members = this.#states.get(room)?.presence?.members() ?? new Map<string, never>();
    const { missingNodes, asOfMs } = this.#relay?.heardOf(room) ?? NO_OTHERS;
    return { members, missingNodes, asOfMs: Math.min(asOfMs, this.clock.now()) };
  }

  presenceChanges(room: string): Channel<PresenceChange> {
    const queue = this.#presenceOf(this.#use(room)).changes();
    if (this.#isClosed) queue.close();
    return channelOver(queue);
  }

  faceOf(room: string): RoomOf<Ws> {
    return new NamedRoom(room, this);
  }

  memberOf(room: RoomState<Ws>, id: string): Member<Ws> | undefined {
    return this.#settings.find(id)?.memberships?.find(room);
  }

  stateOnLeave(state: RoomState<Ws>): void {
    if (!state.isUnused || this.#states.get(state.name) !== state) return;
    this.#states.delete(state.name);
    this.#relay?.leave(state.name);
  }

  reportRoom(kind: string, makeError: () => unknown): void {
    this.#settings.report(kind, makeError);
  }

  // Called by the relay.

  deliver(room: string, message: RoomMessage): void {
    this.#states.get(room)?.deliver(message, { accepted: 0, skipped: 0, replaced: 0, closed: 0 });
  }

  gap(room: string, forMs: number): void {
    this.#states.get(room)?.emit({ gap: { forMs } });
  }

  retained(room: string): Retained {
    const state = this.#states.get(room);
    return state === undefined ? NOTHING : RetainedMessages.of(state);
  }

  mergeRetained(room: string, kept: Retained): void {
    this.#states.get(room)?.mergeRetained(kept);
  }

  presentElsewhere(
    room: string,
    node: string,
    keys: PresentKeys | undefined,
    changed: Iterable<string>,
  ): void {
    const state = this.#states.get(room);
    if (state !== undefined) this.#presenceOf(state).elsewhere(node, keys, changed);
  }

  /** Keys and their `meta` are often the client's, as names of rooms are. */
  #checkTracked(room: string, memberships: SocketRooms<Member<Ws>>, { key, bytes }: TrackedKey): void {
    const { maxRooms } = this.#settings;
    const known = this.#states.get(room)?.presence?.bytesOf(memberships, key);
    if (known === undefined && memberships.keys >= maxRooms) {
      throw limitReached(
        `room.presence.track(): the socket is counted under ${maxRooms} keys, which is maxRooms`,
      );
    }
    if (memberships.keyBytes + bytes - (known ?? 0) > MAX_TRACKED_BYTES) {
      throw limitReached(
        `room.presence.track(): the keys of the socket and their meta have more than ${MAX_TRACKED_BYTES} bytes`,
      );
    }
  }

  #presenceOf(state: RoomState<Ws>): PresenceState {
    state.presence ??= new PresenceState({
      clock: this.clock,
      presentHere: (keys, key) => this.#relay?.present(state.name, keys, key),
      presenceOver: () => this.stateOnLeave(state),
    });
    return state.presence;
  }

  /**
   * A room that is in use, or in which something is to be kept. With a broker a removal is, too:
   * another node may retain what was removed.
   */
  #toDeliver(room: string, { data, retain }: RoomMessage): RoomState<Ws> | undefined {
    const isKept = retain !== undefined && (data.length > 0 || this.#relay !== undefined);
    return isKept && !this.#isClosed ? this.#use(room) : this.#states.get(room);
  }

  #versioned(message: RoomMessage): RoomMessage {
    if (message.retain === undefined) return message;
    return { ...message, version: this.#relay?.nextVersion() ?? this.#nextVersion() };
  }

  /** Without a broker the order of the calls decides. */
  #nextVersion(): RetainVersion {
    this.#versions += 1;
    return { time: this.#versions, node: '' };
  }

  /**
   * Finds the room, or makes it. The caller has to add a member, a subscription or a message at
   * once: nothing else drops a room that is empty.
   */
  #use(name: string): RoomState<Ws> {
    const known = this.#states.get(name);
    if (known !== undefined) return known;
    const state = new RoomState(name, this);
    this.#states.set(name, state);
    if (this.#relay !== undefined) state.enter(this.#relay.enter(name));
    return state;
  }

  /** The socket is no member. */
  #join(socket: SocketInRooms<Ws>, name: string, options: JoinOptions): Member<Ws> {
    const { maxRooms } = this.#settings;
    if (socket.memberships !== undefined && socket.memberships.size >= maxRooms) {
      throw limitReached(`ws.join(): the socket is in ${maxRooms} rooms, which is maxRooms`);
    }
    return this.#use(name).join(socket, options);
  }

  #joinTooLate(socket: SocketInRooms<Ws>, name: string, options: JoinOptions): Promise<MembershipOf<Ws>> {
    return Promise.resolve(new Member(new RoomState(name, this), socket, new JoinStyle(options), 0));
  }
}

/** Waits until messages of other nodes arrive. `host.waits` lists it with its line. */
function whenEntered<M>(entering: Promise<void>, member: M, clock: Clock): Promise<M> {
  return new Promise((resolve) => {
    const sinceMs = clock.now();
    const links = { previous: undefined, next: undefined };
    const call = { ...links, held: [['join', { resolver: resolve, sinceMs }] as const], isDone: false };
    looseWaits.add(call);
    void entering.then(() => {
      looseWaits.remove(call);
      Object.assign(call, { held: [], isDone: true });
      resolve(member);
    });
  });
}

/** Names are often the client's: it may have named too many. */
function limitReached(what: string): UsageError {
  return new UsageError('COROSOCK_ROOMS', what);
}

function joinedOtherwise(name: string): UsageError {
  return new UsageError(
    'COROSOCK_ARGUMENT',
    `ws.join(): expected the options of the membership that the socket has in ${show(name)}, ` +
      'got others. Functions are the same where they are one object: make them outside of the handler, or leave first',
  );
}
