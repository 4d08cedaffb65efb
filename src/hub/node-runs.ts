// Who is present on other nodes, by the runs of these nodes: of each run the rooms in which it has
// told something, so that its end concerns those alone. For presence-replica.ts.

import type { NodeRef } from './envelope.ts';
import { NodePresence } from './node-presence.ts';
import type { Held, NodeRun } from './node-presence.ts';
import type { PresenceRoom } from './presence-room.ts';
import type { TurnWork } from './turn-work.ts';
import type { RelaySink } from '../rooms/relay.ts';

/** Nodes that are remembered, which the bus does not know (yet, or any more). */
const MAX_STRANGERS = 1000;

/** Rooms that are remembered for one of them. */
export const MAX_STRANGER_ROOMS = 100;

interface RunInRooms extends NodeRun {
  readonly rooms: Set<PresenceRoom>;
}

/** A node that may have told more than is known. */
interface Stranger {
  readonly epoch: number;
  /** Where it has told something. `all`: in more rooms than are remembered. */
  rooms: Set<PresenceRoom> | 'all';
}

/** What it needs of the replica. */
export interface RunParts {
  readonly sink: Pick<RelaySink, 'presentElsewhere'>;
  readonly work: TurnWork;
  /** Something was not taken, because there was no room for it. */
  readonly onCut: () => void;
}

/** Keeps what the runs of all other nodes have told. */
export class NodeRuns {
  readonly #parts: RunParts;
  /** Of nodes that are known. */
  readonly #runs = new Map<string, RunInRooms>();
  readonly #strangers = new Map<string, Stranger>();
  /** What they have told, in all rooms. */
  readonly #held: Held;

  constructor(parts: RunParts) {
    this.#parts = parts;
    this.#held = { bytes: 0, onCut: parts.onCut };
  }

  /** @param node - One that is known. @returns undefined where there is no room for it. */
  presenceIn(room: PresenceRoom, node: NodeRef): NodePresence | undefined {
    const run = this.#runOf(node);
    const known = room.others?.get(run.id);
    if (known?.run === run) return known;
    // It is yet to be forgotten here.
    if (known !== undefined) this.forget(room, known);
    const other = NodePresence.of(run, this.#held);
    room.isCut ||= other === undefined;
    if (other === undefined) return undefined;
    room.others ??= new Map();
    room.others.set(run.id, other);
    run.rooms.add(room);
    return other;
  }

  /** @param other - One of the room. */
  forget(room: PresenceRoom, other: NodePresence): void {
    const { id } = other.run;
    this.#release(room, other);
    room.others?.delete(id);
    this.#parts.sink.presentElsewhere(room.name, id, undefined, other.keys.keys());
  }

  /** This node has left a room. */
  leave(room: PresenceRoom): void {
    for (const other of room.others?.values() ?? []) this.#release(room, other);
  }

  /**
   * The node is not known any more: what it has told is forgotten. Where it was not heard of for
   * long, it may yet come back as it was.
   */
  end(node: NodeRef): void {
    const stranger = this.#strangerOf(node);
    const run = this.#runs.get(node.id);
    if (run === undefined) return;
    this.#runs.delete(node.id);
    stranger.rooms = run.rooms.size > MAX_STRANGER_ROOMS ? 'all' : new Set(run.rooms);
    this.#parts.work.push(this.#forgetAll(run));
  }

  /** A node that is not known has told something. */
  toldAsStranger(node: NodeRef, room: PresenceRoom): void {
    const stranger = this.#strangerOf(node);
    if (stranger.rooms === 'all') return;
    stranger.rooms.add(room);
    if (stranger.rooms.size > MAX_STRANGER_ROOMS) stranger.rooms = 'all';
  }

  /** The node is known from now on. @returns Where it may have told what was not kept. */
  begin({ id, epoch }: NodeRef): ReadonlySet<PresenceRoom> | 'all' {
    const stranger = this.#strangers.get(id);
    this.#strangers.delete(id);
    return stranger?.epoch === epoch ? stranger.rooms : NO_ROOMS;
  }

  *#forgetAll({ id, rooms }: RunInRooms): IterableIterator<void> {
    for (const room of rooms) yield this.forget(room, room.others?.get(id) as NodePresence);
  }

  #release(room: PresenceRoom, other: NodePresence): void {
    other.release();
    other.run.rooms.delete(room);
  }

  #runOf({ id, epoch }: NodeRef): RunInRooms {
    const known = this.#runs.get(id);
    if (known !== undefined) return known;
    const run = { id, epoch, rooms: new Set<PresenceRoom>() };
    this.#runs.set(id, run);
    return run;
  }

  #strangerOf({ id, epoch }: NodeRef): Stranger {
    const known = this.#strangers.get(id);
    if (known?.epoch === epoch) return known;
    const stranger: Stranger = { epoch, rooms: new Set() };
    this.#strangers.set(id, stranger);
    const [first] = this.#strangers.keys();
    if (this.#strangers.size > MAX_STRANGERS) this.#strangers.delete(first as string);
    return stranger;
  }
}

const NO_ROOMS: ReadonlySet<PresenceRoom> = new Set();
