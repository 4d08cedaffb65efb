// How the nodes of a room come to retain the same after one of them has missed something: they
// compare digests; where those differ they list versions; and who has something newer sends it. All
// of it goes to the address of the room, so that one answer serves all nodes, and what is lost is
// noticed. room-relay.ts begins it where something may be missing, and passes on what comes.

import { roomAddress } from './broker-address.ts';
import { KIND } from './envelope.ts';
import type { Body, Kind, NodeRef } from './envelope.ts';
import type { NodeBus } from './node-bus.ts';
import {
  digestBody,
  digestOf,
  readDigest,
  readVersions,
  retainedBodies,
  versionsBodies,
} from './retained-body.ts';
import type { ListedVersion } from './retained-body.ts';
import { FrameWindow } from './frame-window.ts';
import type { WaitingFrame } from './frame-window.ts';
import type { RelaySink, Retained, RetainedEntry, RetainVersion } from '../rooms/relay.ts';
import { isNewer } from '../rooms/retained-messages.ts';
import type { Clock } from '../time/clock.ts';
import { IDLE_TIMER } from '../time/scheduling.ts';

/** Gaps of a burst are one reason to compare. */
const COMPARE_AFTER_MS = 100;

/** How often a node looks what is due. */
const TICK_MS = 20;

/** Rooms for which something is sent at one tick: an outage concerns all of them. */
const ROOMS_A_TICK = 100;

/**
 * Nodes send one after the other, in the order of their ids: a node that hears its own words from
 * another one does not send them. Beyond this number several nodes send at the same tick.
 */
const MOST_RANKS = 25;

/** A node lists the same versions of a room at most once in this time. */
const LIST_EVERY_MS = 1000;

/** A node sends the missing entries of a room at most once in this time, to all nodes together. */
const SEND_EVERY_MS = 1000;

/**
 * Digests and lists of versions of one room that are compared in a second. Where nodes are of one
 * mind, one of them speaks for many.
 *
 * @limit Comparisons with other nodes, in a second, of what is retained in a room | further ones
 * are dropped, and counted
 */
export const MAX_COMPARED = 50;

/**
 * Parts of lists wait so long for the rest. A room that this node has left is forgotten as each
 * idle one: no list from before is completed by a part that comes once it is entered again.
 */
const PARTS_MS = 5000;

/** Nodes whose parts wait in one room. */
const MAX_LISTING_NODES = 100;
/** Versions in the parts of one node, in one room. */
const MAX_LISTED = 20_000;
/** Versions in the parts of all nodes, in all rooms. */
export const MAX_LISTED_IN_ALL = 400_000;

/** The second of {@link MAX_COMPARED}. */
const COMPARED_MS = 1000;

type Versions = Map<true | string, ListedVersion>;

/** One room in which something is due, or was said just now. */
interface ComparedRoom {
  readonly name: string;
  /** When its digest is to be told; Infinity for never, as with the other two. */
  digestMs: number;
  /** The latest time for which a comparison was asked. */
  lastDigestMs: number;
  /** When its versions are to be listed. */
  listMs: number;
  /** When what the others lack is to be sent, and when that was done last. */
  sendMs: number;
  sentMs: number;
  /** What they lack. */
  readonly lacked: Set<true | string>;
  /** What was listed last, and when. */
  listed: string;
  listedMs: number;
  /** The lists of other nodes of which more parts follow. */
  readonly parts: Map<string, Versions>;
  partsMs: number;
  /** What was compared within a second, and since when. */
  compared: number;
  comparedMs: number;
}

/** Compares what the rooms of one node retain with the other nodes. */
export class RetainedExchange {
  readonly #bus: NodeBus;
  readonly #sink: Pick<RelaySink, 'retained' | 'mergeRetained'>;
  readonly #clock: Clock;
  /** In the order in which they were first compared. */
  readonly #rooms = new Map<string, ComparedRoom>();
  /** How many nodes are before this one; undefined where that may have changed. */
  #rank: number | undefined;
  /** Versions in the parts that wait, in all rooms. */
  #listed = 0;
  /** While something waits in it nothing more is due. */
  readonly #window = new FrameWindow();
  #timer: unknown;
  #isClosed = false;

  constructor(bus: NodeBus, sink: Pick<RelaySink, 'retained' | 'mergeRetained'>, clock: Clock) {
    this.#bus = bus;
    this.#sink = sink;
    this.#clock = clock;
    const recount = (): void => void (this.#rank = undefined);
    bus.onNode({ joined: recount, gone: recount });
  }

  /** Ends its timer. */
  close(): void {
    this.#isClosed = true;
    this.#clock.clearTimeout(this.#timer);
  }

  /** What this node retains of a room may be old, or what the others do. */
  compare(name: string, afterMs: number = COMPARE_AFTER_MS): void {
    const room = this.#roomOf(name);
    const dueMs = this.#turnMs() + afterMs;
    room.digestMs = Math.min(room.digestMs, dueMs);
    room.lastDigestMs = Math.max(room.lastDigestMs, dueMs);
  }

  /** Takes over what another node retains. */
  merge(name: string, kept: Retained): void {
    const plausible = [...kept].filter(([, { version }]) => this.#bus.time.hear(version.time));
    if (plausible.length === 0) return;
    this.#bus.heartbeats.hasFromNowOn('retained');
    this.#sink.mergeRetained(name, new Map(plausible));
    const room = this.#rooms.get(name);
    if (room === undefined || room.lacked.size === 0) return;
    const all = this.#sink.retained(name);
    // Another node has sent it: those that lack it have it now.
    for (const [key, { version }] of plausible) {
      const own = all.get(key);
      if (own !== undefined && !isNewer(own.version, version)) room.lacked.delete(key);
    }
  }

  /** An envelope of this exchange has come to the address of a room in use. */
  receive(name: string, from: NodeRef, kind: Kind, body: Uint8Array): void {
    const isRead =
      kind === KIND.retainedDigest ? this.#onDigest(name, body) : this.#onVersions(name, from, body);
    if (!isRead) this.#bus.drop('malformed', roomAddress(name));
  }

  #onDigest(name: string, body: Uint8Array): boolean {
    const digest = readDigest(body);
    if (digest === undefined) return false;
    const room = this.#roomOf(name);
    if (!this.#countComparison(room)) return true;
    // Who retains something else answers that node, and this one hears it.
    const own = digestOf(this.#sink.retained(name));
    if (digest === own) this.#compared(room);
    else this.#list(room, own);
    return true;
  }

  #onVersions(name: string, { id }: NodeRef, body: Uint8Array): boolean {
    const told = readVersions(body);
    if (told === undefined) return false;
    const room = this.#roomOf(name);
    const versions: Versions = (told.isFirst ? undefined : room.parts.get(id)) ?? new Map();
    for (const [key, version] of told.versions) versions.set(key, version);
    const isKept = versions.size <= MAX_LISTED && room.parts.size < MAX_LISTING_NODES;
    this.#dropParts(room, id);
    if (!told.hasMore) {
      if (this.#countComparison(room)) this.#answer(room, versions);
    } else if (isKept && this.#listed + versions.size <= MAX_LISTED_IN_ALL) {
      room.parts.set(id, versions);
      this.#listed += versions.size;
      room.partsMs = this.#clock.now();
    }
    return true;
  }

  /**
   * Bounds the comparisons of a room in a second. Each of them reads all entries of the room, and
   * every program on the broker can cause one.
   *
   * @returns false where there were too many.
   */
  #countComparison(room: ComparedRoom): boolean {
    const nowMs = this.#clock.now();
    if (nowMs - room.comparedMs >= COMPARED_MS) {
      room.comparedMs = nowMs;
      room.compared = 0;
    }
    room.compared += 1;
    if (room.compared <= MAX_COMPARED) return true;
    this.#bus.drop('busy', roomAddress(room.name));
    return false;
  }

  #forget(room: ComparedRoom): void {
    for (const id of room.parts.keys()) this.#dropParts(room, id);
    this.#rooms.delete(room.name);
  }

  #dropParts({ parts }: ComparedRoom, id: string): void {
    this.#listed -= parts.get(id)?.size ?? 0;
    parts.delete(id);
  }

  /** Another node has listed what it retains. */
  #answer(room: ComparedRoom, versions: Versions): void {
    const own = this.#sink.retained(room.name);
    const removed = new Map<true | string, RetainedEntry>();
    let isLacking = false;
    for (const [key, { version, isRemoved }] of versions) {
      if (!isNewerThan(version, own.get(key))) continue;
      if (isRemoved) removed.set(key, { data: '', version });
      else isLacking = true;
    }
    const lacked = [...own].filter(([key, entry]) => isLacked(entry, versions.get(key)));
    if (removed.size > 0) this.merge(room.name, removed);
    for (const [key] of lacked) room.lacked.add(key);
    if (lacked.length > 0) {
      room.sendMs = Math.min(room.sendMs, Math.max(this.#turnMs(), room.sentMs + SEND_EVERY_MS));
    }
    if (isLacking) this.#list(room, digestOf(this.#sink.retained(room.name)));
    // Another node has listed what this one was about to list.
    else if (lacked.length === 0) room.listMs = Infinity;
  }

  /** A comparison that was asked for a later time waits for what is under way: it stays. */
  #compared(room: ComparedRoom): void {
    const { lastDigestMs } = room;
    room.digestMs = lastDigestMs > this.#turnMs() + COMPARE_AFTER_MS ? lastDigestMs : Infinity;
  }

  /** Lists what this node retains: the others send what is newer. @param own - Its digest. */
  #list(room: ComparedRoom, own: string): void {
    const dueMs = Math.max(this.#turnMs(), own === room.listed ? room.listedMs + LIST_EVERY_MS : 0);
    room.listMs = Math.min(room.listMs, dueMs);
  }

  // What is due.

  #roomOf(name: string): ComparedRoom {
    const known = this.#rooms.get(name);
    if (known !== undefined) return known;
    const room: ComparedRoom = {
      name,
      digestMs: Infinity,
      lastDigestMs: -Infinity,
      listMs: Infinity,
      sendMs: Infinity,
      sentMs: -Infinity,
      lacked: new Set(),
      listed: '',
      listedMs: -Infinity,
      parts: new Map(),
      partsMs: -Infinity,
      compared: 0,
      comparedMs: -Infinity,
    };
    this.#rooms.set(name, room);
    this.#setTimer();
    return room;
  }

  /** When it is the turn of this node. */
  #turnMs(): number {
    this.#rank ??= [...this.#bus.nodes.keys()].filter((other) => other < this.#bus.id).length;
    return this.#clock.now() + TICK_MS * (1 + (this.#rank % MOST_RANKS));
  }

  #setTimer(): void {
    if (this.#isClosed) return;
    this.#timer ??= this.#clock.setTimeout(() => this.#onTimer(), TICK_MS, IDLE_TIMER);
  }

  #onTimer(): void {
    this.#timer = undefined;
    const nowMs = this.#clock.now();
    let sent = 0;
    for (const room of this.#rooms.values()) {
      if (isIdle(room, nowMs)) this.#forget(room);
      else if (sent < ROOMS_A_TICK && this.#window.isOpen && this.#say(room, nowMs)) sent += 1;
    }
    if (this.#rooms.size > 0) this.#setTimer();
  }

  /** Says what is due in a room. @returns Whether anything was. */
  #say(room: ComparedRoom, nowMs: number): boolean {
    const { name } = room;
    if (Math.min(room.digestMs, room.listMs, room.sendMs) > nowMs) return false;
    const kept = this.#sink.retained(name);
    if (room.sendMs <= nowMs) {
      const lacked = new Map([...kept].filter(([key]) => room.lacked.has(key)));
      room.sendMs = Infinity;
      room.sentMs = nowMs;
      room.lacked.clear();
      if (lacked.size > 0) this.#publish(name, KIND.retained, retainedBodies(name, lacked, false));
    }
    const { listMs, digestMs } = room;
    if (Math.min(listMs, digestMs) <= nowMs) this.#compared(room);
    if (listMs <= nowMs) {
      room.listMs = Infinity;
      room.listed = digestOf(kept);
      room.listedMs = nowMs;
      this.#publish(name, KIND.retainedVersions, versionsBodies(kept));
      // A list says all that a digest does.
    } else if (digestMs <= nowMs && this.#bus.heartbeats.isRetaining) {
      this.#publish(name, KIND.retainedDigest, [digestBody(digestOf(kept))]);
    }
    return true;
  }

  #publish(name: string, kind: Kind, bodies: readonly Body[]): void {
    this.#window.push(this.#partsOf(name, kind, bodies));
  }

  *#partsOf(name: string, kind: Kind, bodies: readonly Body[]): IterableIterator<WaitingFrame> {
    for (const body of bodies) {
      if (this.#isClosed) return;
      // What fails is missing in the sequence: the others compare again.
      const send = (): Promise<unknown> => this.#bus.publish(roomAddress(name), kind, body);
      yield { bytes: body.byteLength, send };
    }
  }
}

function isNewerThan(version: RetainVersion, own: RetainedEntry | undefined): boolean {
  return own === undefined || isNewer(version, own.version);
}

/** Whether a node that has listed a version, or none, lacks an entry. */
function isLacked({ data, version }: RetainedEntry, listed: ListedVersion | undefined): boolean {
  return listed === undefined ? data.length > 0 : isNewer(version, listed.version);
}

function isIdle(room: ComparedRoom, nowMs: number): boolean {
  if (Math.min(room.digestMs, room.listMs, room.sendMs) !== Infinity) return false;
  if (nowMs - Math.max(room.listedMs, room.sentMs, room.comparedMs) < COMPARED_MS) return false;
  return room.parts.size === 0 || nowMs - room.partsMs >= PARTS_MS;
}
