// What users hold of the presence of a room: checks the arguments, and asks the rooms of the host.
// It keeps nothing, as named-room.ts.

import type { RoomSocket } from './member.ts';
import type { TrackedKey } from './presence-state.ts';
import { checkRoomName } from './room-name.ts';
import type { PresenceChange, PresenceList, PresenceOf } from './room.ts';
import type { Channel } from '../tasks/channel.ts';
import { showAs } from '../platform/inspection.ts';
import { UsageError } from '../core/errors.ts';
import { bytesOf } from '../core/data.ts';
import { stringifyJson } from '../core/json-text.ts';

/**
 * Longest `meta` of one socket.
 *
 * @limit `meta` of `room.presence.track`, as JSON | `COROSOCK_ARGUMENT`
 */
export const MAX_META_BYTES = 4096;

/** What each object, array and further entry of a `meta` counts with: 4 KiB of `[[[…` take 112. */
const ENTRY_BYTES = 64;
const BEGINS_ENTRY: ReadonlySet<number> = new Set(Array.from('{[,', (sign) => sign.charCodeAt(0)));

const CALL = 'room.presence.track()';

/** The rooms of a host, as the presence of one sees them; an interface, because they make it. */
export interface PresentRooms {
  track(room: string, ws: unknown, tracked: TrackedKey): void;
  listPresent(room: string): PresenceList;
  presenceChanges(room: string): Channel<PresenceChange>;
}

/** A {@link PresenceOf}. */
export class RoomPresence<Ws extends RoomSocket> implements PresenceOf<Ws> {
  static {
    showAs(RoomPresence.prototype, 'Presence', (presence) => ({ ...presence.list() }));
  }

  readonly #room: string;
  readonly #rooms: PresentRooms;

  constructor(room: string, rooms: PresentRooms) {
    this.#room = room;
    this.#rooms = rooms;
  }

  track(ws: Ws, key: string, meta?: unknown): void {
    checkRoomName(CALL, 'key', key);
    this.#rooms.track(this.#room, ws, trackedKey(key, meta));
  }

  list(): PresenceList {
    return this.#rooms.listPresent(this.#room);
  }

  changes(): Channel<PresenceChange> {
    return this.#rooms.presenceChanges(this.#room);
  }
}

/** What a `meta` takes as a value, by its JSON: at most about so many bytes of memory. */
export function keptBytesOf(json: string): number {
  let entries = 0;
  for (let index = 0; index < json.length; index += 1) {
    if (BEGINS_ENTRY.has(json.charCodeAt(index))) entries += 1;
  }
  return bytesOf(json) + ENTRY_BYTES * entries;
}

/** Has what other nodes get of a `meta`, so that all nodes list the same. */
function trackedKey(key: string, meta: unknown): TrackedKey {
  const keyBytes = bytesOf(key);
  if (meta === undefined) return { key, meta, bytes: keyBytes };
  const text = stringifyJson(CALL, meta);
  const bytes = bytesOf(text);
  if (bytes <= MAX_META_BYTES) {
    return { key, meta: JSON.parse(text) as unknown, bytes: keyBytes + keptBytesOf(text) };
  }
  throw new UsageError(
    'COROSOCK_ARGUMENT',
    `${CALL}: expected a meta of at most ${MAX_META_BYTES} bytes of JSON, got ${bytes}`,
  );
}
