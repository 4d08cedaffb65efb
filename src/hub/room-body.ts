// The body of the envelopes with a message of a room. room-relay.ts sends and reads it;
// rooms/relay.ts says what the values mean. Programs in other languages write it, too. What is
// retained has other bodies (retained-body.ts).

import { FieldReader } from './byte-fields.ts';
import type { FieldWriter } from './byte-fields.ts';
import type { Body } from './envelope.ts';
import type { RoomMessage } from '../rooms/relay.ts';
import { MAX_NAME_BYTES } from '../rooms/room-name.ts';
import { bytesOf, toBytes } from '../core/data.ts';
import type { Data } from '../core/data.ts';

const TEXT = 1;
/** Retained as the last message of the room. */
const OF_ROOM = 2;
/** Retained as the last message of a key. */
const OF_KEY = 4;

/** An id of a socket has some dozens. */
const MAX_EXCEPT_LENGTH = 1024;

/** What `retain` is in an envelope. */
type RetainKey = true | string | undefined;

/** Makes the body of one message. Its data is encoded when the envelope is. */
export function roomBodyOf({ data, except, retain }: RoomMessage): Body {
  // What is longer is the id of no socket: it may be what a client has called one.
  const ids = except.filter((id) => id.length <= MAX_EXCEPT_LENGTH).map((id) => Buffer.from(id));
  const dataBytes = bytesOf(data);
  const exceptBytes = ids.reduce((bytes, id) => bytes + 2 + id.length, 0);
  return {
    byteLength: 3 + exceptBytes + keyBytes(retain) + dataBytes,
    writeTo(fields) {
      fields.u8(dataFlags(data, retain)).u16(ids.length);
      for (const id of ids) fields.u16(id.length).put(id);
      writeKey(fields, retain);
      writeData(fields, data);
    },
  };
}

/** Reads one message. @returns undefined where its fields are broken. */
export function readRoomBody(body: Uint8Array): RoomMessage | undefined {
  const fields = new FieldReader(body);
  const flags = fields.u8();
  const count = fields.u16();
  const except: string[] = [];
  while (except.length < count && !fields.isBroken) except.push(fields.text(fields.u16()));
  const retain = readKey(fields, flags);
  const data = readData(fields, flags, fields.left);
  return fields.isBroken ? undefined : { data, except, retain };
}

/** How many ids `except` may have in an envelope: their number has two bytes. */
export const MAX_EXCEPT_IDS = 65_535;

// Fields that what is retained has, too (retained-body.ts).

export function dataFlags(data: Data, retain: RetainKey): number {
  const kind = typeof data === 'string' ? TEXT : 0;
  if (retain === undefined) return kind;
  return kind + (retain === true ? OF_ROOM : OF_KEY);
}

export function keyBytes(retain: RetainKey): number {
  return typeof retain === 'string' ? 2 + bytesOf(retain) : 0;
}

export function writeKey(fields: FieldWriter, retain: RetainKey): void {
  if (typeof retain === 'string') fields.u16(bytesOf(retain)).text(retain);
}

export function readKey(fields: FieldReader, flags: number): RetainKey {
  if ((flags & OF_KEY) !== 0) return fields.name(MAX_NAME_BYTES);
  return (flags & OF_ROOM) !== 0 ? true : undefined;
}

export function writeData(fields: FieldWriter, data: Data): void {
  if (typeof data === 'string') fields.text(data);
  else fields.put(toBytes(data));
}

/** A copy: the bytes may be a view on a larger chunk, and nodes of one process may share them. */
export function readData(fields: FieldReader, flags: number, length: number): Data {
  return (flags & TEXT) !== 0 ? fields.text(length) : new Uint8Array(fields.bytes(length));
}
