// The other nodes, as the rooms of one process see them: `RoomRelay` is what rooms call,
// `RelaySink` what a relay calls. A host without a broker has no relay. Types only: the rooms of a
// host are the sink, and the relay over a broker is the hub's.

import type { Data } from '../core/data.ts';

/** One publish, on its way between nodes. */
export interface RoomMessage {
  /** As it was published: each node frames it for its own members. Bytes are not copied. */
  readonly data: Data;
  /** Ids of the sockets that do not get it. */
  readonly except: readonly string[];
  /** `true`: kept as the last of the room. A string: kept as the last of this key. */
  readonly retain: true | string | undefined;
  /** Of a message that is retained. Rooms give it to what they publish. */
  readonly version?: RetainVersion | undefined;
}

/** When a message was retained, and by which node: of two for one key the greater is kept. */
export interface RetainVersion {
  /** Greater than all that its node had heard of. */
  readonly time: number;
  /** Decides between equal times. Empty without a broker. */
  readonly node: string;
}

/** What was retained under a key last. */
export interface RetainedEntry {
  /** Empty: it was removed. That is remembered for some minutes. */
  readonly data: Data;
  readonly version: RetainVersion;
}

/** What a room retains: the last message of the room under `true`, and the last of each key. */
export type Retained = ReadonlyMap<true | string, RetainedEntry>;

/** Who is present in a room on one node, by key. */
export type PresentKeys = ReadonlyMap<string, PresentKey>;

/** One key of {@link PresentKeys}. */
export interface PresentKey {
  /** Sockets of that node that are tracked under the key. */
  readonly sockets: number;
  /** What `track` was given for them, in the order of the calls. */
  readonly meta: readonly unknown[];
}

/** How complete the presence of a room is. */
export interface HeardNodes {
  /**
   * Ids of nodes that are not heard of, and of those that have not said yet who is present; `'*'`
   * where there may be nodes that are not known.
   */
  readonly missingNodes: readonly string[];
  /** Up to when each of the others was heard, on the clock of the host; Infinity without others. */
  readonly asOfMs: number;
}

/** The other nodes, as rooms see them. */
export interface RoomRelay {
  /**
   * The first member, subscriber or tracked socket of this node has come.
   *
   * Resolves when messages of other nodes arrive, and what they retain has been merged. Never
   * rejects; where the broker is down it resolves, and a gap follows.
   */
  enter(room: string): Promise<void>;
  /** The last has left: unsubscribes some seconds later, unless `enter` is called before. */
  leave(room: string): void;
  /** Sends to the nodes that are in the room. Never rejects. */
  publish(room: string, message: RoomMessage): Promise<'sent' | 'failed'>;
  /** Gives the version of what is retained now: greater than each that this node has heard of. */
  nextVersion(): RetainVersion;
  /**
   * What is present of this node in the room has changed.
   *
   * @param keys - All of them, also later: it changes with them.
   * @param key - The one that has changed, or is not there any more.
   */
  present(room: string, keys: PresentKeys, key: string): void;
  /** What is known of the other nodes. */
  heardOf(room: string): HeardNodes;
}

/** What a relay calls. */
export interface RelaySink {
  /** Delivers a message of another node: to members, to subscribers, and to what is retained. */
  deliver(room: string, message: RoomMessage): void;
  /** Messages of other nodes may be missing: at this place in the order, for so long. */
  gap(room: string, forMs: number): void;
  /** What this node retains of the room, and what was removed; empty where there is nothing. */
  retained(room: string): Retained;
  /** Takes over what other nodes retain, where this node has nothing newer. */
  mergeRetained(room: string, kept: Retained): void;
  /**
   * What is present on another node has changed.
   *
   * @param keys - All keys that are present there. Undefined where the node has left.
   * @param changed - Keys that are new, different, or not there any more.
   */
  presentElsewhere(
    room: string,
    node: string,
    keys: PresentKeys | undefined,
    changed: Iterable<string>,
  ): void;
}
