// What users hold of a room: the room, a membership, a subscription and what they report. Types
// only. `Ws` is the socket of a member: rooms know nothing of hosts, and server/host.ts names it.

import type { Data } from '../core/data.ts';
import type { Channel } from '../tasks/channel.ts';

/**
 * A named set of sockets, and what is published to it.
 *
 * It can be held, asked and published to whether the room has members or not. Two objects of one
 * name are the same room. A room without members, subscribers and retained messages takes no
 * memory.
 */
export interface RoomOf<Ws> {
  readonly name: string;
  /**
   * The members of this process, by id, in the order in which they joined. An iteration visits
   * those that are members when it begins, and still are at their turn.
   */
  readonly members: ReadonlyMap<string, Ws>;
  /**
   * Sends one message to each member, and to each subscriber. Never waits: a member that is over
   * its `writeBufferBytes` is treated as its option `slow` says.
   *
   * Local members get it at once, whatever the broker does; one that is still joining gets it when
   * its handler goes on: see `retained` of a membership. From then on `publish` and `write` leave a
   * socket in the order of the calls; a publish that is called inside of a `frame` or `latestBy`
   * goes before the one that has called it.
   *
   * @param data - Bytes are not copied: do not change them afterwards.
   * @param options - `except`: ids of sockets that do not get it; default none. `retain`: true
   *   keeps it as the last message of the room, a string as the last of this key, each in the place
   *   of the one before; an empty message is delivered, and removes what was kept. A host keeps
   *   1 000 in a room and 64 MiB in all: beyond that the oldest go, and are reported. Default
   *   false: not kept.
   * @returns How many members it was sent to, and how many it was not.
   * @throws UsageError `COROSOCK_ARGUMENT`; nothing is sent.
   *
   * Invariants: I10.
   */
  publish(data: Data, options?: PublishOptions): PublishReport;
  /**
   * Gives what is published from now on, on all nodes, as a channel.
   *
   * A full channel misses what is published, and has a gap in the place of it. `using` ends it, and
   * so does the end of the host.
   *
   * @param options - `capacity`: most events in the channel, an integer from 1 to 2³¹−1; default
   *   1 000. A gap is kept beyond it.
   * @throws UsageError `COROSOCK_ARGUMENT`.
   */
  subscribe(options?: SubscribeOptions): Subscription;
  /** Who is in the room, on all nodes. */
  readonly presence: PresenceOf<Ws>;
}

/** What `room.publish` takes beside the message. */
export interface PublishOptions {
  /** Ids of the sockets that do not get the message. Default: none. */
  readonly except?: readonly string[];
  /**
   * Whether to keep the message for sockets that join later. `true`: as the last message of the
   * room. A string of 1 to 1 024 bytes: as the last of this key. An empty message removes what was
   * kept. Default false.
   */
  readonly retain?: boolean | string;
}

/**
 * What `room.publish` has done. Each member of this process is counted once, in one of the four
 * numbers; those of other nodes are not counted.
 */
export interface PublishReport {
  /** Members for which it was sent, or waits for room behind other messages. */
  readonly accepted: number;
  /** Members that do not get it, because they are slow. */
  readonly skipped: number;
  /** Members for which it waits for room in the place of an older message of its key. */
  readonly replaced: number;
  /** Members whose socket closes: by `slow: 'close'`, or already. They have left the room. */
  readonly closed: number;
  /**
   * Whether the broker has taken it for the other nodes. Never rejects. `alone`: the host has no
   * broker.
   */
  readonly relayed: Promise<'sent' | 'failed' | 'alone'>;
}

/** What `ws.join` takes beside the name of the room. */
export interface JoinOptions {
  /**
   * What a publish does while this member is over its `writeBufferBytes`, or has writes that wait.
   * `skip`: the member does not get the message. `close`: its socket closes with 1013. `latestBy`:
   * the message waits for room, in the place of the last unsent message of the same key; a message
   * whose key is undefined waits, too, and nothing is replaced across it. A write of the handler
   * that waits is such a barrier. At most 1 000 messages and 1 MiB wait for one member; further
   * ones are skipped. A `latestBy` that throws is reported, and its message has no key. Default
   * `skip`.
   */
  readonly slow?: 'skip' | 'close' | { readonly latestBy: (data: Data) => string | undefined };
  /**
   * Makes what this member gets of what was published. Called once for a publish and node, for all
   * members with the same function: define it outside of the handler. One that throws is reported,
   * and its members skip the message. Default: the message as it is.
   */
  readonly frame?: (data: Data, at: FrameContext) => Data;
}

/** What a `frame` is called with, beside the message. */
export interface FrameContext {
  /** The name of the room. */
  readonly room: string;
  /** The place in the history of the room. Undefined in this version. */
  readonly offset: number | undefined;
  /** Which history that is. Undefined in this version. */
  readonly epoch: string | undefined;
}

/**
 * One socket in one room. `using` leaves at the end of the scope, and the end of the socket leaves,
 * too.
 */
export interface MembershipOf<Ws> extends Disposable {
  readonly room: RoomOf<Ws>;
  /** Messages that this member did not get, because it was slow. */
  readonly skipped: number;
  /** Messages that a newer one of the same key has replaced before they were sent. */
  readonly replaced: number;
  /**
   * What `retain` has kept from before the join, oldest first, less what was published anew since.
   * Write it without an await in between: what was published from the call of `join` on comes
   * behind it, so that the socket has no message twice, and none that is older than one before it.
   *
   * Read it in the turn in which `join` resolves, in which handlers go on: what is published is
   * held until the code that reads it awaits something, and to the end of that turn where it is not
   * read. What is held is dropped when the socket leaves or ends. It counts as accepted, at most
   * 1 000 messages and 1 MiB; further ones are treated as the option `slow` says.
   */
  readonly retained: readonly Data[];
  /** Leaves the room. Messages that wait for room are still sent. Further calls do nothing. */
  leave(): void;
}

/**
 * What a subscription gives: a message, or a gap in the place where messages may be missing.
 * `forMs`: how long the time was in which they were published, in milliseconds.
 */
export type RoomEvent = { readonly data: Data } | { readonly gap: { readonly forMs: number } };

/** Options of `room.subscribe`. */
export interface SubscribeOptions {
  /** Most events in the channel: an integer from 1 to 2³¹−1. Default 1 000. */
  readonly capacity?: number;
}

/**
 * What is published to a room, as a source for `for await` and `select`. Closing it unsubscribes.
 */
export interface Subscription extends Channel<RoomEvent> {
  /**
   * Resolves when messages of other nodes arrive; at once where the host has no broker. Never
   * rejects: where the broker is down it resolves all the same, and a gap follows once that is
   * back.
   *
   * The subscription can be used without it. Messages of this node arrive from the call on; what
   * other nodes publish before this resolves may be missed without a gap.
   */
  readonly inForce: Promise<void>;
}

/**
 * Who is in a room, on all nodes, by keys that the application gives: the id of a user, for
 * example. A user with three tabs is one key with three sockets.
 */
export interface PresenceOf<Ws> {
  /**
   * Counts a socket under a key until it leaves the room, or ends. It need not be a member.
   *
   * A further call with the same socket and key replaces `meta`. A socket may be counted under
   * several keys. One that has ended is not counted.
   *
   * @param key - 1 to 1 024 bytes of UTF-8.
   * @param meta - JSON of at most 4 096 bytes, of which a copy is listed beside the key. Default:
   *   none.
   * @throws UsageError `COROSOCK_ARGUMENT`, also for what is no socket of this host;
   *   `COROSOCK_ROOMS` where the socket is counted under `maxRooms` keys, or where its keys, with
   *   their `meta`, would have more than 1 MiB; `COROSOCK_ROOM_NAME` for a text that is no key.
   */
  track(ws: Ws, key: string, meta?: unknown): void;
  /**
   * Gives who is there, at once, from what this process knows. It knows what other nodes count
   * while it has a member, a subscriber, a counted socket or `changes` in the room: without one of
   * them, all other nodes are in `missingNodes`.
   */
  list(): PresenceList;
  /**
   * Gives the keys that come and go from now on, as a channel. `list` right after it is the state
   * from which they start.
   *
   * A key comes with its first socket on any node, and goes five seconds after its last: a
   * reconnect changes nothing. What is not taken yet is added up to one change, so that a slow
   * taker misses nothing. `using` ends it, and so does the end of the host.
   */
  changes(): Channel<PresenceChange>;
}

/** Who is in a room. */
export interface PresenceList {
  /**
   * By key, in the order in which they came: the sockets that are counted, and what `track` was
   * given for them, of at most 64 sockets on each node. A key whose last socket has ended stays for
   * five seconds with 0 sockets. All lists share one map until the next change, and it stays as it
   * is: do not change it.
   */
  readonly members: ReadonlyMap<string, { readonly sockets: number; readonly meta: readonly unknown[] }>;
  /**
   * Ids of nodes that are not heard of, or have not said yet who is there; `'*'` for nodes that
   * this one does not know, in its first half second, and while its broker is down. What a node has
   * said last stays in `members` until it says goodbye, or is not heard of for 60 seconds.
   */
  readonly missingNodes: readonly string[];
  /**
   * Up to when this is known: the time at which the node was heard that is silent for longest, in
   * milliseconds of the clock of the host. Now, where there is no other node.
   */
  readonly asOfMs: number;
}

/** Keys that have come and gone. */
export interface PresenceChange {
  /** Keys with a first socket on any node. */
  readonly joined: readonly string[];
  /** Keys that have had no socket on any node for five seconds. */
  readonly left: readonly string[];
}
