// What users hold of a room: its name, and calls that find the room that is in use under it, if one
// is. It keeps nothing, so that a room that is only named takes no memory.

import type { RoomSocket } from './member.ts';
import type { RoomMessage } from './relay.ts';
import { checkRoomName } from './room-name.ts';
import { RoomPresence } from './room-presence.ts';
import type { PresentRooms } from './room-presence.ts';
import type {
  PresenceOf,
  PublishOptions,
  PublishReport,
  RoomOf,
  SubscribeOptions,
  Subscription,
} from './room.ts';
import type { RoomState } from './room-state.ts';
import { checkSubscribe } from './event-queue.ts';
import { showAs } from '../platform/inspection.ts';
import { badArgument, checkNames } from '../core/arguments.ts';
import { isData } from '../core/data.ts';
import type { Data } from '../core/data.ts';
import { isObjectLike, isThenable } from '../core/object-like.ts';
import { IdMap } from '../structures/id-map.ts';

const CALL = 'room.publish()';
const PUBLISH_OPTIONS: ReadonlySet<string> = new Set(['except', 'retain']);
const NO_IDS: readonly string[] = Object.freeze([]);

/** The rooms of a host, as one name among them sees them; an interface, because they make it. */
export interface NamedRooms<Ws extends RoomSocket> extends PresentRooms {
  /** Finds the room, if it is in use. */
  find(room: string): RoomState<Ws> | undefined;
  findMember(room: string, id: string): Ws | undefined;
  publish(room: string, message: RoomMessage): PublishReport;
  subscribe(room: string, capacity: number): Subscription;
}

/** A {@link RoomOf}. */
export class NamedRoom<Ws extends RoomSocket> implements RoomOf<Ws> {
  static {
    showAs(NamedRoom.prototype, 'Room', ({ name, members }) => ({ name, members: members.size }));
  }

  readonly name: string;
  readonly #rooms: NamedRooms<Ws>;

  /** @param name - Checked. */
  constructor(name: string, rooms: NamedRooms<Ws>) {
    this.name = name;
    this.#rooms = rooms;
  }

  get members(): ReadonlyMap<string, Ws> {
    return new RoomMembers(this.name, this.#rooms);
  }

  get presence(): PresenceOf<Ws> {
    return new RoomPresence(this.name, this.#rooms);
  }

  publish(data: Data, options?: PublishOptions): PublishReport {
    return this.#rooms.publish(this.name, messageOf(data, options));
  }

  subscribe(options: SubscribeOptions = {}): Subscription {
    return this.#rooms.subscribe(this.name, checkSubscribe(options).capacity);
  }
}

/** `room.members`: a view that cannot be changed. */
class RoomMembers<Ws extends RoomSocket> extends IdMap<Ws> {
  static {
    showAs(RoomMembers.prototype, 'Members', (members) => new Map(members));
  }

  readonly #room: string;
  readonly #rooms: NamedRooms<Ws>;

  constructor(room: string, rooms: NamedRooms<Ws>) {
    super();
    this.#room = room;
    this.#rooms = rooms;
  }

  get size(): number {
    return this.#rooms.find(this.#room)?.size ?? 0;
  }

  get(id: string): Ws | undefined {
    return this.#rooms.findMember(this.#room, id);
  }

  *values(): MapIterator<Ws> {
    for (const { ws } of this.#rooms.find(this.#room)?.members ?? []) yield ws;
  }
}

/** Makes the message of one publish. @throws UsageError `COROSOCK_ARGUMENT`. */
function messageOf(data: Data, options: PublishOptions | undefined): RoomMessage {
  if (!isData(data)) throw badArgument(CALL, `a string or a Uint8Array${cureOf(data)}`, data);
  if (options === undefined) return { data, except: NO_IDS, retain: undefined };
  checkNames(CALL, options, PUBLISH_OPTIONS);
  const { except = NO_IDS, retain = false } = options;
  checkIds(except);
  return { data, except, retain: retainOf(retain) };
}

function cureOf(data: unknown): string {
  if (isThenable(data)) return ' (await the promise)';
  return isObjectLike(data) ? ' (use JSON.stringify)' : '';
}

function retainOf(retain: boolean | string): true | string | undefined {
  if (retain === false) return undefined;
  if (retain === true) return true;
  if (typeof retain !== 'string') throw badArgument(CALL, 'retain to be true, false or a text', retain);
  checkRoomName(CALL, 'the key of retain', retain);
  return retain;
}

function checkIds(ids: unknown): void {
  if (Array.isArray(ids) && ids.every((id) => typeof id === 'string')) return;
  throw badArgument(CALL, 'except to be an array of ids of sockets', ids);
}
